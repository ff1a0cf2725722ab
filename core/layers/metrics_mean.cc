// Metrics that are means over what was fed.
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/graph/builder.h"
#include "core/layers/label_shapes.h"
#include "core/layers/metric_variables.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/metrics.h"

namespace tenon::metrics {
namespace {

using internal::as_output;
using internal::Measured;
using internal::metric_variable;

MetricOptions named(const MetricOptions& options, const char* name) {
  MetricOptions with_name = options;
  if (with_name.name.empty()) with_name.name = name;
  return with_name;
}

// For a metric that another one is made of.
MetricOptions in_no_collection(MetricOptions options) {
  options.metrics_collections.clear();
  options.updates_collections.clear();
  return options;
}

// Sums in variables, and the quotient of the two.
Metric quotient(const Variable& total, const Variable& count, const Output& sum,
                const Output& number, const Output& values) {
  Output updated_count;
  const Output updated_total = total.assign_add(sum);
  {
    auto after = control_dependencies({values});
    updated_count = count.assign_add(number);
  }
  Output value;
  {
    auto unconditioned = control_dependencies(nullptr);
    value = div_no_nan(total, maximum(count, 0.0), {.name = "value"});
  }
  return {value, div_no_nan(updated_total, maximum(updated_count, 0.0), {.name = "update_op"})};
}

// The pair as it is given, and its errors' mean under the metric's name.
Metric mean_of(const Output& errors, const Measured& measured, const MetricOptions& options,
               const char* name) {
  MetricOptions with_name = named(options, name);
  with_name.weights = {};
  if (measured.weights) with_name.weights = measured.weights;
  return mean(errors, with_name);
}

Measured pair_of(const Input& labels, const Input& predictions, const MetricOptions& options) {
  return Measured(as_output(predictions, "predictions"), as_output(labels, "labels"),
                  options.weights);
}

}  // namespace

Metric mean(Input values, const MetricOptions& options) {
  const internal::CallerLine line(values.where());
  auto scope = internal::metric_scope(options.name, "mean");
  Output given = cast(values, float32);
  const Variable total = metric_variable({}, float32, "total");
  const Variable count = metric_variable({}, float32, "count");
  Output number;
  if (options.weights) {
    const Measured measured(given, {}, options.weights);
    const Output weights = internal::broadcast_weights(cast(measured.weights, float32), given);
    given = given * weights;
    number = reduce_sum(weights);
  } else {
    number = cast(size(given), float32);
  }
  return internal::in_collections(quotient(total, count, reduce_sum(given), number, given),
                                  options);
}

Metric mean_tensor(Input values, const MetricOptions& options) {
  const internal::CallerLine line(values.where());
  auto scope = internal::metric_scope(options.name, "mean");
  Output given = cast(values, float32);
  const Variable total = metric_variable(given.shape(), float32, "total_tensor");
  const Variable count = metric_variable(given.shape(), float32, "count_tensor");
  Output number = ones_like(given);
  if (options.weights) {
    const Measured measured(given, {}, options.weights);
    const Output weights = internal::broadcast_weights(cast(measured.weights, float32), given);
    given = given * weights;
    number = number * weights;
  }
  return internal::in_collections(quotient(total, count, given, number, given), options);
}

Metric percentage_below(Input values, Input threshold, const MetricOptions& options) {
  const internal::CallerLine line(values.where());
  return mean(cast(less(values, threshold), float32), named(options, "percentage_below_threshold"));
}

Metric accuracy(Input labels, Input predictions, const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  const Measured measured = pair_of(labels, predictions, options);
  const Output guesses = cast(measured.predictions, measured.labels.dtype());
  const Output right = cast(equal(guesses, measured.labels), float32);
  return mean_of(right, measured, options, "accuracy");
}

Metric mean_absolute_error(Input labels, Input predictions, const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  const Measured measured = pair_of(labels, predictions, options);
  return mean_of(abs(measured.predictions - measured.labels), measured, options,
                 "mean_absolute_error");
}

Metric mean_squared_error(Input labels, Input predictions, const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  const Measured measured = pair_of(labels, predictions, options);
  return mean_of(squared_difference(measured.labels, measured.predictions), measured, options,
                 "mean_squared_error");
}

Metric root_mean_squared_error(Input labels, Input predictions, const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  const Metric squared = mean_squared_error(
      labels, predictions, in_no_collection(named(options, "root_mean_squared_error")));
  return internal::in_collections(Metric{sqrt(squared.value), sqrt(squared.update_op)}, options);
}

Metric mean_relative_error(Input labels, Input predictions, Input normalizer,
                           const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  Measured measured = pair_of(labels, predictions, options);
  Output divisor = as_output(normalizer, "normalizer");
  internal::remove_squeezable_dimensions(measured.predictions, divisor);
  internal::require_one_shape(measured.predictions, divisor);
  const Output errors = abs(measured.labels - measured.predictions) / divisor;
  return mean_of(where(equal(divisor, 0.0), zeros_like(measured.labels), errors), measured, options,
                 "mean_relative_error");
}

Metric mean_cosine_distance(Input labels, Input predictions, int64_t dim,
                            const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  const Measured measured = pair_of(labels, predictions, options);
  const Output alike =
      reduce_sum(measured.predictions * measured.labels, {.axis = dim, .keepdims = true});
  const Metric found = mean_of(alike, measured, in_no_collection(options), "mean_cosine_distance");
  return internal::in_collections(Metric{1.0 - found.value, 1.0 - found.update_op}, options);
}

}  // namespace tenon::metrics
