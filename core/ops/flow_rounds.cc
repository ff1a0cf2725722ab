// What the rounds of loops made, which lists have (core/graph/body.h), as tensors of all rounds,
// and back: a round takes as long however many there are. All stand around the loops.
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/body.h"
#include "core/graph/builder.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/graph/static_value.h"
#include "core/ops/host_op.h"
#include "core/ops/tensor_rows.h"

namespace tenon::internal {
namespace {

Shapes shape_in_last(const ShapeContext& context) {
  return {context.value_as_shape(static_cast<int>(context.inputs.size()) - 1)};
}

std::vector<Tensor> values_in(const HostCall& call, size_t input) {
  std::vector<Tensor> elements = list_of_tensor(call.input(input));
  for (const Tensor& element : elements) {
    require<FailedPreconditionError>(static_cast<bool>(element), ErrorKind::not_computed,
                                     "A round of the loop has no value: a branch wasn't taken "
                                     "that makes it");
  }
  return elements;
}

std::vector<Tensor> stack_rounds(HostCall& call) {
  const std::vector<Tensor> rounds = values_in(call, 0);
  const Shape all(call.integers(1));
  for (const Tensor& round : rounds) {
    require(concatenated({static_cast<int64_t>(rounds.size())}, round.shape()) == all,
            ErrorKind::shape_incompatible, "One of ", rounds.size(), " rounds gave ", round.shape(),
            " where all together are to be ", all);
  }
  return {joined(call, rounds, call.attr<DType>("dtype"), all)};
}

std::vector<Tensor> unstack_rounds(HostCall& call) {
  const Tensor all = call.input(0);
  require(all.shape().rank() > 0, ErrorKind::shape_incompatible,
          "A scalar is of no rounds of a loop");
  check_fits(all.shape()[0], "a list of rounds");
  const Shape shape = without_axis(all.shape(), 0);
  std::vector<Tensor> rounds;
  for (int64_t i = 0; i < all.shape()[0]; ++i) rounds.push_back(rows_of(all, i, i + 1, shape));
  return {tensor_of_list(std::move(rounds))};
}

std::vector<Tensor> sum_rounds(HostCall& call) {
  const std::vector<Tensor> rows = values_in(call, 0), indices = values_in(call, 1);
  Tensor sum = Tensor::zeros(Shape(call.integers(2)), call.attr<DType>("dtype"));
  const int64_t count = sum.shape()[0];
  const int64_t elements = count == 0 ? 0 : sum.element_count() / count;
  const size_t bytes = count == 0 ? 0 : sum.bytes() / static_cast<size_t>(count);
  for (size_t round = 0; round < rows.size(); ++round) {
    const Tensor values = call.on_host(rows[round]);
    const std::vector<int64_t> places = to_integers(call.on_host(indices[round]));
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] < 0 || places[i] >= count) continue;  // gathered as zeros, on a GPU
      add_elements(sum.dtype(),
                   static_cast<char*>(sum.raw()) + static_cast<size_t>(places[i]) * bytes,
                   static_cast<const char*>(values.raw()) + i * bytes, elements);
    }
  }
  return {sum};
}

Outputs stack_gradient(const Operation&, const Outputs& dy) {
  return {add_output("_UnstackRounds", {dy[0]}), Output()};
}

Outputs no_second_gradient(const Operation& op, const Outputs&) {
  fail<UnimplementedError>(ErrorKind::no_gradient,
                           "Second-order gradients of while loops are not supported: '", op.name(),
                           "', made at ", op.made_at(), ", is part of a loop's gradient");
}

}  // namespace

void register_flow_rounds(OpRegistry& ops) {
  ops.add(host_op({.name = "_StackRounds",
                   .inputs = {"rounds: resource", "shape: int32"},
                   .outputs = {"output: dtype"},
                   .shape = shape_in_last,
                   .gradient = stack_gradient,
                   .host = stack_rounds}));
  ops.add(host_op({.name = "_UnstackRounds",
                   .inputs = {"value: T"},
                   .outputs = {"rounds: resource"},
                   .shape = scalar_shape,
                   .gradient = no_second_gradient,
                   .host = unstack_rounds}));
  ops.add(host_op({.name = "_SumRounds",
                   .inputs = {"rows: resource", "indices: resource", "shape: int32"},
                   .outputs = {"output: dtype"},
                   .shape = shape_in_last,
                   .gradient = no_second_gradient,
                   .host = sum_rounds}));
}

}  // namespace tenon::internal
