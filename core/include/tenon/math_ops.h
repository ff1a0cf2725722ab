// Arithmetic, comparisons, reductions, matrices. Included by tenon/ops.h, which says what all
// share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"

namespace tenon {

// Elementwise, of two tensors of one dtype whose shapes broadcast (numpy's rule): sizes are
// compared from the last on, and must be equal unless one is 1 or missing.
TENON_API Output add(Input x, Input y, const OpOptions& options = {});
TENON_API Output subtract(Input x, Input y, const OpOptions& options = {});
TENON_API Output multiply(Input x, Input y, const OpOptions& options = {});
// Python 3's division: of integers of 32 and 64 bits in float64, of smaller ones in float32.
TENON_API Output divide(Input x, Input y, const OpOptions& options = {});
TENON_API Output truediv(Input x, Input y, const OpOptions& options = {});
// Rounded down; of integers, division by 0 fails when it is run.
TENON_API Output floordiv(Input x, Input y, const OpOptions& options = {});
// The remainder with the divisor's sign.
TENON_API Output mod(Input x, Input y, const OpOptions& options = {});
TENON_API Output floormod(Input x, Input y, const OpOptions& options = {});
TENON_API Output pow(Input x, Input y, const OpOptions& options = {});
TENON_API Output squared_difference(Input x, Input y, const OpOptions& options = {});
// NaN where either is. At ties the gradient goes to x.
TENON_API Output maximum(Input x, Input y, const OpOptions& options = {});
TENON_API Output minimum(Input x, Input y, const OpOptions& options = {});
TENON_API Output div_no_nan(Input x, Input y, const OpOptions& options = {});  // 0 where y is 0

// Comparisons: bool, broadcasting as above.
TENON_API Output equal(Input x, Input y, const OpOptions& options = {});
TENON_API Output not_equal(Input x, Input y, const OpOptions& options = {});
TENON_API Output less(Input x, Input y, const OpOptions& options = {});
TENON_API Output less_equal(Input x, Input y, const OpOptions& options = {});
TENON_API Output greater(Input x, Input y, const OpOptions& options = {});
TENON_API Output greater_equal(Input x, Input y, const OpOptions& options = {});
TENON_API Output logical_and(Input x, Input y, const OpOptions& options = {});
TENON_API Output logical_or(Input x, Input y, const OpOptions& options = {});
TENON_API Output logical_xor(Input x, Input y, const OpOptions& options = {});
TENON_API Output logical_not(Input x, const OpOptions& options = {});

// Elementwise, of one tensor. negative, abs, sign and square are for integers too, the others for
// floating dtypes alone.
TENON_API Output negative(Input x, const OpOptions& options = {});
TENON_API Output abs(Input x, const OpOptions& options = {});
TENON_API Output sign(Input x, const OpOptions& options = {});
TENON_API Output square(Input x, const OpOptions& options = {});
TENON_API Output sqrt(Input x, const OpOptions& options = {});
TENON_API Output rsqrt(Input x, const OpOptions& options = {});
TENON_API Output reciprocal(Input x, const OpOptions& options = {});
TENON_API Output exp(Input x, const OpOptions& options = {});
TENON_API Output expm1(Input x, const OpOptions& options = {});
TENON_API Output log(Input x, const OpOptions& options = {});
TENON_API Output log1p(Input x, const OpOptions& options = {});
TENON_API Output tanh(Input x, const OpOptions& options = {});
TENON_API Output sigmoid(Input x, const OpOptions& options = {});
TENON_API Output sin(Input x, const OpOptions& options = {});
TENON_API Output cos(Input x, const OpOptions& options = {});
TENON_API Output erf(Input x, const OpOptions& options = {});
TENON_API Output floor(Input x, const OpOptions& options = {});
TENON_API Output ceil(Input x, const OpOptions& options = {});
TENON_API Output round(Input x, const OpOptions& options = {});  // halves to even
TENON_API Output is_finite(Input x, const OpOptions& options = {});
TENON_API Output is_nan(Input x, const OpOptions& options = {});
TENON_API Output is_inf(Input x, const OpOptions& options = {});

// x itself when it has that dtype already. Floats become integers by dropping the fraction,
// anything but 0 becomes true.
TENON_API Output cast(Input x, DType dtype, const OpOptions& options = {});

// The sum of tensors of one shape and dtype. Throws ValueError (bad_argument) for none.
TENON_API Output add_n(const Inputs& inputs, const OpOptions& options = {});

struct ReduceOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes axis = {};         // left out: all of them
  bool keepdims = false;  // keep reduced axes, with size 1
  std::string name = {};
};
// Over nothing: sum 0, product 1, mean NaN, maximum -inf, minimum inf, any false, all true.
TENON_API Output reduce_sum(Input input, const ReduceOptions& options = {});
TENON_API Output reduce_mean(Input input, const ReduceOptions& options = {});
TENON_API Output reduce_prod(Input input, const ReduceOptions& options = {});
// The gradient is shared equally among equal largest (smallest) elements.
TENON_API Output reduce_max(Input input, const ReduceOptions& options = {});
TENON_API Output reduce_min(Input input, const ReduceOptions& options = {});
TENON_API Output reduce_any(Input input, const ReduceOptions& options = {});  // of bool
TENON_API Output reduce_all(Input input, const ReduceOptions& options = {});  // of bool
// The same over axes given before the options, an integer or some range of them: reduce_sum(x, 0).
// A list in braces is given by its name, reduce_sum(x, {.axis = {0, 1}}): others don't compile.
template <internal::AxesArgument T>
Output reduce_sum(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_sum(std::move(input), options);
}
template <internal::AxesArgument T>
Output reduce_mean(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_mean(std::move(input), options);
}
template <internal::AxesArgument T>
Output reduce_prod(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_prod(std::move(input), options);
}
template <internal::AxesArgument T>
Output reduce_max(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_max(std::move(input), options);
}
template <internal::AxesArgument T>
Output reduce_min(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_min(std::move(input), options);
}
template <internal::AxesArgument T>
Output reduce_any(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_any(std::move(input), options);
}
template <internal::AxesArgument T>
Output reduce_all(Input input, const T& axis, ReduceOptions options = {}) {
  options.axis = axis;
  return reduce_all(std::move(input), options);
}

