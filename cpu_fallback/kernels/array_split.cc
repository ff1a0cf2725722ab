#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// The outputs are parts of the rows of a matrix [outer, size * inner].
Kernel prepare(const KernelRequest& request, int value, int64_t axis) {
  const Shape& input = request.input_shape(value);
  const int at = resolve_axis(axis, input.rank());
  const AroundAxis around(input, at);
  const int64_t row = around.size * around.inner;
  struct Part {
    StridedCopy copy;
    int64_t offset;
  };
  std::vector<Part> parts;
  int64_t offset = 0;
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    const int64_t width = request.output_shape(static_cast<int>(i))[at] * around.inner;
    parts.push_back({StridedCopy({around.outer, width}, {row, 1}, {width, 1}), offset});
    offset += width;
  }
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [parts, value](const Launch& args) {
      for (size_t i = 0; i < parts.size(); ++i) {
        parts[i].copy(args, args.input<T>(value) + parts[i].offset,
                      args.output<T>(static_cast<int>(i)));
      }
    }};
  });
}

Kernel prepare_split(const KernelRequest& request) {
  return prepare(request, 1, integer(request, 0));
}

Kernel prepare_split_v(const KernelRequest& request) {
  return prepare(request, 0, integer(request, 2));
}

}  // namespace

void register_array_split(KernelRegistry& kernels) {
  kernels.add("Split", DType::invalid, prepare_split);
  kernels.add("SplitV", DType::invalid, prepare_split_v);
}

}  // namespace tenon::cpu
