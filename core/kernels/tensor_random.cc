// Tensors of random numbers: those that a session's random operations draw first.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/kernels/normal_pair.h"
#include "core/kernels/philox.h"
#include "tenon/tensor.h"

namespace tenon {
namespace {

constexpr uint64_t kGraphSeed = 87654321;  // where the graph has none

std::array<float, 4> units_of(const internal::RandomBlock& x, float /*number*/) {
  return {internal::unit_float(x[0]), internal::unit_float(x[1]), internal::unit_float(x[2]),
          internal::unit_float(x[3])};
}
std::array<double, 2> units_of(const internal::RandomBlock& x, double /*number*/) {
  return {internal::unit_double(x[0], x[1]), internal::unit_double(x[2], x[3])};
}

// Numbers of a stream, a block's at a time, each made of those by `change`.
template <typename T, typename Change>
Tensor drawn(const Shape& shape, int64_t seed, Change change) {
  Tensor tensor(dtype_of<T>, shape);
  const internal::Philox stream(kGraphSeed, static_cast<uint64_t>(seed));
  const auto to = tensor.mutable_data<T>();
  uint64_t block = 0;
  for (size_t i = 0; i < to.size();) {
    auto numbers = units_of(stream.block(block++), T{});
    change(numbers);
    const size_t count = std::min(numbers.size(), to.size() - i);
    std::copy_n(numbers.begin(), count, to.begin() + static_cast<std::ptrdiff_t>(i));
    i += count;
  }
  return tensor;
}

}  // namespace

template <internal::FloatElement T>
Tensor Tensor::random_uniform(const Shape& shape, int64_t seed, T minval, T maxval) {
  return drawn<T>(shape, seed, [=](auto& numbers) {
    for (T& number : numbers) number = number * (maxval - minval) + minval;
  });
}
template Tensor Tensor::random_uniform(const Shape&, int64_t, float, float);
template Tensor Tensor::random_uniform(const Shape&, int64_t, double, double);

template <internal::FloatElement T>
Tensor Tensor::random_normal(const Shape& shape, int64_t seed, T mean, T stddev) {
  return drawn<T>(shape, seed, [=](auto& numbers) {
    for (size_t i = 0; i < numbers.size(); i += 2) {
      const auto pair = internal::normal_pair(numbers[i], numbers[i + 1]);
      numbers[i] = pair[0] * stddev + mean;
      numbers[i + 1] = pair[1] * stddev + mean;
    }
  });
}
template Tensor Tensor::random_normal(const Shape&, int64_t, float, float);
template Tensor Tensor::random_normal(const Shape&, int64_t, double, double);

}  // namespace tenon
