// The losses themselves, each made as TensorFlow makes it: names in the graph are the same.
#include "tenon/losses.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/layers/label_shapes.h"
#include "core/ops/op_scope.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon::losses {
namespace {

using internal::as_output;
using internal::OpScope;
using internal::require;

// What every loss takes. `scope` is the scope that its operations are in.
template <typename Options>
LossOptions common(const Options& options, const std::string& scope) {
  return {.weights = options.weights,
          .scope = scope,
          .loss_collection = options.loss_collection,
          .reduction = options.reduction};
}

// Labels and predictions as float32, of one shape.
struct Pair {
  Pair(const Input& given_labels, const Input& given_predictions)
      : predictions(cast(given_predictions, float32)), labels(cast(given_labels, float32)) {
    internal::require_one_shape(predictions, labels);
  }
  Output predictions, labels;
};

// Labels in the dtype of the logits, of one shape with them.
struct LogitsPair {
  LogitsPair(const Input& given_labels, const Input& given_logits)
      : logits(as_output(given_logits, "logits")), labels(cast(given_labels, logits.dtype())) {
    internal::require_one_shape(logits, labels);
  }
  Output logits, labels;
};

// How many losses have a weight that isn't zero, as a tensor of the losses' shape.
Output present(const Output& losses, const Output& weights) {
  return internal::broadcast_weights(cast(not_equal(weights, 0.0), float32), losses);
}

Output safe_mean(const Output& sum, const Output& count) {
  return div_no_nan(sum, count, {.name = "value"});
}

Output reduced(const Output& losses, const Output& weights, Reduction reduction) {
  const Output weighted = multiply(losses, weights);
  switch (reduction) {
    case Reduction::NONE:
      return weighted;
    case Reduction::SUM:
      return reduce_sum(weighted);
    case Reduction::MEAN:
      return safe_mean(reduce_sum(weighted), reduce_sum(ones_like(losses) * weights));
    case Reduction::SUM_OVER_BATCH_SIZE:
      return safe_mean(reduce_sum(weighted), cast(size(losses), float32));
    case Reduction::SUM_BY_NONZERO_WEIGHTS:
      break;
  }
  return safe_mean(reduce_sum(weighted), reduce_sum(present(losses, weights)));
}

}  // namespace

Output compute_weighted_loss(Input losses, const LossOptions& options) {
  require<ValueError>(options.reduction >= Reduction::NONE &&
                          options.reduction <= Reduction::SUM_BY_NONZERO_WEIGHTS,
                      ErrorKind::bad_argument, "Invalid Reduction Key ",
                      static_cast<int>(options.reduction),
                      ". Key should be one of tenon::losses::Reduction.");
  const OpScope scope(options.scope, "weighted_loss", {losses, options.weights});
  const Output given = as_output(losses, "losses");
  const Output values = cast(given, float32);
  const Output weights = internal::fitted_weights(cast(options.weights, float32), values);
  const Output loss = cast(reduced(values, weights, options.reduction), given.dtype());
  add_loss(loss, options.loss_collection);
  return loss;
}

Output absolute_difference(Input labels, Input predictions, const LossOptions& options) {
  const OpScope scope(options.scope, "absolute_difference", {predictions, labels, options.weights});
  const Pair pair(labels, predictions);
  return compute_weighted_loss(abs(pair.predictions - pair.labels), common(options, scope.name()));
}

Output mean_squared_error(Input labels, Input predictions, const LossOptions& options) {
  const OpScope scope(options.scope, "mean_squared_error", {predictions, labels, options.weights});
  const Pair pair(labels, predictions);
  return compute_weighted_loss(squared_difference(pair.predictions, pair.labels),
                               common(options, scope.name()));
}

Output cosine_distance(Input labels, Input predictions, int64_t axis, const LossOptions& options) {
  const OpScope scope(options.scope, "cosine_distance_loss",
                      {predictions, labels, options.weights});
  const Pair pair(labels, predictions);
  const Output alike = reduce_sum(pair.predictions * pair.labels, {.axis = axis, .keepdims = true});
  return compute_weighted_loss(1.0 - alike, common(options, scope.name()));
}

Output hinge_loss(Input labels, Input logits, const LossOptions& options) {
  const OpScope scope(options.scope, "hinge_loss", {logits, labels, options.weights});
  const Pair pair(labels, logits);
  const Output ones = ones_like(pair.labels);
  const Output signs = 2.0 * pair.labels - ones;
  return compute_weighted_loss(nn::relu(ones - signs * pair.predictions),
                               common(options, scope.name()));
}

