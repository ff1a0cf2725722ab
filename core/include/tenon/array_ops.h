// Constants, placeholders, and what moves elements. Included by tenon/ops.h, which says what all
// share.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/op_arguments.h"
#include "tenon/slicing.h"

namespace tenon {

struct ConstantOptions {
  DType dtype = DType::invalid;    // left out: the value's (float32 or int32 of a literal)
  Shape shape = Shape::unknown();  // left out: the value's; else the last element fills it up
  std::string name = {};           // "Const"
};
// Throws TypeError (dtype_incompatible) when the value would lose something in that dtype,
// ValueError (shape_incompatible) when it has more elements than the shape.
TENON_API Output constant(Input value, const ConstantOptions& options = {});

// A value that each run must feed.
TENON_API Output placeholder(DType dtype, const Shape& shape = Shape::unknown(),
                             const OpOptions& options = {}, Location where = Location::current());
// `input` unless a run feeds it. The shape must be compatible with the input's.
TENON_API Output placeholder_with_default(Input input, const Shape& shape,
                                          const OpOptions& options = {});

TENON_API Output identity(Input input, const OpOptions& options = {});
// All of them, of whatever dtypes, as the results of one operation.
TENON_API std::vector<Output> identity_n(const Inputs& inputs, const OpOptions& options = {});
// The value itself, through which no gradient flows.
TENON_API Output stop_gradient(Input input, const OpOptions& options = {});
TENON_API Operation no_op(const OpOptions& options = {}, Location where = Location::current());
// An operation that is done when all of these are.
TENON_API Operation group(const ControlInputs& inputs, const OpOptions& options = {},
                          Location where = Location::current());
// The tensors, available when all of them and `control_inputs` are.
TENON_API std::vector<Output> tuple(const Inputs& tensors, const ControlInputs& control_inputs = {},
                                    const OpOptions& options = {},
                                    Location where = Location::current());

struct ShapeOptions {
  DType out_type = int32;  // or int64
  std::string name = {};
};
// The shape as a vector, the number of elements, the number of dimensions.
TENON_API Output shape(Input input, const ShapeOptions& options = {});
TENON_API Output size(Input input, const ShapeOptions& options = {});
TENON_API Output rank(Input input, const OpOptions& options = {});

// The same elements under another shape; one size may be -1: what is left.
TENON_API Output reshape(Input tensor, Integers shape, const OpOptions& options = {});
// A new axis of size 1 before `axis` (after the last for -1).
TENON_API Output expand_dims(Input input, Input axis, const OpOptions& options = {});
struct SqueezeOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes axis = {};  // left out: every axis of size 1
  std::string name = {};
};
TENON_API Output squeeze(Input input, const SqueezeOptions& options = {});
template <internal::AxesArgument T>
Output squeeze(Input input, const T& axis, SqueezeOptions options = {}) {
  options.axis = axis;
  return squeeze(std::move(input), options);
}
struct TransposeOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes perm = {};  // output axis i is input axis perm[i]; left out: reversed
  std::string name = {};
};
TENON_API Output transpose(Input a, const TransposeOptions& options = {});
template <internal::AxesArgument T>
Output transpose(Input a, const T& perm, TransposeOptions options = {}) {
  options.perm = perm;
  return transpose(std::move(a), options);
}
TENON_API Output broadcast_to(Input input, Integers shape, const OpOptions& options = {});

TENON_API Output fill(Integers dims, Input value, const OpOptions& options = {});
TENON_API Output zeros(Integers shape, DType dtype = float32, const OpOptions& options = {});
TENON_API Output ones(Integers shape, DType dtype = float32, const OpOptions& options = {});
struct LikeOptions {
  DType dtype = DType::invalid;  // left out: the tensor's
  std::string name = {};
};
TENON_API Output zeros_like(Input tensor, const LikeOptions& options = {});
TENON_API Output ones_like(Input tensor, const LikeOptions& options = {});
// start, start + delta, ... before limit; scalars of one dtype.
struct RangeOptions {
  DType dtype = DType::invalid;
  std::string name = {};
};
TENON_API Output range(Input limit, const RangeOptions& options = {});
TENON_API Output range(Input start, Input limit, Input delta = 1, const RangeOptions& options = {});

