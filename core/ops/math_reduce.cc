// Reductions over axes: Sum, Mean, Prod, Max, Min, Any, All; and L2Loss.

#include <limits>
#include <set>

#include "core/backend/backend.h"
#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

Shapes reduced_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  const bool keep = context.attrs.get<bool>("keep_dims");
  const auto axes = context.integers(1);
  if (!input.has_rank()) return {Shape::unknown()};
  if (!axes) {
    if (!keep) return {Shape::unknown()};
    return {Shape(std::vector<int64_t>(static_cast<size_t>(input.rank()), kUnknown))};
  }
  std::set<int> reduced;
  for (const int64_t axis : *axes) {
    const int at = resolve_axis(axis, input.rank(), "reduction dimension");
    // As TensorFlow's, this fails when it is run.
    require<ValueError>(reduced.insert(at).second || !context.planning(), ErrorKind::bad_argument,
                        "Axes of a reduction contain the dimension ", at, " twice: [", join(*axes),
                        "]");
  }
  Shape output;
  for (int i = 0; i < input.rank(); ++i) {
    if (!reduced.contains(i)) {
      output.push_back(input[i]);
    } else if (keep) {
      output.push_back(1);
    }
  }
  return {output};
}

// What a vector of integers reduces to as a whole: the number of elements of a shape, for example.
// In 64 bits, which wrap as the kernels' sums do.
template <class Op, int64_t kStart>
std::optional<Tensor> whole_value(const ShapeContext& context) {
  const Tensor input = context.value(0);
  const auto axes = context.integers(1);
  if (!input || !axes || !is_index_dtype(input.dtype()) || input.shape().rank() != 1 ||
      axes->size() != 1 || context.attrs.get<bool>("keep_dims")) {
    return std::nullopt;
  }
  int64_t result = kStart;
  for (const int64_t number : to_integers(input)) result = Op()(result, number);
  return integer_tensor(input.dtype(), Shape{}, {result});
}

// Of nothing the kernels answer the dtype's lowest number: that isn't folded.
std::optional<Tensor> largest_value(const ShapeContext& context) {
  const Tensor input = context.value(0);
  if (!input || input.element_count() == 0) return std::nullopt;
  return whole_value<scalar::Maximum, std::numeric_limits<int64_t>::min()>(context);
}

// The shape of the result with reduced axes kept as 1, where only a run knows the axes or the rank.
Output kept_shape(const Output& input, const Output& axes) {
  const Output sizes = shape(input), rank = size(sizes);
  const Output positions = mod(reshape(cast(axes, int32), {-1}), rank);
  const Output reduced = reduce_max(one_hot(positions, rank, {.dtype = int32}), {.axis = 0});
  return sizes * (1 - reduced) + reduced;
}

// A result or its gradient with the reduced axes put back, as size 1.
Output with_kept_axes(const Operation& op, const Output& reduced) {
  if (op.node()->attrs.get<bool>("keep_dims")) return reduced;
  const Shape input = op.input(0).shape();
  const Tensor axes = constant_value({op.input(1).op().node(), op.input(1).index()});
  if (!input.has_rank() || !axes) return reshape(reduced, kept_shape(op.input(0), op.input(1)));
  std::set<int> sorted;
  for (const int64_t axis : to_integers(axes)) sorted.insert(resolve_axis(axis, input.rank()));
  if (static_cast<int>(sorted.size()) == input.rank()) {
    return reshape(reduced, std::vector<int64_t>(sorted.size(), 1));
  }
  Output result = reduced;
  for (const int axis : sorted) result = expand_dims(result, axis);
  return result;
}

Outputs sum_gradient(const Operation& op, const Outputs& dy) {
  return {broadcast_to(with_kept_axes(op, dy[0]), shape_argument(op.input(0))), Output()};
}

// Divided in float32 at least: float16 has no number for 65,520 elements and more.
Outputs mean_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), y = op.output(0);
  const DType dtype = dy[0].dtype();
  const Output whole = dtype == float16 || dtype == bfloat16 ? cast(dy[0], float32) : dy[0];
  const int64_t from = count_of(x.shape()), to = count_of(y.shape());
  Output share;
  if (from >= 0 && to >= 0) {
    const int64_t count = from / std::max<int64_t>(to, 1);
    share = whole / static_cast<double>(count);
  } else {
    const Output number =
        floordiv(size(x, {.out_type = int64}), maximum(size(y, {.out_type = int64}), 1));
    share = whole / cast(number, whole.dtype());
  }
  return {broadcast_to(with_kept_axes(op, cast(share, dtype)), shape_argument(x)), Output()};
}

// Equal largest (smallest) elements share the gradient.
Outputs extreme_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0);
  const Output y = with_kept_axes(op, op.output(0)), gradient = with_kept_axes(op, dy[0]);
  const Output chosen = cast(equal(y, x), gradient.dtype());
  const Output count = add_output("Sum", {chosen, op.input(1)}, {.attrs = {{"keep_dims", true}}});
  return {chosen / count * gradient, Output()};
}

