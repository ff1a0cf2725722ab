#include "core/kernels/copy_plan.h"
#include "core/base/check.h"

#include <algorithm>

#include "core/kernels/strided_slice.h"

namespace tenon::internal {
namespace {

std::vector<int64_t> sizes_of(const Shape& shape) {
  return {shape.sizes().begin(), shape.sizes().end()};
}

int64_t offset_of(const std::vector<int64_t>& begin, const std::vector<int64_t>& strides) {
  int64_t offset = 0;
  for (size_t i = 0; i < begin.size(); ++i) offset += begin[i] * strides[i];
  return offset;
}

// Parts of a matrix [outer, size * inner] beside each other: between it and the lists' tensors.
CopyPlan plan_parts(const Shape& whole, int axis, int count, bool joins, int whole_index,
                    const KernelRequest& request) {
  const AroundAxis around(whole, axis);
  const int64_t row = around.size * around.inner;
  CopyPlan plan;
  int64_t offset = 0;
  for (int i = 0; i < count; ++i) {
    const Shape& part = joins ? request.input_shape(i) : request.output_shape(i);
    const int64_t width = part[axis] * around.inner;
    if (joins) {
      plan.parts.push_back({i, 0, 0, offset, {{around.outer, width}, {width, 1}, {row, 1}}});
    } else {
      plan.parts.push_back(
          {whole_index, i, offset, 0, {{around.outer, width}, {row, 1}, {width, 1}}});
    }
    offset += width;
  }
  return plan;
}

CopyPlan plan_split_of(const KernelRequest& request, int value, int64_t axis) {
  const Shape& input = request.input_shape(value);
  return plan_parts(input, resolve_axis(axis, input.rank()),
                    static_cast<int>(request.outputs.size()), false, value, request);
}

// What a strided slice of a tensor of `shape` takes; begin, end and strides are the inputs from 1.
StridedSlicePlan taken_by(const KernelRequest& request, const Shape& shape) {
  StridedSliceArguments arguments = {
      .begin = integers(request, 1), .end = integers(request, 2), .strides = integers(request, 3)};
  arguments.set_masks(*request.attrs);
  return plan_strided_slice(shape, arguments);
}

// The strides of the taken elements within the whole tensor.
std::vector<int64_t> taken_strides(const StridedSlicePlan& plan,
                                   const std::vector<int64_t>& whole) {
  std::vector<int64_t> strides;
  for (size_t i = 0; i < whole.size(); ++i) strides.push_back(whole[i] * plan.strides[i]);
  return strides;
}

// The strides, along the axes of the whole tensor, of a value that is broadcast to what is taken.
std::vector<int64_t> broadcast_strides(const Shape& value, const StridedSlicePlan& taken) {
  const std::vector<int64_t> own = row_major_strides(value);
  std::vector<int64_t> strides(taken.counts.size(), 0);
  const int missing = taken.output.rank() - value.rank();
  bool fits = true;
  for (int i = 0; i < value.rank(); ++i) {
    const int at = i + missing;
    fits = fits && (value[i] == 1 || (at >= 0 && value[i] == taken.output[at]));
    if (!fits || value[i] == 1) continue;
    const int axis = taken.axis_of[static_cast<size_t>(at)];
    strides[static_cast<size_t>(axis)] = own[static_cast<size_t>(i)];
  }
  require(fits, ErrorKind::shape_incompatible, "A value of shape ", value,
          " can't be assigned to a slice of shape ", taken.output);
  return strides;
}

std::vector<int> permutation(const KernelRequest& request) {
  std::vector<int> axes;
  for (const int64_t axis : integers(request, 1)) {
    axes.push_back(resolve_axis(axis, request.output_shape(0).rank()));
  }
  return axes;
}

// A matrix [outer, inner] of the stacked tensor [outer, count, inner].
CopyPlan plan_stack(const Shape& stacked, int64_t axis, bool joins) {
  const AroundAxis s(stacked, resolve_axis(axis, stacked.rank()));
  CopyPlan plan;
  for (int64_t i = 0; i < s.size; ++i) {
    const std::vector<int64_t> part = {s.inner, 1}, whole = {s.size * s.inner, 1};
    const int index = static_cast<int>(i);
    if (joins) {
      plan.parts.push_back({index, 0, 0, i * s.inner, {{s.outer, s.inner}, part, whole}});
    } else {
      plan.parts.push_back({0, index, i * s.inner, 0, {{s.outer, s.inner}, whole, part}});
    }
  }
  return plan;
}

}  // namespace

CopyAxes::CopyAxes(const std::vector<int64_t>& sizes, const std::vector<int64_t>& from,
                   const std::vector<int64_t>& to) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    count *= sizes[i];
    if (sizes[i] == 1) continue;
    const bool joins = !axes.empty() && axes.back().from == from[i] * sizes[i] &&
                       axes.back().to == to[i] * sizes[i];
    if (joins) {
      axes.back() = {axes.back().size * sizes[i], from[i], to[i]};
    } else {
      axes.push_back({sizes[i], from[i], to[i]});
    }
  }
  if (axes.empty()) axes.push_back({1, 1, 1});
}

