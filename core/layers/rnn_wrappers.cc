// Cells made of other cells.
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/layers/label_shapes.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"
#include "tenon/rnn.h"

namespace tenon::nn {

using internal::require;

MultiRNNCell::MultiRNNCell(std::vector<Cell> cells)
    : RNNCell("multi_rnn_cell"), cells_(std::move(cells)) {
  require<ValueError>(!cells_.empty(), ErrorKind::bad_argument,
                      "Must specify at least one cell for MultiRNNCell.");
}

StateSize MultiRNNCell::state_size() const {
  std::vector<StateSize> sizes;
  for (const Cell& cell : cells_) sizes.push_back(cell->state_size());
  return sizes;
}

// TensorFlow enters the scope in force once more, whose names are counted anew when it is left.
CellResult MultiRNNCell::operator()(Input inputs, const State& state) {
  const internal::CallerLine line(inputs.where());
  if (!around_) around_ = get_variable_scope();
  auto scope = variable_scope(around_);
  return RNNCell::operator()(std::move(inputs), state);
}

CellResult MultiRNNCell::step(const Output& inputs, const State& state) {
  require<ValueError>(state.is_list() && state.parts().size() == cells_.size(),
                      ErrorKind::bad_argument, "Expected state to be a list of length ",
                      cells_.size(), ".");
  Output through = inputs;
  std::vector<State> states;
  for (size_t i = 0; i < cells_.size(); ++i) {
    auto scope = variable_scope(internal::str("cell_", i));
    CellResult result = (*cells_[i])(through, state[i]);
    through = result.output;
    states.push_back(std::move(result.state));
  }
  return {through, states};
}

DropoutWrapper::DropoutWrapper(Cell cell, const DropoutWrapperOptions& options)
    : RNNCell("dropout_wrapper"), cell_(std::move(cell)), options_(options) {
  const auto require_probability = [](double value, const char* name) {
    require<ValueError>(value >= 0 && value <= 1, ErrorKind::bad_argument, "Parameter ", name,
                        " must be between 0 and 1. Received ", value, ".");
  };
  require_probability(options.input_keep_prob, "input_keep_prob");
  require_probability(options.state_keep_prob, "state_keep_prob");
  require_probability(options.output_keep_prob, "output_keep_prob");
}

// A wrapper has no scope of its own.
CellResult DropoutWrapper::operator()(Input inputs, const State& state) {
  const internal::CallerLine line(inputs.where());
  return step(internal::as_output(inputs, "inputs"), state);
}

CellResult DropoutWrapper::step(const Output& inputs, const State& state) {
  const auto dropped = [&](const Output& value, double keep) {
    if (keep >= 1) return value;
    return dropout(value, {.rate = 1 - keep, .seed = options_.seed});
  };
  CellResult result = (*cell_)(dropped(inputs, options_.input_keep_prob), state);
  result.output = dropped(result.output, options_.output_keep_prob);
  if (options_.state_keep_prob >= 1) return result;
  if (!result.state.is_list()) {
    result.state = dropped(result.state, options_.state_keep_prob);
  } else if (result.state.parts().size() == 2 && !result.state[1].is_list()) {
    result.state = {result.state[0], State(dropped(result.state[1], options_.state_keep_prob))};
  }
  return result;
}

ResidualWrapper::ResidualWrapper(Cell cell) : RNNCell("residual_wrapper"), cell_(std::move(cell)) {}

CellResult ResidualWrapper::operator()(Input inputs, const State& state) {
  const internal::CallerLine line(inputs.where());
  return step(internal::as_output(inputs, "inputs"), state);
}

CellResult ResidualWrapper::step(const Output& inputs, const State& state) {
  CellResult result = (*cell_)(inputs, state);
  internal::require_one_shape(inputs, result.output);
  result.output = inputs + result.output;
  return result;
}

}  // namespace tenon::nn
