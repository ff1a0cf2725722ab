// A cell over a number of steps that only the run knows: a loop whose variables are the time, the
// outputs of all steps and the state.
#include <utility>
#include <vector>

#include "core/graph/builder.h"
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

}  // namespace

RnnResult looped(RNNCell& cell, const Output& inputs, const State& state, const Output& lengths,
                 const Input& batch_size) {
  const auto units = static_cast<int32_t>(cell.output_size());
  const Output count = shape(inputs)[0];
  const Output nothing = zeros({batch_size, units}, first_dtype(state));
  const Output places = reshape(range(count), {-1, 1, 1});
  std::vector<Output> first = {constant(0), zeros({count, batch_size, units}, first_dtype(state))};
  append_tensors(state, first);

  Shape of_step;  // may know the number of examples, where the inputs don't
  const auto goes_on = [&](const std::vector<Output>& now) -> Input { return now[0] < count; };
  const auto body = [&](const std::vector<Output>& now) -> Returned {
    size_t next = 2;
    const CellResult step = step_of(cell, gather(inputs, now[0]), with_tensors(state, now, next),
                                    lengths, now[0], nothing);
    of_step = step.output.shape();
    const Output outputs = internal::add_output(
        "SelectV2", {equal(places, now[0]), expand_dims(step.output, 0), now[1]});
    std::vector<Output> after = {now[0] + 1, outputs};
    append_tensors(step.state, after);
    return after;
  };
  const std::vector<Output> last = while_loop(goes_on, body, Inputs(first));
  size_t next = 2;
  const Shape known = {-1, of_step.rank() == 2 ? of_step[0] : -1, units};
  return {internal::add_output("Identity", {last[1]}, {.shape = known}),
          with_tensors(state, last, next)};
}

}  // namespace tenon::nn