CopyPlan plan_concat(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int count = static_cast<int>(request.inputs.size()) - 1;
  const int axis = resolve_axis(integer(request, count), output.rank());
  return plan_parts(output, axis, count, true, 0, request);
}

CopyPlan plan_split(const KernelRequest& request) {
  return plan_split_of(request, 1, integer(request, 0));
}

CopyPlan plan_split_v(const KernelRequest& request) {
  return plan_split_of(request, 0, integer(request, 2));
}

CopyPlan plan_pack(const KernelRequest& request) {
  return plan_stack(request.output_shape(0), request.attrs->get<int64_t>("axis"), true);
}

CopyPlan plan_unpack(const KernelRequest& request) {
  if (request.outputs.empty()) return {};
  return plan_stack(request.input_shape(0), request.attrs->get<int64_t>("axis"), false);
}

CopyPlan plan_slice(const KernelRequest& request) {
  const Shape &input = request.input_shape(0), &output = request.output_shape(0);
  const std::vector<int64_t> begin = integers(request, 1), strides = row_major_strides(input);
  for (int i = 0; i < input.rank(); ++i) {
    const int64_t first = begin[static_cast<size_t>(i)];
    require(first >= 0 && first <= input[i], ErrorKind::shape_incompatible, "Expected begin[", i,
            "] in [0, ", input[i], "], but got ", first);
    require(output[i] <= input[i] - first, ErrorKind::shape_incompatible, "Expected size[", i,
            "] in [0, ", input[i] - first, "], but got ", output[i], ": the input has shape ",
            input, " and begin is [", join(begin), "]");
  }
  return {.parts = {{0,
                     0,
                     offset_of(begin, strides),
                     0,
                     {sizes_of(output), strides, row_major_strides(output)}}}};
}

CopyPlan plan_strided_slice(const KernelRequest& request) {
  const Shape& input = request.input_shape(0);
  const StridedSlicePlan taken = taken_by(request, input);
  const std::vector<int64_t> whole = row_major_strides(input);
  return {.parts = {{0,
                     0,
                     offset_of(taken.begin, whole),
                     0,
                     {taken.counts, taken_strides(taken, whole),
                      row_major_strides(Shape(taken.counts))}}}};
}

// dy is put back where it was taken, among zeros.
CopyPlan plan_strided_slice_grad(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const StridedSlicePlan taken = taken_by(request, output);
  const std::vector<int64_t> whole = row_major_strides(output);
  return {.parts = {{4,
                     0,
                     0,
                     offset_of(taken.begin, whole),
                     {taken.counts, row_major_strides(Shape(taken.counts)),
                      taken_strides(taken, whole)}}},
          .fill = true};
}

// The value is broadcast to what the slice takes.
CopyPlan plan_strided_slice_assign(const KernelRequest& request) {
  const Shape &variable = request.input_shape(0), &value = request.input_shape(4);
  const StridedSlicePlan taken = taken_by(request, variable);
  const std::vector<int64_t> whole = row_major_strides(variable);
  return {.parts = {{4,
                     0,
                     0,
                     offset_of(taken.begin, whole),
                     {taken.counts, broadcast_strides(value, taken), taken_strides(taken, whole)}}},
          .into_variable = true};
}

