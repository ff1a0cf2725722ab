#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// For each element of the padded tensor, the element of the inner one that it mirrors.
std::vector<int64_t> mirrored(const KernelRequest& request, const Shape& inner,
                              const Shape& padded) {
  const std::vector<int64_t> paddings = integers(request, 1);
  const int64_t own = request.attrs->get<std::string>("mode") == "REFLECT" ? 0 : 1;
  const std::vector<int64_t> from = row_major_strides(inner), to = row_major_strides(padded);
  std::vector<int64_t> source(static_cast<size_t>(padded.element_count()));
  for (size_t i = 0; i < source.size(); ++i) {
    for (int axis = 0; axis < padded.rank(); ++axis) {
      const auto at = static_cast<size_t>(axis);
      int64_t index = static_cast<int64_t>(i) / to[at] % padded[axis] - paddings[2 * at];
      if (index < 0) index = -index - own;
      if (index >= inner[axis]) index = 2 * inner[axis] - 2 + own - index;
      source[i] += index * from[at];
    }
  }
  return source;
}

Kernel prepare_mirror_pad(const KernelRequest& request) {
  const auto source = mirrored(request, request.input_shape(0), request.output_shape(0));
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [source](const Launch& args) {
      for (size_t i = 0; i < source.size(); ++i) {
        args.output<T>(0)[i] = args.input<T>(0)[source[i]];
      }
    }};
  });
}

template <typename T>
Kernel prepare_mirror_pad_grad(const KernelRequest& request) {
  const auto source = mirrored(request, request.output_shape(0), request.input_shape(0));
  const int64_t size = request.output_shape(0).element_count();
  return {.launch = [source, size](const Launch& args) {
    T* out = args.output<T>(0);
    std::fill_n(out, size, T{});
    for (size_t i = 0; i < source.size(); ++i) {
      out[source[i]] = static_cast<T>(out[source[i]] + args.input<T>(0)[i]);
    }
  }};
}

}  // namespace

void register_array_pad(KernelRegistry& kernels) {
  kernels.add("Pad", DType::invalid, prepare_copies<internal::plan_pad>);
  kernels.add("PadV2", DType::invalid, prepare_copies<internal::plan_pad>);
  kernels.add("MirrorPad", DType::invalid, prepare_mirror_pad);
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("MirrorPadGrad", dtype_of<T>, prepare_mirror_pad_grad<T>);
  });
}

}  // namespace tenon::cpu
