// Layers (TensorFlow 1's tf.layers): functions that make variables in a variable scope of their own
// and compute with them.
//
//   Output h = layers::conv2d(images, 32, {3, 3}, {.padding = "same", .activation = nn::relu});
//   h = layers::max_pooling2d(h, 2, 2);
//   h = layers::batch_normalization(h, {.training = true});
//   Output logits = layers::dense(layers::flatten(h), 10, {.name = "logits"});   // logits/kernel
//
// Without a name a layer's scope is made from its kind and made unique (conv2d, conv2d_1, ...); a
// name is taken as it is. What holds of scopes and reuse is said in tenon/layer.h. A class (Dense)
// is a layer that is made once and called several times, with the same variables. Images are [N, H,
// W, C], sequences [N, W, C].
//
// Throw ValueError: shape_incompatible where the rank doesn't fit or a size that variables need
// isn't known; bad_argument for sizes below zero and a padding other than "valid" and "same"; and
// what get_variable throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/initializers.h"
#include "tenon/layer.h"
#include "tenon/list_of.h"
#include "tenon/regularizers.h"
#include "tenon/variable.h"
#include "tenon/variable_scope.h"

namespace tenon::layers {

struct DenseOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Activation activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = {};  // left out: the scope's, else glorot_uniform
  Initializer bias_initializer = zeros_initializer();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  ActivityRegularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  std::string name = {};
  Reuse reuse = {};
};
// inputs [..., in] times kernel [in, units], and bias [units] added -> [..., units].
// Throws TypeError (dtype_incompatible) for inputs that aren't floating.
TENON_API Output dense(Input inputs, int64_t units, const DenseOptions& options = {});

struct ConvOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Sizes strides = 1;
  std::string padding = "valid";
  Sizes dilation_rate = 1;
  Activation activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = {};
  Initializer bias_initializer = zeros_initializer();
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  ActivityRegularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  std::string name = {};
  Reuse reuse = {};
};
// kernel [columns, in, filters]
TENON_API Output conv1d(Input inputs, int64_t filters, const Sizes& kernel_size,
                        const ConvOptions& options = {});
// kernel [rows, columns, in, filters]; further axes before those of the image are kept.
TENON_API Output conv2d(Input inputs, int64_t filters, const Sizes& kernel_size,
                        const ConvOptions& options = {});
// kernel [rows, columns, filters, in]: the image grows by the strides.
TENON_API Output conv2d_transpose(Input inputs, int64_t filters, const Sizes& kernel_size,
                                  const ConvOptions& options = {});

struct SeparableConvOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Sizes strides = 1;  // the same along both axes
  std::string padding = "valid";
  Sizes dilation_rate = 1;
  int64_t depth_multiplier = 1;
  Activation activation = {};
  bool use_bias = true;
  Initializer depthwise_initializer = {};
  Initializer pointwise_initializer = {};
  Initializer bias_initializer = zeros_initializer();
  Regularizer depthwise_regularizer = {};
  Regularizer pointwise_regularizer = {};
  Regularizer bias_regularizer = {};
  ActivityRegularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint pointwise_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  std::string name = {};
  Reuse reuse = {};
};
// depthwise_kernel [rows, columns, in, multiplier], pointwise_kernel [1, 1, in * multiplier,
// filters]
TENON_API Output separable_conv2d(Input inputs, int64_t filters, const Sizes& kernel_size,
                                  const SeparableConvOptions& options = {});

struct PoolingOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string padding = "valid";
  std::string name = {};
};
TENON_API Output max_pooling1d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                               const PoolingOptions& options = {});
TENON_API Output average_pooling1d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                                   const PoolingOptions& options = {});
TENON_API Output max_pooling2d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                               const PoolingOptions& options = {});
TENON_API Output average_pooling2d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                                   const PoolingOptions& options = {});

struct BatchNormalizationOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool center = true;  // beta is added
  bool scale = true;   // gamma is multiplied by
  Initializer beta_initializer = zeros_initializer();
  Initializer gamma_initializer = ones_initializer();
  Initializer moving_mean_initializer = zeros_initializer();
  Initializer moving_variance_initializer = ones_initializer();
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  Input training = false;  // a scalar of bool says it in each run
  bool trainable = true;
  std::string name = {};
  Reuse reuse = {};
  // Of images, but of float64: their moving variance is then the unbiased one, by n - 1.
  bool fused = true;
};
// Normalizes along the last axis: in training by the batch's mean and variance, else by moving
// averages of these. The averages are updated by two operations in GraphKeys::UPDATE_OPS, which
// nothing runs by itself: train with
//
//   auto after = control_dependencies(get_collection<Operation>(GraphKeys::UPDATE_OPS));
//   Operation step = optimizer.minimize(loss);
//
// moving -= (moving - batch's) * (1 - momentum). There are none where training is known to be
// false.
TENON_API Output batch_normalization(Input inputs, const BatchNormalizationOptions& options = {});

struct DropoutOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  double rate = 0.5;
  std::vector<int64_t> noise_shape = {};
  std::optional<int64_t> seed = {};
  Input training = false;  // false: nothing is dropped
  std::string name = {};
};
TENON_API Output dropout(Input inputs, const DropoutOptions& options = {});

struct FlattenOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
// [N, ...] -> [N, number of the rest]
TENON_API Output flatten(Input inputs, const FlattenOptions& options = {});

// The layers as objects.
class TENON_API Dense : public Layer {
 public:
  explicit Dense(int64_t units, const DenseOptions& options = {});

 protected:
  friend Output dense(Input inputs, int64_t units, const DenseOptions& options);
  Dense(int64_t units, const DenseOptions& options, bool name_is_scope);
  void check(const Output& inputs) const override;
  void build(const Output& inputs) override;
  Output call(const Output& inputs) override;

 private:
  int64_t units_;
  DenseOptions options_;
  Variable kernel_, bias_;
};

class TENON_API Conv2D : public Layer {
 public:
  Conv2D(int64_t filters, const Sizes& kernel_size, const ConvOptions& options = {});

 protected:
  friend Output conv2d(Input inputs, int64_t filters, const Sizes& kernel_size,
                       const ConvOptions& options);
  Conv2D(int64_t filters, const Sizes& kernel_size, const ConvOptions& options, bool name_is_scope);
  void check(const Output& inputs) const override;
  void build(const Output& inputs) override;
  Output call(const Output& inputs) override;

 private:
  int64_t filters_;
  std::vector<int64_t> kernel_size_;
  ConvOptions options_;
  Variable kernel_, bias_;
};

class TENON_API BatchNormalization : public Layer {
 public:
  explicit BatchNormalization(const BatchNormalizationOptions& options = {});
  // By the options' training, or another.
  Output operator()(Input inputs) override;
  Output operator()(Input inputs, Input training);

 protected:
  friend Output batch_normalization(Input inputs, const BatchNormalizationOptions& options);
  BatchNormalization(const BatchNormalizationOptions& options, bool name_is_scope);
  void build(const Output& inputs) override;
  Output call(const Output& inputs) override;

 private:
  Output call_fused(const Output& inputs);
  void update(const Output& mean, const Output& variance);

  BatchNormalizationOptions options_;
  Input training_;  // of the call under way
  Variable gamma_, beta_, moving_mean_, moving_variance_;
};

}  // namespace tenon::layers
