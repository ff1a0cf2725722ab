// Tile: a tensor repeated along each axis.

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/size_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes tile_shape(const ShapeContext& context) {
  with_rank(context.inputs[1], 1, "multiples");
  const auto multiples = context.integers(1);
  Shape input = context.inputs[0];
  if (context.inputs[1].has_rank() && context.inputs[1][0] >= 0) {
    input =
        with_rank(input, static_cast<int>(context.inputs[1][0]), "input (multiples say the rank)");
  }
  if (!input.has_rank() || !multiples) {
    return {input.has_rank() ? with_rank(Shape::unknown(), input.rank(), "input") : input};
  }
  for (int i = 0; i < input.rank(); ++i) {
    const int64_t times = (*multiples)[static_cast<size_t>(i)];
    require<ValueError>(times >= 0, ErrorKind::shape_incompatible, "Expected multiples[", i,
                        "] >= 0, but got ", times);
    if (times == 0) input[i] = 0;
    if (input[i] >= 0) input[i] = multiply_sizes(input[i], times);
  }
  return {input};
}

// With each axis split into (repetition, element), the repetitions are summed.
Outputs tile_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0), multiples = op.input(1);
  const auto known = known_integers(multiples);
  const int rank = x.shape().rank();
  require<UnimplementedError>(rank >= 0, ErrorKind::bad_argument, "The gradient of '", op.name(),
                              "' (Tile) needs a known rank");
  std::vector<Input> sizes;
  std::vector<int64_t> repetitions;
  for (int i = 0; i < rank; ++i) {
    repetitions.push_back(2 * i);
    if (known) {
      sizes.emplace_back((*known)[static_cast<size_t>(i)]);
    } else {
      sizes.emplace_back(strided_slice(multiples, {i}, {i + 1}, {.shrink_axis_mask = 1}));
    }
    sizes.push_back(size_along(x, i));
  }
  const Output split = reshape(dy[0], integers_of(sizes));
  return {reduce_sum(split, {.axis = repetitions}), Output()};
}

}  // namespace

void register_array_tile(OpRegistry& ops) {
  ops.add({.name = "Tile",
           .inputs = {"input: T", "multiples: Tmultiples"},
           .outputs = {"output: T"},
           .defaults = {{"Tmultiples", int32}},
           .types = {{"Tmultiples", kIndices}},
           .shape = tile_shape,
           .gradient = tile_gradient,
           .needs_value = {1}});
}

}  // namespace internal

Output tile(Input input, Integers multiples, const OpOptions& options) {
  const internal::CallerLine line(input.where());
  return internal::add_output("Tile", {input, multiples.as_input()},
                              {.name = options.name, .where = input.where()});
}

}  // namespace tenon