struct ArgMaxOptions {
  int64_t axis = 0;
  DType output_type = int64;  // or int32
  std::string name = {};
};
// The index of the largest (smallest) element along an axis, the first of equals.
TENON_API Output argmax(Input input, const ArgMaxOptions& options = {});
TENON_API Output argmin(Input input, const ArgMaxOptions& options = {});

struct CumsumOptions {
  int64_t axis = 0;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  bool exclusive = false;  // each sum without its own element
  bool reverse = false;    // from the end
  std::string name = {};
};
TENON_API Output cumsum(Input x, const CumsumOptions& options = {});
TENON_API Output cumprod(Input x, const CumsumOptions& options = {});

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
// a [..., M, K] times b [..., K, N] -> [..., M, N]; the leading dimensions broadcast.
TENON_API Output matmul(Input a, Input b, const MatmulOptions& options = {});

struct Qr {
  Output q, r;
};
struct QrOptions {
  bool full_matrices = false;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
// input [..., M, N] = q [..., M, P] times r [..., P, N] with P = min(M, N), or M with
// full_matrices.
TENON_API Qr qr(Input input, const QrOptions& options = {});
struct TriangularSolveOptions {
  bool lower = true;     // which triangle of the matrix counts; the other is not read
  bool adjoint = false;  // solve with the matrix transposed
  std::string name = {};
};
// matrix [..., M, M] and rhs [..., M, N] -> x [..., M, N] with matrix times x = rhs.
TENON_API Output matrix_triangular_solve(Input matrix, Input rhs,
                                         const TriangularSolveOptions& options = {});
// [..., M, N] -> [..., min(M, N)]; [..., N] -> [..., N, N].
TENON_API Output matrix_diag_part(Input input, const OpOptions& options = {});
TENON_API Output matrix_diag(Input diagonal, const OpOptions& options = {});

// Each element no smaller than the minimum and no larger than the maximum, which broadcast to t.
TENON_API Output clip_by_value(Input t, Input clip_value_min, Input clip_value_max,
                               const OpOptions& options = {});
struct ClipByNormOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes axes = {};  // over which the norm is taken; left out: all
  std::string name = {};
};
// t scaled down so that its 2-norm is at most clip_norm.
TENON_API Output clip_by_norm(Input t, Input clip_norm, const ClipByNormOptions& options = {});
template <internal::AxesArgument T>
Output clip_by_norm(Input t, Input clip_norm, const T& axes, ClipByNormOptions options = {}) {
  options.axes = axes;
  return clip_by_norm(std::move(t), std::move(clip_norm), options);
}
// t scaled down so that its 2-norm divided by its number of elements is at most clip_norm.
TENON_API Output clip_by_average_norm(Input t, Input clip_norm, const OpOptions& options = {});
// The 2-norm of all elements of all tensors; empty Outputs are left out, as TensorFlow's None.
// Throws ValueError (bad_argument) when nothing is left.
TENON_API Output global_norm(const Inputs& tensors, const OpOptions& options = {},
                             Location where = Location::current());
