// Metrics over classes that have numbers.
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/layers/label_shapes.h"
#include "core/layers/metric_variables.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/metrics.h"
#include "tenon/state_ops.h"

namespace tenon::metrics {
namespace {

using internal::metric_variable;

// As a vector of int64, or of float for weights.
Output flat(const Input& values, DType dtype) {
  const Output converted = cast(values, dtype);
  return converted.shape().rank() > 1 ? reshape(converted, {-1}) : converted;
}

// Labels, predictions and weights as vectors; without weights, ones.
struct Classes {
  Classes(const Input& given_labels, const Input& given_predictions, const MetricOptions& options,
          DType weights_dtype)
      : labels(flat(given_labels, int64)), predictions(flat(given_predictions, int64)) {
    internal::require_one_shape(predictions, labels);
    weights = ones_like(labels, {.dtype = weights_dtype});
    if (options.weights) weights = weights * flat(*options.weights, weights_dtype);
  }
  Output labels, predictions, weights;
};

// The mean, over classes that there were, of what label and prediction share over what either has.
Output intersection_over_union(const Output& matrix) {
  const Output rows = cast(reduce_sum(matrix, 0), float32);
  const Output columns = cast(reduce_sum(matrix, 1), float32);
  const Output shared = cast(matrix_diag_part(matrix), float32);
  const Output either = rows + columns - shared;
  const Output there = reduce_sum(cast(not_equal(either, 0.0), float32));
  const Output divisor = where(greater(either, 0.0), either, ones_like(either));
  const Output sum = reduce_sum(shared / divisor, {.name = "mean_iou"});
  return where(greater(there, 0.0), sum / there, 0.0);
}

}  // namespace

Metric mean_iou(Input labels, Input predictions, int64_t num_classes,
                const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  auto scope = internal::metric_scope(options.name, "mean_iou");
  const Classes classes(labels, predictions, options, float64);
  const Variable matrix =
      metric_variable({num_classes, num_classes}, float64, "total_confusion_matrix");
  const Output cells = stack({classes.labels, classes.predictions}, {.axis = 1});
  const Output update = scatter_nd_add(matrix, cells, classes.weights);
  auto unconditioned = control_dependencies(nullptr);
  return internal::in_collections(Metric{intersection_over_union(matrix), update}, options);
}

Metric mean_per_class_accuracy(Input labels, Input predictions, int64_t num_classes,
                               const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  auto scope = internal::metric_scope(options.name, "mean_accuracy");
  const Classes classes(labels, predictions, options, float32);
  const Variable total = metric_variable({num_classes}, float32, "total");
  const Variable count = metric_variable({num_classes}, float32, "count");
  const Output right = cast(equal(classes.predictions, classes.labels), float32) * classes.weights;
  const Output updated_total = scatter_add(total, classes.labels, classes.weights);
  const Output updated_count = scatter_add(count, classes.labels, right);
  Output value;
  {
    auto unconditioned = control_dependencies(nullptr);
    const Output each = div_no_nan(count, maximum(total, 0.0));
    value = reduce_mean(each, {.name = "mean_accuracy"});
  }
  const Output update =
      div_no_nan(updated_count, maximum(updated_total, 0.0), {.name = "update_op"});
  return internal::in_collections(Metric{value, update}, options);
}

}  // namespace tenon::metrics
