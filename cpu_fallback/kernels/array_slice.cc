#include "core/backend/strided_slice.h"
#include "core/base/strings.h"
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

using internal::require;

int64_t offset_of(const std::vector<int64_t>& begin, const std::vector<int64_t>& strides) {
  int64_t offset = 0;
  for (size_t i = 0; i < begin.size(); ++i) offset += begin[i] * strides[i];
  return offset;
}

Kernel prepare_slice(const KernelRequest& request) {
  const Shape &input = request.input_shape(0), &output = request.output_shape(0);
  const std::vector<int64_t> begin = integers(request, 1), strides = row_major_strides(input);
  for (int i = 0; i < input.rank(); ++i) {
    const int64_t first = begin[static_cast<size_t>(i)];
    require(first >= 0 && first <= input[i], ErrorKind::shape_incompatible, "Expected begin[", i,
            "] in [0, ", input[i], "], but got ", first);
    require(output[i] <= input[i] - first, ErrorKind::shape_incompatible, "Expected size[", i,
            "] in [0, ", input[i] - first, "], but got ", output[i], ": the input has shape ",
            input, " and begin is [", internal::join(begin), "]");
  }
  const auto sizes = output.sizes();
  return copy_kernel(request, 0,
                     StridedCopy({sizes.begin(), sizes.end()}, strides, row_major_strides(output)),
                     offset_of(begin, strides));
}

// What a strided slice of a tensor of `shape` takes; begin, end and strides are the inputs from
// `first` on.
internal::StridedSlicePlan plan_of(const KernelRequest& request, int first, const Shape& shape) {
  const auto mask = [&](std::string_view name) { return request.attrs->get<int64_t>(name); };
  return internal::plan_strided_slice(shape, {.begin = integers(request, first),
                                              .end = integers(request, first + 1),
                                              .strides = integers(request, first + 2),
                                              .begin_mask = mask("begin_mask"),
                                              .end_mask = mask("end_mask"),
                                              .ellipsis_mask = mask("ellipsis_mask"),
                                              .new_axis_mask = mask("new_axis_mask"),
                                              .shrink_axis_mask = mask("shrink_axis_mask")});
}

// The strides of the taken elements within the whole tensor.
std::vector<int64_t> taken_strides(const internal::StridedSlicePlan& plan,
                                   const std::vector<int64_t>& whole) {
  std::vector<int64_t> strides;
  for (size_t i = 0; i < whole.size(); ++i) strides.push_back(whole[i] * plan.strides[i]);
  return strides;
}

Kernel prepare_strided_slice(const KernelRequest& request) {
  const Shape& input = request.input_shape(0);
  const internal::StridedSlicePlan plan = plan_of(request, 1, input);
  const std::vector<int64_t> whole = row_major_strides(input);
  return copy_kernel(
      request, 0,
      StridedCopy(plan.counts, taken_strides(plan, whole), row_major_strides(Shape(plan.counts))),
      offset_of(plan.begin, whole));
}

// dy is put back where it was taken, among zeros.
Kernel prepare_strided_slice_grad(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const internal::StridedSlicePlan plan = plan_of(request, 1, output);
  const std::vector<int64_t> whole = row_major_strides(output);
  const StridedCopy copy(plan.counts, row_major_strides(Shape(plan.counts)),
                         taken_strides(plan, whole));
  const int64_t offset = offset_of(plan.begin, whole), size = output.element_count();
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [copy, offset, size](const Launch& args) {
      T* dx = args.output<T>(0);
      std::fill(dx, dx + size, T{});
      copy(args, args.input<T>(4), dx + offset);
    }};
  });
}

}  // namespace

void register_array_slice(KernelRegistry& kernels) {
  kernels.add("Slice", DType::invalid, prepare_slice);
  kernels.add("StridedSlice", DType::invalid, prepare_strided_slice);
  kernels.add("StridedSliceGrad", DType::invalid, prepare_strided_slice_grad);
}

}  // namespace tenon::cpu