struct ClippedByGlobalNorm {
  std::vector<Output> tensors;  // empty where the argument was
  Output global_norm;
};
struct ClipByGlobalNormOptions {
  std::optional<Input> use_norm = {};  // the norm, where it is known already
  std::string name = {};
};
TENON_API ClippedByGlobalNorm clip_by_global_norm(const Inputs& tensors, Input clip_norm,
                                                  const ClipByGlobalNormOptions& options = {});

// The tensor itself; a run fails with InvalidArgumentError that says `message` when an element is
// not finite.
TENON_API Output check_numerics(Input tensor, const std::string& message,
                                const OpOptions& options = {});

// Operators name their operations add, sub, mul, truediv, mod, and, or, xor, as Python's do, and
// Neg, Less, LessEqual, Greater, GreaterEqual, LogicalNot. One side is an
// Output or a Variable; the other may be a literal or a Tensor.
using internal::GraphOperand;
using internal::OtherOperand;
TENON_API Output operator+(GraphOperand x, GraphOperand y);
TENON_API Output operator+(GraphOperand x, OtherOperand y);
TENON_API Output operator+(OtherOperand x, GraphOperand y);
TENON_API Output operator-(GraphOperand x, GraphOperand y);
TENON_API Output operator-(GraphOperand x, OtherOperand y);
TENON_API Output operator-(OtherOperand x, GraphOperand y);
TENON_API Output operator*(GraphOperand x, GraphOperand y);
TENON_API Output operator*(GraphOperand x, OtherOperand y);
TENON_API Output operator*(OtherOperand x, GraphOperand y);
TENON_API Output operator/(GraphOperand x, GraphOperand y);
TENON_API Output operator/(GraphOperand x, OtherOperand y);
TENON_API Output operator/(OtherOperand x, GraphOperand y);
TENON_API Output operator-(GraphOperand x);
// mod: the remainder with the divisor's sign.
TENON_API Output operator%(GraphOperand x, GraphOperand y);
TENON_API Output operator%(GraphOperand x, OtherOperand y);
TENON_API Output operator%(OtherOperand x, GraphOperand y);
// Comparisons, elementwise. (== and != tell whether two handles are of one tensor: the functions
// equal and not_equal compare values.)
TENON_API Output operator<(GraphOperand x, GraphOperand y);
TENON_API Output operator<(GraphOperand x, OtherOperand y);
TENON_API Output operator<(OtherOperand x, GraphOperand y);
TENON_API Output operator<=(GraphOperand x, GraphOperand y);
TENON_API Output operator<=(GraphOperand x, OtherOperand y);
TENON_API Output operator<=(OtherOperand x, GraphOperand y);
TENON_API Output operator>(GraphOperand x, GraphOperand y);
TENON_API Output operator>(GraphOperand x, OtherOperand y);
TENON_API Output operator>(OtherOperand x, GraphOperand y);
TENON_API Output operator>=(GraphOperand x, GraphOperand y);
TENON_API Output operator>=(GraphOperand x, OtherOperand y);
TENON_API Output operator>=(OtherOperand x, GraphOperand y);
// logical_and, logical_or, logical_xor, logical_not: of bool.
TENON_API Output operator&(GraphOperand x, GraphOperand y);
TENON_API Output operator&(GraphOperand x, OtherOperand y);
TENON_API Output operator&(OtherOperand x, GraphOperand y);
TENON_API Output operator|(GraphOperand x, GraphOperand y);
TENON_API Output operator|(GraphOperand x, OtherOperand y);
TENON_API Output operator|(OtherOperand x, GraphOperand y);
TENON_API Output operator^(GraphOperand x, GraphOperand y);
TENON_API Output operator^(GraphOperand x, OtherOperand y);
TENON_API Output operator^(OtherOperand x, GraphOperand y);
TENON_API Output operator~(GraphOperand x);

}  // namespace tenon
