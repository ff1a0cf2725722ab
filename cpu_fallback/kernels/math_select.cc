// Select, TensorFlow 1's: the condition is of the shape of the values, a scalar, or a vector that
// chooses among their rows.
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

Kernel prepare_select(const KernelRequest& request) {
  const Shape &condition = request.input_shape(0), &shape = request.output_shape(0);
  const int64_t size = shape.element_count(), conditions = condition.element_count();
  const bool fits = condition == shape || condition.rank() == 0 ||
                    (condition.rank() == 1 && shape.rank() >= 1 && condition[0] == shape[0]);
  require(fits, ErrorKind::shape_incompatible, "Inputs to operation Select must have the same ",
          "size and shape, or the condition must be a vector over their first axis: ", condition,
          " and ", shape);
  const int64_t row = conditions == 0 ? 0 : size / conditions;
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
