#include "cuda/epilogue.h"

#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

using internal::Activation;

template <typename C>
__device__ C activated(Activation activation, C x, C alpha) {
  switch (activation) {
    case Activation::kRelu:
      return scalar::Maximum()(x, C{0});
    case Activation::kRelu6:
      return scalar::Minimum()(scalar::Maximum()(x, C{0}), C{6});
    case Activation::kElu:
      return x < 0 ? scalar::Expm1()(x) : x;
    case Activation::kTanh:
      return scalar::Tanh()(x);
    case Activation::kSigmoid:
      return scalar::Sigmoid()(x);
    case Activation::kLeakyRelu:
      return x > 0 ? x : x * alpha;
    default:
      return x;
  }
}

template <typename T>
__global__ void add_and_activate(T* data, const T* bias, int64_t size, Divider columns,
                                 Activation activation, double alpha) {
  using C = Compute<T>;
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    C value = widened(data[i]);
    if (bias != nullptr) value += widened(bias[columns.rest(i)]);
    data[i] = static_cast<T>(activated(activation, value, static_cast<C>(alpha)));
  }
}

}  // namespace

void apply_epilogue(cudaStream_t stream, DType dtype, void* data, const void* bias, int64_t size,
                    int64_t columns, const internal::Epilogue& epilogue) {
  if (size <= 0 || epilogue.empty()) return;
  for_types(AllFloats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (dtype != kDType<T>) return;
    add_and_activate<T><<<blocks_for(size), kThreads, 0, stream>>>(
        static_cast<T*>(data), epilogue.bias ? static_cast<const T*>(bias) : nullptr, size,
        Divider(columns, size), epilogue.activation, epilogue.alpha);
    check_launch("add_and_activate");
  });
}

}  // namespace tenon::cuda
