// Cells over sequences.
#include "tenon/rnn.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/layers/label_shapes.h"
#include "core/layers/layer_checks.h"
#include "core/layers/rnn_steps.h"
#include "tenon/arrange_ops.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon {

void internal::fail_part(size_t index, size_t count) {
  fail<ValueError>(ErrorKind::bad_argument, "The state of a cell, or its size, has ", count,
                   " parts; there is no part ", index);
}

namespace nn {

using internal::as_output;
using internal::require;

State combined(const State& a, const State& b,
               const std::function<Output(const Output&, const Output&)>& of) {
  if (!a.is_list()) return of(a, b);
  require<ValueError>(b.is_list() && a.parts().size() == b.parts().size(), ErrorKind::bad_argument,
                      "The state that a cell answers is of another structure than the one before.");
  std::vector<State> parts;
  for (size_t i = 0; i < a.parts().size(); ++i) parts.push_back(combined(a[i], b[i], of));
  return parts;
}

DType first_dtype(const State& state) {
  return state.is_list() ? first_dtype(state[0]) : state.value().dtype();
}

CellResult step_of(RNNCell& cell, const Output& inputs, const State& state, const Output& lengths,
                   const Input& time, const Output& nothing) {
  CellResult step = cell(inputs, state);
  if (!lengths) return step;
  const Output over = less_equal(lengths, time);
  const auto kept = [&](const Output& old, const Output& updated) {
    return where(over, old, updated);
  };
  return {kept(nothing, step.output), combined(state, step.state, kept)};
}

namespace {

State first_state(const RNNCell& cell, const std::optional<State>& given,
                  const std::optional<DType>& dtype, const Input& batch_size) {
  if (given) return *given;
  require<ValueError>(dtype.has_value(), ErrorKind::bad_argument,
                      "If no initial_state is provided, argument `dtype` must be specified.");
  return cell.zero_state(batch_size, *dtype);
}

// The lengths as a vector of int32; empty where none are given.
Output lengths_of(const std::optional<Input>& given) {
  if (!given) return {};
  const Output lengths = cast(as_output(*given, "sequence_length"), int32);
  require<ValueError>(!lengths.shape().has_rank() || lengths.shape().rank() == 1,
                      ErrorKind::shape_incompatible,
                      "Argument sequence_length must be a vector of length batch_size. Received ",
                      lengths.name(), " of shape ", lengths.shape(), ".");
  return lengths;
}

// A step for each of the inputs; past an example's length its outputs are zeros and its state
// stays.
StaticRnnResult unrolled(RNNCell& cell, const std::vector<Output>& inputs, State state,
                         const Output& lengths, const Input& batch_size) {
  StaticRnnResult result;
  Output nothing;
  if (lengths) {
    nothing = zeros({batch_size, static_cast<int32_t>(cell.output_size())}, first_dtype(state));
  }
  for (size_t time = 0; time < inputs.size(); ++time) {
    CellResult step =
        step_of(cell, inputs[time], state, lengths, static_cast<int32_t>(time), nothing);
    result.outputs.push_back(std::move(step.output));
    state = std::move(step.state);
  }
  result.state = std::move(state);
  return result;
}

// The steps [T, N, ...] from the last to the first; of an example with a length its first
// so many steps, the others stay.
Output reversed(const Output& steps, const Output& lengths) {
  if (!lengths) return reverse(steps, 0);
  return reverse_sequence(steps, lengths, {.seq_axis = 0, .batch_axis = 1});
}

Location line_of(const Inputs& inputs) { return inputs.empty() ? Location{} : inputs[0].where(); }

std::vector<Output> checked(const Inputs& inputs) {
  require<ValueError>(!inputs.empty(), ErrorKind::bad_argument,
                      "Argument `inputs` must not be empty.");
  std::vector<Output> outputs;
  for (const Input& input : inputs) {
    outputs.push_back(as_output(input, "input"));
    internal::require_rank_at_least(outputs.back(), 2, "rnn");
    internal::channels_of(outputs.back(), "rnn");
    const Shape first = outputs.front().shape(), shape = outputs.back().shape();
    require<ValueError>(!first.has_rank() || !shape.has_rank() || first[0] < 0 || shape[0] < 0 ||
                            first[0] == shape[0],
                        ErrorKind::shape_incompatible, "The inputs of an rnn are of ", first[0],
                        " and of ", shape[0], " examples.");
  }
  return outputs;
}

StaticRnnResult static_steps(RNNCell& cell, const std::vector<Output>& inputs,
                             const std::optional<State>& initial_state,
                             const std::optional<DType>& dtype,
                             const std::optional<Input>& sequence_length) {
  const Input batch_size = internal::size_of(inputs.front(), 0);
  State state = first_state(cell, initial_state, dtype, batch_size);
  return unrolled(cell, inputs, std::move(state), lengths_of(sequence_length), batch_size);
}

Output swapped(const Output& x) {
  std::vector<int64_t> order = {1, 0};
  for (int i = 2; i < x.shape().rank(); ++i) order.push_back(i);
  return transpose(x, order);
}

// Inputs and outputs [T, N, ...].
RnnResult dynamic_steps(RNNCell& cell, const Output& inputs,
                        const std::optional<State>& initial_state,
                        const std::optional<DType>& dtype, const Output& lengths) {
  const int64_t count = inputs.shape()[0];
  internal::channels_of(inputs, "rnn");
  const Input batch_size = internal::size_of(inputs, 1);
  State state = first_state(cell, initial_state, dtype, batch_size);
  if (count <= 0) return looped(cell, inputs, state, lengths, batch_size);
  StaticRnnResult steps = unrolled(cell, unstack(inputs), std::move(state), lengths, batch_size);
  return {stack(steps.outputs), std::move(steps.state)};
}

Output time_first(const Input& inputs, bool time_major) {
  const Output given = as_output(inputs, "inputs");
  const Shape shape = given.shape();
  require<ValueError>(!shape.has_rank() || shape.rank() >= 3, ErrorKind::shape_incompatible,
                      "Shape ", shape, " must have rank at least 3: the inputs ", given.name(),
                      " of an rnn are [examples, steps, features].");
  return time_major ? given : swapped(given);
}

std::string scope_or(const std::string& scope, const char* otherwise) {
  return scope.empty() ? otherwise : scope;
}

}  // namespace

StaticRnnResult static_rnn(RNNCell& cell, const Inputs& inputs, const StaticRnnOptions& options) {
  const internal::CallerLine line(line_of(inputs));
  const std::vector<Output> steps = checked(inputs);
  auto scope = variable_scope(scope_or(options.scope, "rnn"));
  return static_steps(cell, steps, options.initial_state, options.dtype, options.sequence_length);
}

StaticBidirectionalRnnResult static_bidirectional_rnn(RNNCell& cell_fw, RNNCell& cell_bw,
                                                      const Inputs& inputs,
                                                      const BidirectionalRnnOptions& options) {
  const internal::CallerLine line(line_of(inputs));
  const std::vector<Output> steps = checked(inputs);
  auto scope = variable_scope(scope_or(options.scope, "bidirectional_rnn"));
  StaticBidirectionalRnnResult result;
  StaticRnnResult forward, backward;
  {
    auto fw = variable_scope("fw");
    forward = static_steps(cell_fw, steps, options.initial_state_fw, options.dtype,
                           options.sequence_length);
  }
  const Output lengths = lengths_of(options.sequence_length);
  const auto turned = [&](const std::vector<Output>& list) {
    if (!lengths) return std::vector<Output>(list.rbegin(), list.rend());
    return unstack(reversed(stack(list), lengths));
  };
  {
    auto bw = variable_scope("bw");
    backward = static_steps(cell_bw, turned(steps), options.initial_state_bw, options.dtype,
                            options.sequence_length);
  }
  const std::vector<Output> in_order = turned(backward.outputs);
  for (size_t i = 0; i < steps.size(); ++i) {
    result.outputs.push_back(concat({forward.outputs[i], in_order[i]}, 1));
  }
  result.state_fw = std::move(forward.state);
  result.state_bw = std::move(backward.state);
  return result;
}

RnnResult dynamic_rnn(RNNCell& cell, Input inputs, const DynamicRnnOptions& options) {
  const internal::CallerLine line(inputs.where());
  auto scope = variable_scope(scope_or(options.scope, "rnn"));
  const Output steps = time_first(inputs, options.time_major);
  RnnResult result = dynamic_steps(cell, steps, options.initial_state, options.dtype,
                                   lengths_of(options.sequence_length));
  if (!options.time_major) result.outputs = swapped(result.outputs);
  return result;
}

BidirectionalRnnResult bidirectional_dynamic_rnn(RNNCell& cell_fw, RNNCell& cell_bw, Input inputs,
                                                 const BidirectionalRnnOptions& options) {
  const internal::CallerLine line(inputs.where());
  auto scope = variable_scope(scope_or(options.scope, "bidirectional_rnn"));
  const Output steps = time_first(inputs, options.time_major);
  const Output lengths = lengths_of(options.sequence_length);
  RnnResult forward, backward;
  {
    auto fw = variable_scope("fw");
    forward = dynamic_steps(cell_fw, steps, options.initial_state_fw, options.dtype, lengths);
  }
  {
    auto bw = variable_scope("bw");
    backward = dynamic_steps(cell_bw, reversed(steps, lengths), options.initial_state_bw,
                             options.dtype, lengths);
  }
  const Output in_order = reversed(backward.outputs, lengths);
  const auto as_given = [&](const Output& x) { return options.time_major ? x : swapped(x); };
  return {as_given(forward.outputs), as_given(in_order), std::move(forward.state),
          std::move(backward.state)};
}

}  // namespace nn
}  // namespace tenon
