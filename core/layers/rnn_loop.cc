// A cell over a number of steps that only the run knows: a loop whose variables are the time and
// the state. What it makes in each round is put together behind it.
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/body.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/graph/shape_rules.h"
#include "core/layers/rnn_steps.h"
#include "tenon/array_ops.h"
#include "tenon/control_flow.h"
#include "tenon/math_ops.h"
#include "tenon/rnn.h"

namespace tenon::nn {
namespace {

void append_tensors(const State& state, std::vector<Output>& to) {
  if (!state.is_list()) return to.push_back(state);
  for (const State& part : state.parts()) append_tensors(part, to);
}

// A state of the structure of another one, of the tensors from `next` on.
State with_tensors(const State& like, const std::vector<Output>& tensors, size_t& next) {
  if (!like.is_list()) return tensors.at(next++);
  std::vector<State> parts;
  for (const State& part : like.parts()) parts.push_back(with_tensors(part, tensors, next));
  return parts;
}

void check_output(const Output& output, const Output& expected) {
  internal::require<ValueError>(output.shape().compatible_with(expected.shape()),
                                ErrorKind::shape_incompatible, "The output of a cell has shape ",
                                output.shape(), ", but by its output_size it should be ",
                                expected.shape());
}

// What a loop's body makes, of all rounds: [rounds, ...].
Output all_rounds(const Output& of_round, const Output& sizes) {
  const internal::Endpoint value{of_round.op().node(), of_round.index()};
  const auto graph = of_round.op().state();
  const Output list = graph->handle(internal::list_of_rounds(*value.node->body, value));
  return internal::add_output("_StackRounds", {list, sizes},
                              {.attrs = {{"dtype", of_round.dtype()}},
                               .shape = internal::concatenated(Shape{kUnknown}, of_round.shape())});
}

}  // namespace

RnnResult looped(RNNCell& cell, const Output& inputs, const State& state, const Output& lengths,
                 const Input& batch_size) {
  const auto units = static_cast<int32_t>(cell.output_size());
  const Output count = shape(inputs)[0];
  const Output nothing = zeros({batch_size, units}, first_dtype(state));
  std::vector<Output> first = {constant(0)};
  append_tensors(state, first);

  Output of_round;
  const auto goes_on = [&](const std::vector<Output>& now) -> Input { return now[0] < count; };
  const auto body = [&](const std::vector<Output>& now) -> Returned {
    size_t next = 1;
    const CellResult step = step_of(cell, gather(inputs, now[0]), with_tensors(state, now, next),
                                    lengths, now[0], nothing);
    check_output(step.output, nothing);
    of_round = identity(step.output);
    std::vector<Output> after = {now[0] + 1};
    append_tensors(step.state, after);
    return after;
  };
  const std::vector<Output> last = while_loop(goes_on, body, Inputs(first));
  size_t next = 1;
  return {all_rounds(of_round, stack({count, batch_size, units})), with_tensors(state, last, next)};
}

}  // namespace tenon::nn
