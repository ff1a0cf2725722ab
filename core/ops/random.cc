// Random numbers: the operations draw from a stream; scaling is made of ordinary operations.

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/random_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes random_integers_shape(const ShapeContext& context) {
  with_rank(context.inputs[1], 0, "minval");
  with_rank(context.inputs[2], 0, "maxval");
  return shape_from_value(context);
}

OpDef random_op(const char* name) {
  return {.name = name,
          .inputs = {"shape: T"},
          .outputs = {"output: dtype"},
          .defaults = {{"seed", int64_t{0}}, {"seed2", int64_t{0}}},
          .types = {{"T", kIndices}, {"dtype", kFloats}},
          .shape = shape_from_value,
          .differentiable = false,
          .needs_value = {0},
          .stateful = true};
}

Output draw(const char* type, const std::vector<InputList>& inputs, DType dtype,
            std::optional<int64_t> seed, const std::string& name = {}) {
  const auto [first, second] = default_graph_state()->seeds(seed);
  AttrMap attrs{{"seed", first}, {"seed2", second}};
  if (inputs.size() == 1) attrs.set("dtype", dtype);
  return add_output(type, inputs, {.name = name, .attrs = attrs});
}

std::vector<Input> all_inputs(const Integers& shape, const Input& a, const Input& b) {
  std::vector<Input> inputs = shape.tensors();
  inputs.push_back(a);
  inputs.push_back(b);
  return inputs;
}

// The shape as a tensor in the scope of the function.
Output shape_tensor(const Integers& shape) {
  if (shape.known()) {
    for (const int64_t size : shape.numbers()) {
      require<ValueError>(size >= 0, ErrorKind::shape_incompatible, "Dimension ", size,
                          " must be >= 0 in the shape [", join(shape.numbers()),
                          "] of random numbers");
    }
  }
  return as_output(shape.as_input("shape"), "shape");
}

Output normal(const char* type, const char* scope_name, const Integers& shape,
              const RandomNormalOptions& options) {
  const CallerLine line(shape.where());
  require<TypeError>(is_floating(options.dtype), ErrorKind::dtype_incompatible, scope_name,
                     " makes numbers of floating dtypes, not ", options.dtype);
  const OpScope scope(options.name, scope_name, all_inputs(shape, options.mean, options.stddev));
  const Output size = shape_tensor(shape);
  const Output mean = as_output(options.mean, "mean", options.dtype);
  const Output stddev = as_output(options.stddev, "stddev", options.dtype);
  const Output numbers = draw(type, {size}, options.dtype, options.seed);
  return add(numbers * stddev, mean, {.name = scope.name()});
}

bool is_number(const Input& input, int64_t number) {
  return !input.is_output() && input.is_weak() && input.value().dtype() == int64 &&
         input.value().scalar<int64_t>() == number;
}

}  // namespace

void register_random(OpRegistry& ops) {
  for (const char* name : {"RandomUniform", "RandomStandardNormal", "TruncatedNormal"}) {
    ops.add(random_op(name));
  }
  OpDef integers = random_op("RandomUniformInt");
  integers.inputs = {"shape: T", "minval: Tout", "maxval: Tout"};
  integers.outputs = {"output: Tout"};
  integers.types = {{"T", kIndices}, {"Tout", kIndices}};
  integers.shape = random_integers_shape;
  ops.add(std::move(integers));
}

}  // namespace internal

Output random_uniform(Integers shape, const RandomUniformOptions& options) {
  const internal::CallerLine line(shape.where());
  using internal::as_output;
  using internal::require;
  const DType dtype = options.dtype;
  const bool integers = dtype == int32 || dtype == int64;
  require<ValueError>(integers || is_floating(dtype), ErrorKind::dtype_incompatible,
                      "random_uniform makes numbers of floating dtypes, int32 and int64, not ",
                      dtype);
  require<ValueError>(!integers || options.maxval, ErrorKind::bad_argument,
                      "Must specify maxval for integer dtype ", dtype);
  const Input maxval = options.maxval.value_or(Input(1));
  const internal::OpScope scope(options.name, "random_uniform",
                                internal::all_inputs(shape, options.minval, maxval));
  const Output size = internal::shape_tensor(shape);
  const bool unit =
      !integers && internal::is_number(options.minval, 0) && internal::is_number(maxval, 1);
  if (unit) {
    return internal::draw("RandomUniform", {size}, dtype, options.seed, scope.name());
  }
  const Output low = as_output(options.minval, "min", dtype),
               high = as_output(maxval, "max", dtype);
  if (integers) {
    return internal::draw("RandomUniformInt", {size, low, high}, dtype, options.seed, scope.name());
  }
  const Output numbers = internal::draw("RandomUniform", {size}, dtype, options.seed);
  return add(numbers * (high - low), low, {.name = scope.name()});
}

Output random_normal(Integers shape, const RandomNormalOptions& options) {
  return internal::normal("RandomStandardNormal", "random_normal", shape, options);
}

Output truncated_normal(Integers shape, const RandomNormalOptions& options) {
  return internal::normal("TruncatedNormal", "truncated_normal", shape, options);
}

}  // namespace tenon
