// What all metrics share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/graph.h"
#include "tenon/metrics.h"
#include "tenon/shape.h"
#include "tenon/variable.h"
#include "tenon/variable_scope.h"

namespace tenon::internal {

// A local variable of zeros, in the current name scope.
Variable metric_variable(const Shape& shape, DType dtype, const std::string& name);

// What is measured, brought to one shape.
struct Measured {
  // Labels may be empty.
  Measured(Output predictions, Output labels, const std::optional<Input>& weights);
  Output predictions, labels, weights;  // weights are empty where none are given
};

// The same of truth values: what isn't 0 is true.
Measured measured_truths(const Input& labels, const Input& predictions,
                         const std::optional<Input>& weights);

void add_metric(const metrics::Metric& metric, const std::vector<std::string>& metrics_collections,
                const std::vector<std::string>& updates_collections);

// The metric, in the collections that its options name.
template <typename Options>
metrics::Metric in_collections(const metrics::Metric& metric, const Options& options) {
  add_metric(metric, options.metrics_collections, options.updates_collections);
  return metric;
}

// The scope of a metric's variables: by the name given, or one that is made unique.
OpenVariableScope metric_scope(const std::string& name, const char* default_name);

}  // namespace tenon::internal