CopyPlan plan_pad(const KernelRequest& request) {
  const std::vector<int64_t> paddings = integers(request, 1);
  const Shape& input = request.input_shape(0);
  const std::vector<int64_t> to = row_major_strides(request.output_shape(0));
  int64_t offset = 0;
  for (size_t i = 0; i < to.size(); ++i) offset += paddings[2 * i] * to[i];
  return {.parts = {{0, 0, 0, offset, {sizes_of(input), row_major_strides(input), to}}},
          .fill = true,
          .fill_input = request.inputs.size() == 3 ? 2 : -1};
}

// Each axis is two: which repetition, at stride 0, and where in the input.
CopyPlan plan_tile(const KernelRequest& request) {
  const Shape& input = request.input_shape(0);
  const std::vector<int64_t> multiples = integers(request, 1);
  const std::vector<int64_t> from = row_major_strides(input);
  const std::vector<int64_t> to = row_major_strides(request.output_shape(0));
  std::vector<int64_t> sizes, from_strides, to_strides;
  for (size_t i = 0; i < multiples.size(); ++i) {
    const int64_t size = input[static_cast<int>(i)];
    sizes.insert(sizes.end(), {multiples[i], size});
    from_strides.insert(from_strides.end(), {0, from[i]});
    to_strides.insert(to_strides.end(), {size * to[i], to[i]});
  }
  return {.parts = {{0, 0, 0, 0, {sizes, from_strides, to_strides}}}};
}

CopyPlan plan_transpose(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const std::vector<int64_t> strides = row_major_strides(request.input_shape(0));
  std::vector<int64_t> from;
  for (const int axis : permutation(request)) from.push_back(strides[static_cast<size_t>(axis)]);
  return {.parts = {{0, 0, 0, 0, {sizes_of(output), from, row_major_strides(output)}}}};
}

// The axes from `split` on are turned around so that those from `middle` on come first, and the
// ones before stay.
MatrixTranspose as_matrix_transpose(const KernelRequest& request) {
  const std::vector<int> axes = permutation(request);
  const auto rank = static_cast<int>(axes.size());
  int split = 0;
  while (split < rank && axes[static_cast<size_t>(split)] == split) ++split;
  if (split == rank) return {};
  const int middle = axes[static_cast<size_t>(split)];
  for (int i = split; i < rank; ++i) {
    const int moved = middle + i - split;
    if (axes[static_cast<size_t>(i)] != (moved < rank ? moved : moved - rank + split)) return {};
  }
  const Shape& input = request.input_shape(0);
  return {.batch = count_between(input, 0, split),
          .rows = count_between(input, split, middle),
          .columns = count_between(input, middle, rank)};
}

CopyPlan plan_broadcast(const KernelRequest& request) {
  const Shape &input = request.input_shape(0), &output = request.output_shape(0);
  const int missing = output.rank() - input.rank();
  bool fits = missing >= 0;
  for (int i = 0; fits && i < input.rank(); ++i) {
    fits = input[i] == output[missing + i] || input[i] == 1;
  }
  require(fits, ErrorKind::shape_incompatible, "Incompatible shapes: ", input,
          " can't be broadcast to ", output);
  const std::vector<int64_t> from = broadcast_strides(input, output);
  return {.parts = {{0, 0, 0, 0, {sizes_of(output), from, row_major_strides(output)}}}};
}

CopyPlan plan_matrix_diag_part(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const int64_t rows = shape[-2], columns = shape[-1], size = std::min(rows, columns);
  const int64_t batch = count_between(shape, 0, shape.rank() - 2);
  return {
      .parts = {{0, 0, 0, 0, {{batch, size}, {rows * columns, columns + 1}, {size, int64_t{1}}}}}};
}

CopyPlan plan_matrix_diag(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const int64_t size = shape.back(), batch = count_between(shape, 0, shape.rank() - 1);
  return {.parts = {{0, 0, 0, 0, {{batch, size}, {size, int64_t{1}}, {size * size, size + 1}}}},
          .fill = true};
}

}  // namespace tenon::internal
