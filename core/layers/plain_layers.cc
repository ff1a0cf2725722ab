// Layers without variables: pooling, dropout, flatten. Their scope names operations alone.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/layers/layer_checks.h"
#include "tenon/array_ops.h"
#include "tenon/layers.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon::layers {
namespace {

// A layer that is a function of its inputs.
class Plain : public Layer {
 public:
  using Check = std::function<void(const Output&)>;
  using Function = std::function<Output(const Output&)>;
  Plain(const char* kind, const std::string& name, Check check, Function function)
      : Layer(kind, {.name = name}), check_(std::move(check)), function_(std::move(function)) {}

 protected:
  void check(const Output& inputs) const override { check_(inputs); }
  void build(const Output&) override {}
  Output call(const Output& inputs) override { return function_(inputs); }

 private:
  Check check_;
  Function function_;
};

using Pool = Output (*)(Input, const nn::PoolOptions&);

// Sequences are images of one column.
Output pooled(Pool pool, const char* kind, const Input& inputs, size_t axes, const Sizes& pool_size,
              const Sizes& strides, const PoolingOptions& options) {
  nn::PoolOptions how;
  how.ksize = pool_size.of_axes(axes, "pool_size");
  how.strides = strides.of_axes(axes, "strides");
  how.padding = internal::padding_of(options.padding);
  const bool of_sequences = axes == 1;
  if (of_sequences) {
    how.ksize.push_back(1);
    how.strides.push_back(1);
  }
  const int rank = static_cast<int>(axes) + 2;
  const auto check = [&](const Output& given) { internal::require_rank(given, rank, kind); };
  Plain layer(kind, options.name, check, [&](const Output& given) {
    if (!of_sequences) return pool(given, how);
    return squeeze(pool(expand_dims(given, 2), how), 2);
  });
  return layer(inputs);
}

}  // namespace

Output max_pooling1d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                     const PoolingOptions& options) {
  return pooled(nn::max_pool, "max_pooling1d", inputs, 1, pool_size, strides, options);
}

Output average_pooling1d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                         const PoolingOptions& options) {
  return pooled(nn::avg_pool, "average_pooling1d", inputs, 1, pool_size, strides, options);
}

Output max_pooling2d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                     const PoolingOptions& options) {
  return pooled(nn::max_pool, "max_pooling2d", inputs, 2, pool_size, strides, options);
}

Output average_pooling2d(Input inputs, const Sizes& pool_size, const Sizes& strides,
                         const PoolingOptions& options) {
  return pooled(nn::avg_pool, "average_pooling2d", inputs, 2, pool_size, strides, options);
}

Output dropout(Input inputs, const DropoutOptions& options) {
  const auto anything = [](const Output&) {};
  Plain layer("dropout", options.name, anything, [&](const Output& given) {
    const std::optional<bool> training = internal::known_truth(options.training);
    if (training == false) return identity(given);
    const Output dropped = nn::dropout(
        given, {.rate = options.rate, .noise_shape = options.noise_shape, .seed = options.seed});
    return training ? dropped : where(options.training, dropped, given);
  });
  return layer(std::move(inputs));
}

Output flatten(Input inputs, const FlattenOptions& options) {
  const auto check = [](const Output& given) {
    internal::require_rank_at_least(given, 1, "flatten");
  };
  Plain layer("flatten", options.name, check, [](const Output& given) {
    const Shape shape = given.shape();
    if (shape.rank() == 1) return expand_dims(given, -1);
    int64_t rest = 1;
    for (int i = 1; i < shape.rank(); ++i) {
      rest = rest < 0 || shape[i] < 0 ? -1 : rest * shape[i];
    }
    if (shape.has_rank() && rest >= 0) return reshape(given, {int64_t{-1}, rest});
    return reshape(given, std::vector<Input>{tenon::shape(given)[0], -1});
  });
  return layer(std::move(inputs));
}

}  // namespace tenon::layers