// The product of all the others, by running products from both ends: right beside zeros too.
Outputs prod_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0);
  const Tensor known = constant_value({op.input(1).op().node(), op.input(1).index()});
  require<UnimplementedError>(known && x.shape().has_rank(), ErrorKind::bad_argument,
                              "The gradient of '", op.name(),
                              "' (Prod) needs axes and a rank that are known");
  const int rank = x.shape().rank();
  std::vector<int64_t> perm, inverse(static_cast<size_t>(rank));
  std::set<int> reduced;
  for (const int64_t axis : to_integers(known)) reduced.insert(resolve_axis(axis, rank));
  for (const int axis : reduced) perm.push_back(axis);
  for (int i = 0; i < rank; ++i) {
    if (!reduced.contains(i)) perm.push_back(i);
  }
  for (size_t i = 0; i < perm.size(); ++i) {
    inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  }
  const Output permuted = transpose(x, {.perm = perm});
  const Output sizes = shape(permuted);
  const int count = static_cast<int>(reduced.size());
  const Output first = reduce_prod(slice(sizes, {0}, {count}));
  const Output last = reduce_prod(slice(sizes, {count}, {rank - count}));
  const Output matrix = reshape(permuted, {Input(first), Input(last)});
  const Output others = cumprod(matrix, {.axis = 0, .exclusive = true}) *
                        cumprod(matrix, {.axis = 0, .exclusive = true, .reverse = true});
  const Output back = transpose(reshape(others, sizes), {.perm = inverse});
  return {with_kept_axes(op, dy[0]) * reshape(back, shape_argument(x)), Output()};
}

Outputs l2_loss_gradient(const Operation& op, const Outputs& dy) { return {op.input(0) * dy[0]}; }

bool reduces_within_rows(const KernelRequest& request) {
  const int rank = request.input_shape(0).rank();
  for (const int64_t axis : to_integers(request.value(1))) {
    if (resolve_axis(axis, rank) == 0) return false;
  }
  return rank > 0;
}

OpDef reduction(const char* name, GradientFunction gradient, ValueFunction value = nullptr) {
  return {.name = name,
          .inputs = {"input: T", "reduction_indices: Tidx"},
          .outputs = {"output: T"},
          .defaults = {{"keep_dims", false}, {"Tidx", int32}},
          .types = {{"T", kNumbers}, {"Tidx", kIndices}},
          .shape = reduced_shape,
          .gradient = gradient,
          .value = value,
          .needs_value = {1},
          .by_rows = reduces_within_rows};
}

// The axes as an operation's argument.
Input axes_argument(const Axes& axes, const Output& input) {
  if (axes.given()) {
    const Shape shape = axes.is_list() ? Shape{static_cast<int64_t>(axes.list().size())} : Shape{};
    return Input::weak(Tensor::from<int64_t>(axes.list(), shape));
  }
  const Shape shape = input.shape();
  if (!shape.has_rank()) return range(0, rank(input));
  std::vector<int64_t> all(static_cast<size_t>(shape.rank()));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  return make_constant(integer_tensor(int32, {shape.rank()}, all));
}

Output reduce(const char* type, const Input& input, const ReduceOptions& options) {
  const CallerLine line(input.where());
  const std::vector<Input> inputs = {input};
  const ScopeGuard graph = graph_of(inputs).as_default();
  const Output x =
      as_output(input, options.name.empty() ? str(type, "/input") : str(options.name, "/input"));
  const bool to_one = !options.axis.given() && !options.keepdims;  // also of an unknown rank
  return add_output(type, {x, axes_argument(options.axis, x)},
                    {.name = options.name,
                     .attrs = {{"keep_dims", options.keepdims}},
                     .shape = to_one ? std::optional(Shape()) : std::nullopt,
                     .where = input.where()});
}

}  // namespace

void register_math_reduce(OpRegistry& ops) {
  ops.add(reduction("Sum", sum_gradient, whole_value<scalar::Add, 0>));
  ops.add(reduction("Mean", mean_gradient));
  ops.add(reduction("Prod", prod_gradient, whole_value<scalar::Multiply, 1>));
  ops.add(reduction("Max", extreme_gradient, largest_value));
  ops.add(reduction("Min", extreme_gradient));
  for (const char* name : {"Any", "All"}) {
    OpDef def = reduction(name, nullptr);
    def.inputs[0] = "input: bool";
    def.outputs[0] = "output: bool";
    def.types.erase("T");
    def.differentiable = false;
    ops.add(std::move(def));
  }
  ops.add({.name = "L2Loss",
           .inputs = {"t: T"},
           .outputs = {"output: T"},
           .types = {{"T", kFloats}},
           .shape = scalar_shape,
           .gradient = l2_loss_gradient});
}

}  // namespace internal

Output reduce_sum(Input input, const ReduceOptions& options) {
  return internal::reduce("Sum", input, options);
}
Output reduce_mean(Input input, const ReduceOptions& options) {
  return internal::reduce("Mean", input, options);
}
Output reduce_prod(Input input, const ReduceOptions& options) {
  return internal::reduce("Prod", input, options);
}
Output reduce_max(Input input, const ReduceOptions& options) {
  return internal::reduce("Max", input, options);
}
Output reduce_min(Input input, const ReduceOptions& options) {
  return internal::reduce("Min", input, options);
}
Output reduce_any(Input input, const ReduceOptions& options) {
  return internal::reduce("Any", input, options);
}
Output reduce_all(Input input, const ReduceOptions& options) {
  return internal::reduce("All", input, options);
}
Output nn::l2_loss(Input t, const OpOptions& options) {
  return internal::add_output("L2Loss", {t}, {.name = options.name});
}

}  // namespace tenon
