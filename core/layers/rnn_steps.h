// What networks over sequences share.
#pragma once

#include <functional>

#include "tenon/graph.h"
#include "tenon/rnn.h"

namespace tenon::nn {

// Each tensor of a state with the one of another state in its place.
State combined(const State& a, const State& b,
               const std::function<Output(const Output&, const Output&)>& of);

DType first_dtype(const State& state);

// One step: past an example's length its outputs are `nothing`, and its state stays. Without
// lengths both are the cell's.
CellResult step_of(RNNCell& cell, const Output& inputs, const State& state, const Output& lengths,
                   const Input& time, const Output& nothing);

// The cell over inputs [T, N, ...] as a loop of the graph, where only the run knows T.
RnnResult looped(RNNCell& cell, const Output& inputs, const State& state, const Output& lengths,
                 const Input& batch_size);

}  // namespace tenon::nn
