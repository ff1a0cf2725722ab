// Tensors made of few values: Fill, zeros, ones, ranges, one-hot vectors.

#include <cmath>

#include "core/base/check.h"
#include "core/graph/size_rules.h"
#include "core/kernels/scalar_ops.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "core/tensor/buffer.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

std::optional<Tensor> fill_value(const ShapeContext& context) {
  const auto dims = context.integers(0), value = context.integers(1);
  if (!dims || !value || value->size() != 1) return std::nullopt;
  const Shape shape{std::vector<int64_t>(*dims)};
  if (!shape.fully_defined() || shape.element_count() > kMostElementsFolded) return std::nullopt;
  return integer_tensor(
      context.value(1).dtype(), shape,
      std::vector<int64_t>(static_cast<size_t>(shape.element_count()), (*value)[0]));
}

Shapes fill_shape(const ShapeContext& context) {
  with_rank(context.inputs[1], 0, "the value of fill");
  return shape_from_value(context);
}

Outputs fill_gradient(const Operation&, const Outputs& dy) { return {Output(), reduce_sum(dy[0])}; }

// A range whose three arguments are known.
template <typename T>
struct Range {
  T from, step;
  int64_t count;
};

template <typename T>
Range<T> range_of(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  const T from = start.scalar<T>(), to = limit.scalar<T>(), step = delta.scalar<T>();
  require<ValueError>(step != 0, ErrorKind::bad_argument, "Requires delta != 0 in a range");
  require<ValueError>(step > 0 ? from <= to : from >= to, ErrorKind::bad_argument,
                      "Requires start ", step > 0 ? "<=" : ">=", " limit when delta ",
                      step > 0 ? ">" : "<", " 0: ", from, " and ", to);
  double count = 0.0;
  if constexpr (std::is_integral_v<T>) {  // unsigned: the distance may be beyond T
    const auto far = [](T a, T b) { return static_cast<uint64_t>(b) - static_cast<uint64_t>(a); };
    const uint64_t distance = step > 0 ? far(from, to) : far(to, from),
                   by = step > 0 ? static_cast<uint64_t>(step) : far(step, 0);
    const uint64_t whole = distance / by + (distance % by != 0 ? 1 : 0);
    if (whole < uint64_t{1} << 62) return {from, step, static_cast<int64_t>(whole)};
    count = static_cast<double>(whole);
  } else {
    count = std::ceil(std::abs((to - from) / step));
  }
  require<ValueError>(count < 0x1p63, ErrorKind::bad_argument,
                      "Requires ((limit - start) / delta) <= 9223372036854775807 in a range");
  return {from, step, static_cast<int64_t>(count)};
}

// Calls `with` with the range; nothing unless all three arguments are known scalars.
template <typename With>
auto with_range(const ShapeContext& context, With with)
    -> std::optional<decltype(with(Range<float>()))> {
  const Tensor start = context.value(0), limit = context.value(1), delta = context.value(2);
  if (!start || !limit || !delta) return std::nullopt;
  switch (start.dtype()) {
    case DType::int32:
      return with(range_of<int32_t>(start, limit, delta));
    case DType::int64:
      return with(range_of<int64_t>(start, limit, delta));
    case DType::float32:
      return with(range_of<float>(start, limit, delta));
    case DType::float64:
      return with(range_of<double>(start, limit, delta));
    default:
      return std::nullopt;
  }
}

Shapes range_shape(const ShapeContext& context) {
  for (const Shape& input : context.inputs) with_rank(input, 0, "an argument of range");
  const auto count = with_range(context, [](const auto& range) { return range.count; });
  return {Shape{count.value_or(kUnknown)}};
}

template <typename T>
Tensor elements_of(const Range<T>& range) {
  if (range.count > kMostElementsFolded) return {};  // a kernel makes them when they are wanted
  Tensor tensor = uninitialized_tensor(dtype_of<T>, {range.count});
  int64_t i = 0;
  for (T& element : tensor.mutable_data<T>()) {
    element = scalar::RangeElement()(range.from, range.step, i++);
  }
  return tensor;
}

std::optional<Tensor> range_value(const ShapeContext& context) {
  const auto value = with_range(context, [](const auto& range) { return elements_of(range); });
  return value && *value ? value : std::nullopt;
}

Shapes one_hot_shape(const ShapeContext& context) {
  const Shape& indices = context.inputs[0];
  with_rank(context.inputs[1], 0, "depth");
  with_rank(context.inputs[2], 0, "on_value");
  with_rank(context.inputs[3], 0, "off_value");
  if (!indices.has_rank()) return {Shape::unknown()};
  const auto depth = context.integers(1);
  require<ValueError>(!depth || (*depth)[0] >= 0, ErrorKind::shape_incompatible,
                      "depth must be non-negative, got: ", depth ? (*depth)[0] : 0);
  const int axis = resolve_axis(context.attrs.get<int64_t>("axis"), indices.rank() + 1);
  return {with_inserted(indices, axis, depth ? (*depth)[0] : kUnknown)};
}

void register_likes(OpRegistry& ops) {
  for (const char* name : {"ZerosLike", "OnesLike"}) {
    ops.add({.name = name,
             .inputs = {"x: T"},
             .outputs = {"y: T"},
             .shape = shape_of_first,
             .differentiable = false,
             .shape_only = {0}});
  }
}

constexpr int64_t kLargestConstant = 1000;  // that zeros and ones make, of elements (TensorFlow's)

