// Metrics (TensorFlow's tf.metrics): what is counted over many runs, in local variables.
//
//   metrics::Metric accuracy = metrics::accuracy(labels, argmax(logits, {.axis = 1}));
//   session.run(local_variables_initializer());
//   for (const Feeds& batch : batches) session.run(accuracy.update_op, batch);
//   float share = session.run(accuracy.value).scalar<float>();
//
// `update_op` adds what is fed and gives the value with it; `value` is the value so far, without
// adding: 0 before the first update, NaN of recall_at_k and precision_at_k. The variables are in
// LOCAL_VARIABLES and METRIC_VARIABLES, not trainable, made as by Variable: their names follow name
// scopes (eval/accuracy/total). Initialising the local variables begins anew.
//
// Weights are a scalar or broadcast to the values: each size 1 or theirs. Labels, predictions and
// weights may differ by a last axis of size 1. Throws ValueError (shape_incompatible) when they
// don't fit otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"

namespace tenon::metrics {

struct Metric {
  Output value;
  Output update_op;
};

struct MetricOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<Input> weights = {};                  // left out: all count alike
  std::vector<std::string> metrics_collections = {};  // the value is added to these,
  std::vector<std::string> updates_collections = {};  // and the update to these
  std::string name = {};  // of the scope of variables and operations; left out: the metric's
};

// The mean of all elements of `values`.
TENON_API Metric mean(Input values, const MetricOptions& options = {});
// The mean of each element; the shape must be known.
TENON_API Metric mean_tensor(Input values, const MetricOptions& options = {});
// The share of values below the threshold.
TENON_API Metric percentage_below(Input values, Input threshold, const MetricOptions& options = {});
// The share of predictions that equal their labels.
TENON_API Metric accuracy(Input labels, Input predictions, const MetricOptions& options = {});

TENON_API Metric mean_absolute_error(Input labels, Input predictions,
                                     const MetricOptions& options = {});
TENON_API Metric mean_squared_error(Input labels, Input predictions,
                                    const MetricOptions& options = {});
TENON_API Metric root_mean_squared_error(Input labels, Input predictions,
                                         const MetricOptions& options = {});
// The absolute errors, each divided by the element of `normalizer`; where that is 0, 0.
TENON_API Metric mean_relative_error(Input labels, Input predictions, Input normalizer,
                                     const MetricOptions& options = {});
// 1 - the mean product of labels and predictions summed along `dim`: both are of length one there.
TENON_API Metric mean_cosine_distance(Input labels, Input predictions, int64_t dim,
                                      const MetricOptions& options = {});

// Labels and predictions are numbers of classes below num_classes; one that isn't fails when it is
// run. The update of mean_iou gives the confusion matrix, that of mean_per_class_accuracy the
// accuracy of each class.
TENON_API Metric mean_iou(Input labels, Input predictions, int64_t num_classes,
                          const MetricOptions& options = {});
TENON_API Metric mean_per_class_accuracy(Input labels, Input predictions, int64_t num_classes,
                                         const MetricOptions& options = {});

// Of truth values: how many there are, and the shares made of that.
TENON_API Metric true_positives(Input labels, Input predictions, const MetricOptions& options = {});
TENON_API Metric false_positives(Input labels, Input predictions,
                                 const MetricOptions& options = {});
TENON_API Metric true_negatives(Input labels, Input predictions, const MetricOptions& options = {});
TENON_API Metric false_negatives(Input labels, Input predictions,
                                 const MetricOptions& options = {});
// true positives / (true positives + false positives); recall: + false negatives.
TENON_API Metric precision(Input labels, Input predictions, const MetricOptions& options = {});
TENON_API Metric recall(Input labels, Input predictions, const MetricOptions& options = {});

// The same, for predictions between 0 and 1, with each of the thresholds: a prediction above it is
// positive.
using Thresholds = std::vector<double>;
TENON_API Metric true_positives_at_thresholds(Input labels, Input predictions,
                                              const Thresholds& thresholds,
                                              const MetricOptions& options = {});
TENON_API Metric false_positives_at_thresholds(Input labels, Input predictions,
                                               const Thresholds& thresholds,
                                               const MetricOptions& options = {});
TENON_API Metric true_negatives_at_thresholds(Input labels, Input predictions,
                                              const Thresholds& thresholds,
                                              const MetricOptions& options = {});
TENON_API Metric false_negatives_at_thresholds(Input labels, Input predictions,
                                               const Thresholds& thresholds,
                                               const MetricOptions& options = {});
TENON_API Metric precision_at_thresholds(Input labels, Input predictions,
                                         const Thresholds& thresholds,
                                         const MetricOptions& options = {});
TENON_API Metric recall_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                                      const MetricOptions& options = {});

struct AucOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<Input> weights = {};
  int64_t num_thresholds = 200;  // from just below 0 to just above 1
  std::vector<std::string> metrics_collections = {};
  std::vector<std::string> updates_collections = {};
  std::string curve = "ROC";  // or "PR"
  std::string name = {};
  std::string summation_method = "trapezoidal";  // "minoring", "majoring"; of a PR curve
                                                 // "careful_interpolation"
  std::optional<Thresholds> thresholds = {};     // instead of num_thresholds, between 0 and 1
};
// The area under the curve. Throws ValueError (bad_argument) for another curve or method.
TENON_API Metric auc(Input labels, Input predictions, const AucOptions& options = {});

struct AtThresholdsOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<Input> weights = {};
  int64_t num_thresholds = 200;
  std::vector<std::string> metrics_collections = {};
  std::vector<std::string> updates_collections = {};
  std::string name = {};
};
// The sensitivity at the threshold whose specificity is nearest to the one given, and the other way
// round. Throw ValueError (bad_argument) when that isn't between 0 and 1.
TENON_API Metric sensitivity_at_specificity(Input labels, Input predictions, double specificity,
                                            const AtThresholdsOptions& options = {});
TENON_API Metric specificity_at_sensitivity(Input labels, Input predictions, double sensitivity,
                                            const AtThresholdsOptions& options = {});

struct AtKOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<int64_t> class_id = {};  // counts this class alone
  std::optional<Input> weights = {};
  std::vector<std::string> metrics_collections = {};
  std::vector<std::string> updates_collections = {};
  std::string name = {};
};
// Labels [..., number of labels], each a class, or [...] where there is one; predictions [...,
// classes]. Of the k classes with the largest predictions, those that are labels, divided by the
// number of labels (each counts once), or by k.
TENON_API Metric recall_at_k(Input labels, Input predictions, int64_t k,
                             const AtKOptions& options = {});
TENON_API Metric precision_at_k(Input labels, Input predictions, int64_t k,
                                const AtKOptions& options = {});

}  // namespace tenon::metrics
