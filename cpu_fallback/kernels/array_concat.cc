#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// The inputs as matrices [outer, size * inner] beside each other.
Kernel prepare_concat(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int count = static_cast<int>(request.inputs.size()) - 1;
  const int axis = resolve_axis(integer(request, count), output.rank());
  const AroundAxis around(output, axis);
  const int64_t row = around.size * around.inner;
  struct Part {
    StridedCopy copy;
    int64_t offset;
  };
  std::vector<Part> parts;
  int64_t offset = 0;
  for (int i = 0; i < count; ++i) {
    const int64_t width = request.input_shape(i)[axis] * around.inner;
    parts.push_back({StridedCopy({around.outer, width}, {width, 1}, {row, 1}), offset});
    offset += width;
  }
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [parts](const Launch& args) {
      for (size_t i = 0; i < parts.size(); ++i) {
        parts[i].copy(args, args.input<T>(static_cast<int>(i)),
                      args.output<T>(0) + parts[i].offset);
      }
    }};
  });
}

}  // namespace

void register_array_concat(KernelRegistry& kernels) {
  kernels.add("ConcatV2", DType::invalid, prepare_concat);
}

}  // namespace tenon::cpu
