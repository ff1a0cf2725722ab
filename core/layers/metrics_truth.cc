// Metrics that count what is true and what was said of it.
#include <string>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/layers/metric_variables.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/metrics.h"

namespace tenon::metrics {
namespace {

using internal::Measured;

// How often the condition held.
Metric count_of(const Output& condition, const Output& weights, const MetricOptions& options) {
  const Variable count = internal::metric_variable({}, float32, "count");
  Output values = cast(condition, float32);
  if (weights) {
    const Shape given = weights.shape(), wanted = values.shape();
    internal::require<ValueError>(!given.has_rank() || !wanted.has_rank() || given.rank() == 0 ||
                                      given.rank() == wanted.rank(),
                                  ErrorKind::shape_incompatible, "weights of shape ", given,
                                  " must be a scalar or of the rank of the values, whose shape is ",
                                  wanted, ".");
    values = values * cast(weights, float32);
  }
  Output value;
  {
    auto unconditioned = control_dependencies(nullptr);
    value = count.value();
  }
  return internal::in_collections(Metric{value, count.assign_add(reduce_sum(values))}, options);
}

using Condition = Output (*)(const Output& labels, const Output& predictions);

Metric count_where(Condition condition, const Input& labels, const Input& predictions,
                   const MetricOptions& options, const char* default_name) {
  const internal::CallerLine line(labels.where());
  auto scope = internal::metric_scope(options.name, default_name);
  const Measured measured = internal::measured_truths(labels, predictions, options.weights);
  return count_of(condition(measured.labels, measured.predictions), measured.weights, options);
}

// true positives / (true positives + `others`), 0 where there are none.
Metric share_of_true_positives(Metric (*others)(Input, Input, const MetricOptions&),
                               const Input& labels, const Input& predictions,
                               const MetricOptions& options, const char* default_name) {
  const internal::CallerLine line(labels.where());
  auto scope = internal::metric_scope(options.name, default_name);
  const Measured measured = internal::measured_truths(labels, predictions, options.weights);
  MetricOptions inner;
  if (measured.weights) inner.weights = measured.weights;
  const Metric right = true_positives(measured.labels, measured.predictions, inner);
  const Metric wrong = others(measured.labels, measured.predictions, inner);
  const auto share = [](const Output& some, const Output& rest, const char* name) {
    const Output all = some + rest;
    return where(greater(all, 0.0), some / all, 0.0, {.name = name});
  };
  Output value;
  {
    auto unconditioned = control_dependencies(nullptr);
    value = share(right.value, wrong.value, "value");
  }
  return internal::in_collections(
      Metric{value, share(right.update_op, wrong.update_op, "update_op")}, options);
}

}  // namespace

Metric true_positives(Input labels, Input predictions, const MetricOptions& options) {
  return count_where([](const Output& l, const Output& p) { return l & p; }, labels, predictions,
                     options, "true_positives");
}

Metric false_positives(Input labels, Input predictions, const MetricOptions& options) {
  return count_where([](const Output& l, const Output& p) { return ~l & p; }, labels, predictions,
                     options, "false_positives");
}

Metric true_negatives(Input labels, Input predictions, const MetricOptions& options) {
  return count_where([](const Output& l, const Output& p) { return ~l & ~p; }, labels, predictions,
                     options, "true_negatives");
}

Metric false_negatives(Input labels, Input predictions, const MetricOptions& options) {
  return count_where([](const Output& l, const Output& p) { return l & ~p; }, labels, predictions,
                     options, "false_negatives");
}

Metric precision(Input labels, Input predictions, const MetricOptions& options) {
  return share_of_true_positives(false_positives, labels, predictions, options, "precision");
}

Metric recall(Input labels, Input predictions, const MetricOptions& options) {
  return share_of_true_positives(false_negatives, labels, predictions, options, "recall");
}

}  // namespace tenon::metrics
