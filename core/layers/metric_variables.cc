#include "core/layers/metric_variables.h"
#include "core/base/caller_line.h"

#include <utility>

#include "core/graph/builder.h"
#include "core/layers/label_shapes.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/math_ops.h"

namespace tenon::internal {

Variable metric_variable(const Shape& shape, DType dtype, const std::string& name) {
  VariableOptions options;
  options.name = name;
  options.trainable = false;
  options.collections = std::vector<std::string>{std::string(GraphKeys::LOCAL_VARIABLES),
                                                 std::string(GraphKeys::METRIC_VARIABLES)};
  options.synchronization = VariableSynchronization::ON_READ;
  options.aggregation = VariableAggregation::SUM;
  // Of the metric's line, which functions that are called for initial values don't see.
  const Integers sizes(shape, CallerLine::or_else({}));
  return Variable([&]() -> Input { return zeros(sizes, dtype); }, options);
}

Measured::Measured(Output given_predictions, Output given_labels,
                   const std::optional<Input>& given_weights)
    : predictions(std::move(given_predictions)), labels(std::move(given_labels)) {
  if (labels) {
    remove_squeezable_dimensions(labels, predictions);
    require_one_shape(predictions, labels);
  }
  if (!given_weights) return;
  weights = as_output(*given_weights, "weights");
  const Shape of_weights = weights.shape(), of_values = predictions.shape();
  if (!of_weights.has_rank() || !of_values.has_rank() || of_weights.rank() == 0) return;
  if (of_weights.rank() == of_values.rank() + 1) {
    weights = squeeze(weights, -1);
  } else if (of_weights.rank() + 1 == of_values.rank()) {
    weights = expand_dims(weights, -1);
  }
}

Measured measured_truths(const Input& labels, const Input& predictions,
                         const std::optional<Input>& weights) {
  return Measured(cast(predictions, bool_), cast(labels, bool_), weights);
}

void add_metric(const metrics::Metric& metric, const std::vector<std::string>& metrics_collections,
                const std::vector<std::string>& updates_collections) {
  if (!metrics_collections.empty()) add_to_collections(metrics_collections, metric.value);
  if (!updates_collections.empty()) add_to_collections(updates_collections, metric.update_op);
}

OpenVariableScope metric_scope(const std::string& name, const char* default_name) {
  if (!name.empty()) return variable_scope(name);
  return variable_scope(VariableScopeOptions{.default_name = default_name});
}

}  // namespace tenon::internal
