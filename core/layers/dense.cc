#include "core/base/check.h"
#include "core/layers/layer_checks.h"
#include "tenon/array_ops.h"
#include "tenon/layers.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon::layers {

using internal::require;

Dense::Dense(int64_t units, const DenseOptions& options) : Dense(units, options, false) {}

Dense::Dense(int64_t units, const DenseOptions& options, bool name_is_scope)
    : Layer("dense", {.name = options.name,
                      .name_is_scope = name_is_scope,
                      .reuse = options.reuse,
                      .trainable = options.trainable,
                      .activity_regularizer = options.activity_regularizer}),
      units_(units),
      options_(options) {
  require<ValueError>(units >= 0, ErrorKind::bad_argument,
                      "Received an invalid value for `units`, expected a positive integer. "
                      "Received: units=",
                      units, ".");
}

void Dense::check(const Output& inputs) const {
  internal::require_rank_at_least(inputs, 2, kind());
}

void Dense::build(const Output& inputs) {
  require<TypeError>(is_floating(inputs.dtype()), ErrorKind::dtype_incompatible,
                     "A Dense layer can only be built with a floating-point dtype. Received: ",
                     to_string(inputs.dtype()), " of ", inputs.name(), ".");
  const int64_t in = internal::channels_of(inputs, kind());
  kernel_ = add_weight("kernel", {.shape = {in, units_},
                                  .initializer = options_.kernel_initializer,
                                  .regularizer = options_.kernel_regularizer,
                                  .constraint = options_.kernel_constraint});
  if (!options_.use_bias) return;
  bias_ = add_weight("bias", {.shape = {units_},
                              .initializer = options_.bias_initializer,
                              .regularizer = options_.bias_regularizer,
                              .constraint = options_.bias_constraint});
}

// Of a higher rank all axes but the last are rows of one product, where the rank is known.
Output Dense::call(const Output& inputs) {
  const Output kernel = kernel_;
  const int rank = inputs.shape().rank();
  Output outputs = rank <= 2 ? matmul(inputs, kernel)
                             : matmul(reshape(inputs, {int64_t{-1}, kernel_.shape()[0]}), kernel);
  if (rank > 2) {
    std::vector<Input> sizes;
    for (int i = 0; i + 1 < rank; ++i) sizes.push_back(internal::size_of(inputs, i));
    sizes.emplace_back(static_cast<int32_t>(units_));
    outputs = reshape(outputs, sizes);
  }
  if (options_.use_bias) outputs = nn::bias_add(outputs, bias_);
  return options_.activation(outputs);
}

Output dense(Input inputs, int64_t units, const DenseOptions& options) {
  Dense layer(units, options, true);
  return layer(std::move(inputs));
}

}  // namespace tenon::layers