Tensor number_of(DType dtype, int64_t number) {
  if (dtype == bool_) return Tensor(number != 0);
  if (dtype == string) return Tensor(std::string(number == 0 ? "" : "1"));
  const Tensor value = convert_literal(Tensor(number), dtype);
  require<TypeError>(static_cast<bool>(value), ErrorKind::dtype_incompatible,
                     "There is no constant ", number, " of dtype ", dtype);
  return value;
}

// zeros and ones: a constant when it is small, else Fill.
Output filled(const char* scope_name, const Integers& dims, DType dtype, int64_t number,
              const OpOptions& options) {
  const CallerLine line(dims.where());
  const OpScope scope(options.name, scope_name, dims.tensors());
  if (dims.known()) {
    const Shape shape(dims.numbers());
    check_sizes(shape);
    require<ValueError>(shape.fully_defined(), ErrorKind::shape_incompatible, "The shape ", shape,
                        " of a constant must be fully defined");
    if (shape.element_count() < kLargestConstant) {
      if (number == 0) return make_constant(Tensor(dtype, shape), scope.name(), dims.where());
      return constant(Input(number_of(dtype, number), dims.where()),
                      {.shape = shape, .name = scope.name()});
    }
  }
  return add_output(
      "Fill",
      {dims.as_input("packed"), make_constant(number_of(dtype, number), "Const", dims.where())},
      {.name = scope.name()});
}

Output like(const char* type, const Input& tensor, int64_t number, const LikeOptions& options) {
  const OpScope scope(options.name, number == 0 ? "zeros_like" : "ones_like", {tensor});
  const Output x = as_output(tensor, "tensor");
  const DType dtype = options.dtype == DType::invalid ? x.dtype() : options.dtype;
  if (x.shape().fully_defined()) {
    return filled("", Integers(x.shape(), tensor.where()), dtype, number, {.name = scope.name()});
  }
  if (dtype == x.dtype()) return add_output(type, {x}, {.name = scope.name()});
  return fill(shape(x), number_of(dtype, number), {.name = scope.name()});
}

}  // namespace

void register_array_fill(OpRegistry& ops) {
  register_likes(ops);
  ops.add({.name = "Fill",
           .inputs = {"dims: index_type", "value: T"},
           .outputs = {"output: T"},
           .defaults = {{"index_type", int32}},
           .shape = fill_shape,
           .gradient = fill_gradient,
           .value = fill_value,
           .needs_value = {0}});
  ops.add({.name = "Range",
           .inputs = {"start: Tidx", "limit: Tidx", "delta: Tidx"},
           .outputs = {"output: Tidx"},
           .defaults = {{"Tidx", int32}},
           .types = {{"Tidx", {int32, int64, float32, float64}}},
           .shape = range_shape,
           .differentiable = false,
           .value = range_value,
           .needs_value = {0, 1, 2}});
  ops.add({.name = "OneHot",
           .inputs = {"indices: TI", "depth: int32", "on_value: T", "off_value: T"},
           .outputs = {"output: T"},
           .defaults = {{"axis", int64_t{-1}}, {"TI", int64}},
           .types = {{"TI", {uint8, int8, int32, int64}}},
           .shape = one_hot_shape,
           .differentiable = false,
           .needs_value = {1}});
}

}  // namespace internal

Output fill(Integers dims, Input value, const OpOptions& options) {
  const internal::CallerLine line(dims.where());
  return internal::add_output("Fill", {dims.as_input(), value},
                              {.name = options.name, .where = dims.where()});
}
Output zeros(Integers shape, DType dtype, const OpOptions& options) {
  return internal::filled("zeros", shape, dtype, 0, options);
}
Output ones(Integers shape, DType dtype, const OpOptions& options) {
  return internal::filled("ones", shape, dtype, 1, options);
}
Output zeros_like(Input tensor, const LikeOptions& options) {
  return internal::like("ZerosLike", tensor, 0, options);
}
Output ones_like(Input tensor, const LikeOptions& options) {
  return internal::like("OnesLike", tensor, 1, options);
}

Output range(Input limit, const RangeOptions& options) {
  const internal::CallerLine line(limit.where());
  return range(0, limit, 1, options);
}

Output range(Input start, Input limit, Input delta, const RangeOptions& options) {
  const internal::OpScope scope(options.name, "range", {start, limit, delta});
  internal::AttrMap attrs;
  if (options.dtype != DType::invalid) attrs.set("Tidx", options.dtype);
  return internal::add_output("Range", {start, limit, delta},
                              {.name = scope.name(), .attrs = attrs});
}

Output one_hot(Input indices, Input depth, const OneHotOptions& options) {
  DType dtype = options.dtype;
  for (const auto& value : {options.on_value, options.off_value}) {
    if (dtype != DType::invalid || !value) continue;
    const bool literal = !value->is_output() && value->is_weak();
    dtype = literal ? internal::natural_dtype(value->value()) : value->dtype();
  }
  if (dtype == DType::invalid) dtype = float32;
  const internal::OpScope scope(options.name, "one_hot", {indices, depth});
  const auto value_of = [dtype](const std::optional<Input>& value, int64_t otherwise) {
    return value ? *value : Input(internal::number_of(dtype, otherwise));
  };
  return internal::add_output(
      "OneHot",
      {internal::as_output(indices, "indices"), depth, value_of(options.on_value, 1),
       value_of(options.off_value, 0)},
      {.name = scope.name(), .attrs = {{"axis", options.axis}, {"T", dtype}}});
}

}  // namespace tenon
