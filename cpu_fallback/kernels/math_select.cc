// Select, TensorFlow 1's: the condition is of the shape of the values, a scalar, or a vector that
// chooses among their rows.
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

Kernel prepare_select(const KernelRequest& request) {
  const int64_t conditions = request.input_shape(0).element_count();
  const int64_t row = internal::elements_a_condition(request);
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [conditions, row](const Launch& args) {
      const bool* which = args.input<bool>(0);
      for_rows(args, conditions, row, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          std::copy_n(args.input<T>(which[i] ? 1 : 2) + i * row, row, args.output<T>(0) + i * row);
        }
      });
    }};
  });
}

}  // namespace

void register_math_select(KernelRegistry& kernels) {
  kernels.add("Select", DType::invalid, prepare_select);
}

}  // namespace tenon::cpu
