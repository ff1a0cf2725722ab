#include <numeric>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/layers/layer_checks.h"
#include "tenon/array_ops.h"
#include "tenon/layers.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon::layers {
namespace {

// The first where the layer trains, as far as that is known.
Output chosen(const Input& training, const Output& in_training, const Output& otherwise) {
  const std::optional<bool> known = internal::known_truth(training);
  if (known) return *known ? in_training : otherwise;
  return where(training, in_training, otherwise);
}

// Moving averages aren't cut into parts.
class WholeVariables {
 public:
  WholeVariables() : scope_(get_variable_scope()), partitioner_(scope_.partitioner()) {
    scope_.set_partitioner({});
  }
  ~WholeVariables() { scope_.set_partitioner(partitioner_); }
  WholeVariables(const WholeVariables&) = delete;
  WholeVariables& operator=(const WholeVariables&) = delete;

 private:
  VariableScope scope_;
  Partitioner partitioner_;
};

}  // namespace

BatchNormalization::BatchNormalization(const BatchNormalizationOptions& options)
    : BatchNormalization(options, false) {}

BatchNormalization::BatchNormalization(const BatchNormalizationOptions& options, bool name_is_scope)
    : Layer("batch_normalization", {.name = options.name,
                                    .name_is_scope = name_is_scope,
                                    .reuse = options.reuse,
                                    .trainable = options.trainable}),
      options_(options),
      training_(options.training) {}

Output BatchNormalization::operator()(Input inputs, Input training) {
  training_ = std::move(training);
  return Layer::operator()(std::move(inputs));
}

Output BatchNormalization::operator()(Input inputs) {
  return operator()(std::move(inputs), options_.training);
}

void BatchNormalization::build(const Output& inputs) {
  const Shape shape = {internal::channels_of(inputs, kind())};
  if (options_.scale) {
    gamma_ = add_weight("gamma", {.shape = shape,
                                  .initializer = options_.gamma_initializer,
                                  .regularizer = options_.gamma_regularizer,
                                  .constraint = options_.gamma_constraint});
  }
  if (options_.center) {
    beta_ = add_weight("beta", {.shape = shape,
                                .initializer = options_.beta_initializer,
                                .regularizer = options_.beta_regularizer,
                                .constraint = options_.beta_constraint});
  }
  const WholeVariables whole;
  Weight average = {.shape = shape,
                    .initializer = options_.moving_mean_initializer,
                    .trainable = false,
                    .synchronization = VariableSynchronization::ON_READ,
                    .aggregation = VariableAggregation::MEAN};
  moving_mean_ = add_weight("moving_mean", average);
  average.initializer = options_.moving_variance_initializer;
  moving_variance_ = add_weight("moving_variance", average);
}

Output BatchNormalization::call(const Output& inputs) {
  const int rank = inputs.shape().rank();
  // As TensorFlow, whose fused operation has no float64.
  if (options_.fused && rank == 4 && inputs.dtype() != float64) return call_fused(inputs);
  Output mean = moving_mean_, variance = moving_variance_;
  if (internal::known_truth(training_) != false) {
    internal::require<ValueError>(
        rank >= 0, ErrorKind::shape_incompatible, "Layer \"", kind(),
        "\" needs inputs of a known rank where it trains: ", inputs.name(), " has none.");
    std::vector<int64_t> axes(static_cast<size_t>(rank - 1));
    std::iota(axes.begin(), axes.end(), int64_t{0});
    const nn::Moments batch = nn::moments(inputs, axes);
    mean = chosen(training_, batch.mean, mean);
    variance = chosen(training_, batch.variance, variance);
    update(mean, variance);
  }
  nn::BatchNormalizationOptions how;
  if (options_.center) how.offset = beta_;
  if (options_.scale) how.scale = gamma_;
  how.variance_epsilon = options_.epsilon;
  return nn::batch_normalization(inputs, mean, variance, how);
}

Output BatchNormalization::call_fused(const Output& inputs) {
  const int64_t channels = inputs.shape().back();
  const Output gamma = options_.scale ? Output(gamma_) : ones({channels}, moving_mean_.dtype());
  const Output beta = options_.center ? Output(beta_) : zeros({channels}, moving_mean_.dtype());
  const auto normalized = [&](bool training) {
    nn::FusedBatchNormOptions how;
    how.epsilon = options_.epsilon;
    how.is_training = training;
    if (!training) {
      how.mean = moving_mean_;
      how.variance = moving_variance_;
    }
    return nn::fused_batch_norm(inputs, gamma, beta, how);
  };
  const std::optional<bool> known = internal::known_truth(training_);
  if (known == false) return normalized(false).y;
  const nn::FusedBatchNorm batch = normalized(true);
  if (known) {
    update(batch.mean, batch.variance);
    return batch.y;
  }
  update(where(training_, batch.mean, moving_mean_),
         where(training_, batch.variance, moving_variance_));
  return where(training_, batch.y, normalized(false).y);
}

// Where a run says that the layer doesn't train, mean and variance are the averages themselves:
// these stay as they are.
void BatchNormalization::update(const Output& mean, const Output& variance) {
  const double share = 1 - options_.momentum;
  add_update(moving_mean_.assign_sub((moving_mean_ - mean) * share));
  add_update(moving_variance_.assign_sub((moving_variance_ - variance) * share));
}

Output batch_normalization(Input inputs, const BatchNormalizationOptions& options) {
  return BatchNormalization(options, true)(std::move(inputs));
}

}  // namespace tenon::layers
