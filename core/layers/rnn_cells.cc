// Cells, each computed in TensorFlow's order.
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/layers/layer_checks.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"
#include "tenon/rnn.h"

namespace tenon::nn {
namespace {

using internal::channels_of;
using internal::require;

template <typename Options>
layers::LayerOptions cell_options(const Options& options) {
  return {.name = options.name, .reuse = options.reuse};
}

// [inputs, h] * kernel + bias
Output gates(const Output& inputs, const Output& h, const Variable& kernel, const Variable& bias) {
  return bias_add(matmul(concat({inputs, h}, 1), kernel), bias);
}

State zeros_of(const StateSize& size, const Input& batch_size, DType dtype) {
  if (!size.is_list()) return zeros({batch_size, static_cast<int32_t>(size.value())}, dtype);
  std::vector<State> parts;
  for (const StateSize& part : size.parts()) parts.push_back(zeros_of(part, batch_size, dtype));
  return parts;
}

// The state {c, h}, or the two side by side.
StateSize lstm_size(int64_t c, int64_t h, bool is_tuple) {
  if (!is_tuple) return c + h;
  return {StateSize(c), StateSize(h)};
}
struct LstmState {
  LstmState(const State& state, int64_t c_size, int64_t h_size) {
    if (state.is_list()) {
      require<ValueError>(state.parts().size() == 2, ErrorKind::bad_argument,
                          "The state of an LSTM is {c, h}: there are ", state.parts().size(),
                          " parts.");
      c = state[0];
      h = state[1];
      return;
    }
    const std::vector<Output> parts = split(state.value(), {c_size, h_size}, {.axis = 1});
    c = parts[0];
    h = parts[1];
  }
  Output c, h;
};
State lstm_state(const Output& c, const Output& h, bool is_tuple) {
  if (!is_tuple) return concat({c, h}, 1);
  return {State(c), State(h)};
}

}  // namespace

RNNCell::RNNCell(std::string kind, layers::LayerOptions options)
    : Layer(std::move(kind), std::move(options)) {}

CellResult RNNCell::operator()(Input inputs, const State& state) {
  state_ = state;
  Output output = Layer::operator()(std::move(inputs));
  return {std::move(output), std::exchange(state_, State())};
}

void RNNCell::check(const Output& inputs) const { internal::require_rank(inputs, 2, kind()); }

Output RNNCell::call(const Output& inputs) {
  CellResult result = step(inputs, state_);
  state_ = std::move(result.state);
  return result.output;
}

State RNNCell::zero_state(Input batch_size, DType dtype) const {
  const internal::CallerLine line(batch_size.where());
  auto scope = name_scope(kind() + "_zero_state");
  return zeros_of(state_size(), batch_size, dtype);
}

BasicRNNCell::BasicRNNCell(const BasicRNNCellOptions& options)
    : RNNCell("basic_rnn_cell", cell_options(options)), options_(options) {}

void BasicRNNCell::build(const Output& inputs) {
  const int64_t units = options_.num_units;
  kernel_ = add_weight("kernel", {.shape = {channels_of(inputs, kind()) + units, units}});
  bias_ = add_weight("bias", {.shape = {units}, .initializer = zeros_initializer()});
}

CellResult BasicRNNCell::step(const Output& inputs, const State& state) {
  const Output output = options_.activation(gates(inputs, state, kernel_, bias_));
  return {output, output};
}

GRUCell::GRUCell(const GRUCellOptions& options)
    : RNNCell("gru_cell", cell_options(options)), options_(options) {}

void GRUCell::build(const Output& inputs) {
  const int64_t units = options_.num_units, in = channels_of(inputs, kind()) + units;
  const auto bias_or = [&](const Initializer& otherwise) {
    return options_.bias_initializer ? options_.bias_initializer : otherwise;
  };
  gate_kernel_ = add_weight("gates/kernel",
                            {.shape = {in, 2 * units}, .initializer = options_.kernel_initializer});
  gate_bias_ = add_weight(
      "gates/bias", {.shape = {2 * units}, .initializer = bias_or(constant_initializer(1.0))});
  candidate_kernel_ = add_weight(
      "candidate/kernel", {.shape = {in, units}, .initializer = options_.kernel_initializer});
  candidate_bias_ =
      add_weight("candidate/bias", {.shape = {units}, .initializer = bias_or(zeros_initializer())});
}

CellResult GRUCell::step(const Output& inputs, const State& state) {
  const Output& h = state;
  const std::vector<Output> both =
      split(tenon::sigmoid(gates(inputs, h, gate_kernel_, gate_bias_)), 2, {.axis = 1});
  const Output& update = both[1];
  const Output candidate =
      options_.activation(gates(inputs, both[0] * h, candidate_kernel_, candidate_bias_));
  const Output next = update * h + (1.0 - update) * candidate;
  return {next, next};
}

BasicLSTMCell::BasicLSTMCell(const BasicLSTMCellOptions& options)
    : RNNCell("basic_lstm_cell", cell_options(options)), options_(options) {}

StateSize BasicLSTMCell::state_size() const {
  return lstm_size(options_.num_units, options_.num_units, options_.state_is_tuple);
}

void BasicLSTMCell::build(const Output& inputs) {
  const int64_t units = options_.num_units;
  kernel_ = add_weight("kernel", {.shape = {channels_of(inputs, kind()) + units, 4 * units}});
  bias_ = add_weight("bias", {.shape = {4 * units}, .initializer = zeros_initializer()});
}

CellResult BasicLSTMCell::step(const Output& inputs, const State& state) {
  const LstmState before(state, options_.num_units, options_.num_units);
  const std::vector<Output> all =
      split(gates(inputs, before.h, kernel_, bias_), 4, {.axis = 1});  // i, j, f, o
  const Output c = before.c * tenon::sigmoid(all[2] + options_.forget_bias) +
                   tenon::sigmoid(all[0]) * options_.activation(all[1]);
  const Output h = options_.activation(c) * tenon::sigmoid(all[3]);
  return {h, lstm_state(c, h, options_.state_is_tuple)};
}

LSTMCell::LSTMCell(const LSTMCellOptions& options)
    : RNNCell("lstm_cell", cell_options(options)), options_(options) {}

StateSize LSTMCell::state_size() const {
  return lstm_size(options_.num_units, output_size(), options_.state_is_tuple);
}

void LSTMCell::build(const Output& inputs) {
  const int64_t units = options_.num_units;
  const auto weight = [&](const std::string& name, const Shape& shape) {
    return add_weight(name, {.shape = shape, .initializer = options_.initializer});
  };
  kernel_ = weight("kernel", {channels_of(inputs, kind()) + output_size(), 4 * units});
  bias_ = add_weight("bias", {.shape = {4 * units}, .initializer = zeros_initializer()});
  if (options_.use_peepholes) {
    w_f_ = weight("w_f_diag", {units});
    w_i_ = weight("w_i_diag", {units});
    w_o_ = weight("w_o_diag", {units});
  }
  if (options_.num_proj) projection_ = weight("projection/kernel", {units, *options_.num_proj});
}

CellResult LSTMCell::step(const Output& inputs, const State& state) {
  const LstmState before(state, options_.num_units, output_size());
  std::vector<Output> all =
      split(gates(inputs, before.h, kernel_, bias_), 4, {.axis = 1});  // i, j, f, o
  Output forget = all[2] + options_.forget_bias;
  if (options_.use_peepholes) {
    forget = forget + w_f_ * before.c;
    all[0] = all[0] + w_i_ * before.c;
  }
  Output c =
      tenon::sigmoid(forget) * before.c + tenon::sigmoid(all[0]) * options_.activation(all[1]);
  if (options_.cell_clip) c = clip_by_value(c, -*options_.cell_clip, *options_.cell_clip);
  if (options_.use_peepholes) all[3] = all[3] + w_o_ * c;
  Output h = tenon::sigmoid(all[3]) * options_.activation(c);
  if (options_.num_proj) {
    h = matmul(h, projection_);
    if (options_.proj_clip) h = clip_by_value(h, -*options_.proj_clip, *options_.proj_clip);
  }
  return {h, lstm_state(c, h, options_.state_is_tuple)};
}

}  // namespace tenon::nn
