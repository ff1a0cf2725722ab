#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// The stacked tensor seen as [outer, count, inner]; a part is [outer, inner].
struct Stacked {
  int64_t outer, count, inner;
  Stacked(const Shape& stacked, int64_t axis) {
    const AroundAxis around(stacked, resolve_axis(axis, stacked.rank()));
    outer = around.outer;
    count = around.size;
    inner = around.inner;
  }
};

Kernel prepare_pack(const KernelRequest& request) {
  const Stacked s(request.output_shape(0), request.attrs->get<int64_t>("axis"));
  const StridedCopy copy({s.outer, s.inner}, {s.inner, 1}, {s.count * s.inner, 1});
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [copy, s](const Launch& args) {
      for (int64_t i = 0; i < s.count; ++i) {
        copy(args, args.input<T>(static_cast<int>(i)), args.output<T>(0) + i * s.inner);
      }
    }};
  });
}

Kernel prepare_unpack(const KernelRequest& request) {
  if (request.outputs.empty()) return {.launch = [](const Launch&) {}};
  const Stacked s(request.input_shape(0), request.attrs->get<int64_t>("axis"));
  const StridedCopy copy({s.outer, s.inner}, {s.count * s.inner, 1}, {s.inner, 1});
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [copy, s](const Launch& args) {
      for (int64_t i = 0; i < s.count; ++i) {
        copy(args, args.input<T>(0) + i * s.inner, args.output<T>(static_cast<int>(i)));
      }
    }};
  });
}

}  // namespace

void register_array_stack(KernelRegistry& kernels) {
  kernels.add("Pack", DType::invalid, prepare_pack);
  kernels.add("Unpack", DType::invalid, prepare_unpack);
}

}  // namespace tenon::cpu