Output huber_loss(Input labels, Input predictions, const HuberLossOptions& options) {
  const OpScope scope(options.scope, "huber_loss", {predictions, labels, options.weights});
  const Pair pair(labels, predictions);
  const Output error = abs(pair.predictions - pair.labels);
  const Output quadratic = minimum(error, options.delta);
  const Output linear = error - quadratic;
  return compute_weighted_loss(0.5 * (quadratic * quadratic) + options.delta * linear,
                               common(options, scope.name()));
}

Output log_loss(Input labels, Input predictions, const LogLossOptions& options) {
  const OpScope scope(options.scope, "log_loss", {predictions, labels, options.weights});
  const Pair pair(labels, predictions);
  const Output of_ones = pair.labels * log(pair.predictions + options.epsilon);
  const Output of_zeros = (1.0 - pair.labels) * log(1.0 - pair.predictions + options.epsilon);
  return compute_weighted_loss(-of_ones - of_zeros, common(options, scope.name()));
}

Output mean_pairwise_squared_error(Input labels, Input predictions,
                                   const PairwiseErrorOptions& options) {
  const OpScope scope(options.scope, "mean_pairwise_squared_error",
                      {predictions, labels, options.weights});
  const Output weights = cast(options.weights, float32);
  const Pair pair(labels, predictions);
  internal::require_broadcastable(weights, pair.labels);
  const Output errors = pair.predictions - pair.labels;
  require<ValueError>(errors.shape().has_rank(), ErrorKind::bad_argument,
                      "mean_pairwise_squared_error needs predictions of a known rank: ",
                      pair.predictions.name(), " has none.");
  std::vector<int64_t> axes(static_cast<size_t>(std::max(errors.shape().rank() - 1, 0)));
  std::iota(axes.begin(), axes.end(), int64_t{1});
  const auto by_row = [&](const Output& values) {
    return reduce_sum(values, {.axis = axes, .keepdims = true});
  };
  const Output count = by_row(present(errors, weights));
  const Output squares = 2.0 * div_no_nan(by_row(square(errors)), maximum(count - 1.0, 0.0));
  const Output products =
      2.0 * div_no_nan(square(by_row(errors)), maximum(count * (count - 1.0), 0.0));
  const Output sum = reduce_sum((squares - products) * weights);
  const Output loss = where(reduce_sum(count) > 0.0, sum, zeros_like(sum), {.name = "value"});
  add_loss(loss, options.loss_collection);
  return loss;
}

Output sigmoid_cross_entropy(Input multi_class_labels, Input logits,
                             const CrossEntropyOptions& options) {
  const OpScope scope(options.scope, "sigmoid_cross_entropy_loss",
                      {logits, multi_class_labels, options.weights});
  LogitsPair pair(multi_class_labels, logits);
  const double smoothing = options.label_smoothing;
  if (smoothing > 0) pair.labels = pair.labels * (1 - smoothing) + 0.5 * smoothing;
  const Output losses = nn::sigmoid_cross_entropy_with_logits(
      {.labels = pair.labels, .logits = pair.logits, .name = "xentropy"});
  return compute_weighted_loss(losses, common(options, scope.name()));
}

Output softmax_cross_entropy(Input onehot_labels, Input logits,
                             const CrossEntropyOptions& options) {
  const OpScope scope(options.scope, "softmax_cross_entropy_loss",
                      {logits, onehot_labels, options.weights});
  LogitsPair pair(onehot_labels, logits);
  const double smoothing = options.label_smoothing;
  if (smoothing > 0) {
    const Output classes = cast(shape(pair.labels)[-1], pair.logits.dtype());
    pair.labels = pair.labels * (1 - smoothing) + smoothing / classes;
  }
  const Output labels = stop_gradient(pair.labels, {.name = "labels_stop_gradient"});
  const Output losses = nn::softmax_cross_entropy_with_logits(
      {.labels = labels, .logits = pair.logits, .name = "xentropy"});
  return compute_weighted_loss(losses, common(options, scope.name()));
}

Output sparse_softmax_cross_entropy(Input labels, Input logits, const LossOptions& options) {
  const OpScope scope(options.scope, "sparse_softmax_cross_entropy_loss",
                      {logits, labels, options.weights});
  Output classes = as_output(labels, "labels"), scores = as_output(logits, "logits");
  internal::remove_squeezable_dimensions(classes, scores, 1);
  LossOptions weighted = common(options, scope.name());
  Output weights = as_output(options.weights, "weights");
  const Shape of_weights = weights.shape(), of_labels = classes.shape();
  if (of_weights.has_rank() && of_labels.has_rank() && of_weights.rank() == of_labels.rank() + 1) {
    weights = squeeze(weights, -1);
  }
  weighted.weights = weights;
  const Output losses = nn::sparse_softmax_cross_entropy_with_logits(
      {.labels = classes, .logits = scores, .name = "xentropy"});
  return compute_weighted_loss(losses, weighted);
}

}  // namespace tenon::losses
