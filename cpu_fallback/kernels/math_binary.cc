// Equality of strings; what numbers are combined by are elementwise programs.
#include <string>
#include <vector>

#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

// Which element of an operand stands beside element `i` of the result, of that shape.
class BroadcastIndex {
 public:
  BroadcastIndex(const Shape& from, const Shape& to)
      : sizes_(to), strides_(broadcast_strides(from, to)) {}
  int64_t operator()(int64_t i) const {
    int64_t at = 0;
    for (int axis = sizes_.rank() - 1; axis >= 0; --axis) {
      at += i % sizes_[axis] * strides_[static_cast<size_t>(axis)];
      i /= sizes_[axis];
    }
    return at;
  }

 private:
  Shape sizes_;
  std::vector<int64_t> strides_;
};

template <bool kEqual>
Kernel prepare_compare_strings(const KernelRequest& request) {
  const Shape& shape = request.output_shape(0);
  const BroadcastIndex of_x(request.input_shape(0), shape), of_y(request.input_shape(1), shape);
  const int64_t count = shape.element_count();
  return {.launch = [=](const Launch& args) {
    const auto *x = args.input<std::string>(0), *y = args.input<std::string>(1);
    auto* out = args.output<bool>(0);
    for (int64_t i = 0; i < count; ++i) out[i] = (x[of_x(i)] == y[of_y(i)]) == kEqual;
  }};
}

}  // namespace

void register_math_binary(KernelRegistry& kernels) {
  kernels.add("Equal", DType::string, prepare_compare_strings<true>);
  kernels.add("NotEqual", DType::string, prepare_compare_strings<false>);
}

}  // namespace tenon::cpu