// Tensors of one rank, joined along an axis. Of one tensor, that tensor.
TENON_API Output concat(const Inputs& values, Input axis, const OpOptions& options = {});
struct StackOptions {
  int64_t axis = 0;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
// Tensors of one shape along a new axis.
TENON_API Output stack(const Inputs& values, const StackOptions& options = {});
struct UnstackOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<int64_t> num = {};  // left out: the axis's size, which must be known
  int64_t axis = 0;
  std::string name = {};
};
TENON_API std::vector<Output> unstack(Input value, const UnstackOptions& options = {});
struct SplitOptions {
  int64_t axis = 0;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
namespace internal {
TENON_API std::vector<Output> split_evenly(Input value, int64_t num, const SplitOptions& options);
}  // namespace internal
// Parts of those sizes (one of them may be -1: what is left), or `num` equal parts: split(x, {3,
// 2}) gives two, split(x, 2) too, split(x, {2}) one.
TENON_API std::vector<Output> split(Input value, const std::vector<int64_t>& sizes,
                                    const SplitOptions& options = {});
template <std::integral T>
std::vector<Output> split(Input value, T num, const SplitOptions& options = {}) {
  return internal::split_evenly(std::move(value), internal::to_int64(num), options);
}

// size[i] elements from begin[i] on; -1 is all that are left.
TENON_API Output slice(Input input, Integers begin, Integers size, const OpOptions& options = {});
struct StridedSliceOptions {
  std::vector<int64_t> strides = {};  // left out: ones
  int64_t begin_mask = 0;             // bit i: begin[i] doesn't count
  int64_t end_mask = 0;
  int64_t ellipsis_mask = 0;     // bit i: entry i stands for all axes not named
  int64_t new_axis_mask = 0;     // bit i: entry i makes an axis of size 1
  int64_t shrink_axis_mask = 0;  // bit i: entry i takes one element and drops the axis
  std::string name = {};
};
// Python's slices: begin[i], begin[i] + strides[i], ... before end[i]. (x[...] is easier to read:
// tenon/slicing.h.)
TENON_API Output strided_slice(Input input, Integers begin, Integers end,
                               const StridedSliceOptions& options = {});
struct PadOptions {
  std::string mode = "CONSTANT";  // "REFLECT", "SYMMETRIC"
  Input constant_values = 0;
  std::string name = {};
};
// paddings [rank, 2]: how many elements to add before and after each axis.
TENON_API Output pad(Input tensor, Input paddings, const PadOptions& options = {});
TENON_API Output tile(Input input, Integers multiples, const OpOptions& options = {});

struct GatherOptions {
  int64_t axis = 0;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
// params[..., indices, ...] along an axis. An index out of range fails when it is run
// (InvalidArgumentError, index_out_of_range).
TENON_API Output gather(Input params, Input indices, const GatherOptions& options = {});
struct OneHotOptions {
  std::optional<Input> on_value = {};   // left out: 1
  std::optional<Input> off_value = {};  // left out: 0
  int64_t axis = -1;
  DType dtype = DType::invalid;  // left out: that of on_value or off_value, else float32
  std::string name = {};
};
TENON_API Output one_hot(Input indices, Input depth, const OneHotOptions& options = {});

// x where the condition holds, else y. The condition has the shape of x and y, or is a scalar, or a
// vector that chooses along the first axis.
TENON_API Output where(Input condition, Input x, Input y, const OpOptions& options = {});
// The indices of true (non-zero) elements, in row-major order: int64 [n, rank].
TENON_API Output where(Input condition, const OpOptions& options = {});
struct BooleanMaskOptions {
  int64_t axis = 0;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
// The elements of `tensor` where the mask, along its first axes, is true.
TENON_API Output boolean_mask(Input tensor, Input mask, const BooleanMaskOptions& options = {});

}  // namespace tenon
