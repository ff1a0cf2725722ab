// Losses, and the collections that a model's losses are gathered in (TensorFlow's tf.losses).
//
//   Output loss = losses::softmax_cross_entropy(labels, logits, {.weights = per_example});
//   losses::mean_squared_error(targets, outputs, {.scope = "aux"});   // is in LOSSES, too
//   Output total = losses::get_total_loss();                          // with the regularization
//
// What labels and predictions differ by is multiplied by the weights and reduced, and the result
// added to a collection. Labels and predictions have one shape and become float32, and so the
// result is; of the cross entropies labels take the logits' dtype, and the result has it. Weights
// are a scalar or have the rank of what they weigh, each size 1 or its.
//
// Each throws ValueError: shape_incompatible when labels and predictions or weights don't fit (of
// weights, where all sizes are known: otherwise the run fails); bad_argument for a reduction that
// isn't one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/collections.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"

namespace tenon::losses {

// How a tensor of weighted losses becomes one loss.
enum class Reduction {
  NONE,                    // it stays as it is
  SUM,                     // their sum
  MEAN,                    // divided by the sum of the weights
  SUM_OVER_BATCH_SIZE,     // divided by the number of losses
  SUM_BY_NONZERO_WEIGHTS,  // divided by the number of losses whose weight isn't 0; 0 without any
  SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS
};

struct LossOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Input weights = 1.0;
  std::string scope = {};  // of its operations; left out: the loss's name
  std::string loss_collection = std::string(GraphKeys::LOSSES);  // "": it is added to none
  Reduction reduction = Reduction::SUM_BY_NONZERO_WEIGHTS;
};

// Losses of the program's own, weighted and reduced.
TENON_API Output compute_weighted_loss(Input losses, const LossOptions& options = {});
// |predictions - labels|
TENON_API Output absolute_difference(Input labels, Input predictions,
                                     const LossOptions& options = {});
// (predictions - labels)^2
TENON_API Output mean_squared_error(Input labels, Input predictions,
                                    const LossOptions& options = {});
// 1 - the sum of labels * predictions along `axis`, which keeps size 1: both are of length one.
TENON_API Output cosine_distance(Input labels, Input predictions, int64_t axis,
                                 const LossOptions& options = {});
// max(0, 1 - y * logits), where y is -1 for the label 0 and 1 for the label 1.
TENON_API Output hinge_loss(Input labels, Input logits, const LossOptions& options = {});

struct HuberLossOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Input weights = 1.0;
  double delta = 1.0;
  std::string scope = {};
  std::string loss_collection = std::string(GraphKeys::LOSSES);
  Reduction reduction = Reduction::SUM_BY_NONZERO_WEIGHTS;
};
// Half the square of the error up to delta, and a straight line beyond.
TENON_API Output huber_loss(Input labels, Input predictions, const HuberLossOptions& options = {});

struct LogLossOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Input weights = 1.0;
  double epsilon = 1e-7;
  std::string scope = {};
  std::string loss_collection = std::string(GraphKeys::LOSSES);
  Reduction reduction = Reduction::SUM_BY_NONZERO_WEIGHTS;
};
// -labels * log(predictions + epsilon) - (1 - labels) * log(1 - predictions + epsilon)
TENON_API Output log_loss(Input labels, Input predictions, const LogLossOptions& options = {});

struct PairwiseErrorOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Input weights = 1.0;
  std::string scope = {};
  std::string loss_collection = std::string(GraphKeys::LOSSES);
};
// Of each row, the mean square of the differences between the errors of every two of its elements;
// the sum over the rows. Throws ValueError (bad_argument) where the rank is unknown.
TENON_API Output mean_pairwise_squared_error(Input labels, Input predictions,
                                             const PairwiseErrorOptions& options = {});

struct CrossEntropyOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Input weights = 1.0;
  double label_smoothing = 0.0;  // moves the labels towards the middle: 1/2, or 1/classes
  std::string scope = {};
  std::string loss_collection = std::string(GraphKeys::LOSSES);
  Reduction reduction = Reduction::SUM_BY_NONZERO_WEIGHTS;
};
TENON_API Output sigmoid_cross_entropy(Input multi_class_labels, Input logits,
                                       const CrossEntropyOptions& options = {});
// Labels [..., classes]: one loss for each row, and no gradient by the labels.
TENON_API Output softmax_cross_entropy(Input onehot_labels, Input logits,
                                       const CrossEntropyOptions& options = {});
// Labels are class numbers. They and the weights may have a last axis of size 1 more.
TENON_API Output sparse_softmax_cross_entropy(Input labels, Input logits,
                                              const LossOptions& options = {});

// Adds a loss, a tensor or a variable, to a collection; "" adds it nowhere.
TENON_API void add_loss(const Ref& loss, std::string_view loss_collection = GraphKeys::LOSSES);

// The losses of a collection whose names match `scope` at their start; "" is no filter. T is what
// the caller takes them for: Output, or as with get_collection.
template <typename T = Output>
std::vector<T> get_losses(std::string_view scope = {},
                          std::string_view loss_collection = GraphKeys::LOSSES) {
  return scope.empty() ? get_collection<T>(loss_collection)
                       : get_collection<T>(loss_collection, scope);
}
template <typename T = Output>
std::vector<T> get_regularization_losses(std::string_view scope = {}) {
  return get_losses<T>(scope, GraphKeys::REGULARIZATION_LOSSES);
}

// The sum of the regularization losses; a constant zero when there are none.
TENON_API Output get_regularization_loss(std::string_view scope = {},
                                         std::string_view name = "total_regularization_loss",
                                         Location where = Location::current());

// The sum of the losses, with those of regularization unless told otherwise. Throws ValueError
// (shape_incompatible, TensorFlow's message tells of shapes) when there are none.
TENON_API Output get_total_loss(bool add_regularization_losses = true,
                                std::string_view name = "total_loss", std::string_view scope = {},
                                Location where = Location::current());

}  // namespace tenon::losses
