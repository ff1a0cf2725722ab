// Recurrent networks (TensorFlow 1's tf.nn.rnn_cell and tf.nn.*_rnn).
//
//   nn::LSTMCell cell({.num_units = 128});
//   nn::RnnResult r = nn::dynamic_rnn(cell, inputs, {.dtype = float32});   // [N, T, in] -> [N, T,
//   128] Output last = r.state[1];                                              // h; r.state[0] is
//   c
//
// A cell is a layer (tenon/layer.h): its variables are made in its first call, below the scope in
// force there (rnn/lstm_cell/kernel), and shared by all calls after that.
//
// Throw ValueError: shape_incompatible where ranks or sizes don't fit, or the number of features
// isn't known; bad_argument without inputs, or without both dtype and initial_state.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/initializers.h"
#include "tenon/layer.h"
#include "tenon/list_of.h"
#include "tenon/math_ops.h"
#include "tenon/variable.h"
#include "tenon/variable_scope.h"

namespace tenon::internal {
[[noreturn]] TENON_API void fail_part(size_t index, size_t count);
}

namespace tenon::nn {

// One T, or a list of such structures: a cell's state, or the sizes of that.
template <typename T>
class Structure {
 public:
  Structure() = default;
  Structure(T value) : value_(std::move(value)), is_list_(false) {}
  Structure(std::initializer_list<Structure> parts) : parts_(parts) {}
  Structure(std::vector<Structure> parts) : parts_(std::move(parts)) {}

  bool is_list() const noexcept { return is_list_; }
  const T& value() const noexcept { return value_; }  // only when it is no list
  operator const T&() const noexcept { return value_; }
  const std::vector<Structure>& parts() const noexcept { return parts_; }
  // Throws ValueError (bad_argument) for a part that isn't there.
  const Structure& operator[](size_t i) const {
    if (i >= parts_.size()) internal::fail_part(i, parts_.size());
    return parts_[i];
  }

 private:
  T value_ = {};
  std::vector<Structure> parts_;
  bool is_list_ = true;
};
using State = Structure<Output>;
using StateSize = Structure<int64_t>;

struct CellResult {
  Output output;
  State state;
};

// A cell: what it answers of a step's inputs [N, in] and the state before is its output [N,
// output_size()] and the state after. One of your own derives from it and overrides build and step.
class TENON_API RNNCell : public layers::Layer {
 public:
  virtual StateSize state_size() const = 0;
  virtual int64_t output_size() const = 0;
  virtual CellResult operator()(Input inputs, const State& state);
  // Zeros for that many examples; a number, or a scalar of the run.
  State zero_state(Input batch_size, DType dtype) const;

 protected:
  RNNCell(std::string kind, layers::LayerOptions options = {});
  virtual CellResult step(const Output& inputs, const State& state) = 0;
  void check(const Output& inputs) const override;
  Output call(const Output& inputs) final;

  using layers::Layer::operator();  // of no state: nobody calls a cell so

 private:
  State state_;  // of the call under way
};
using Cell = std::shared_ptr<RNNCell>;

struct BasicRNNCellOptions {
  int64_t num_units;
  layers::Activation activation = tanh;
  Reuse reuse = {};
  std::string name = {};
};
// output = state = activation([inputs, state] * kernel + bias), kernel [in + n, n].
class TENON_API BasicRNNCell : public RNNCell {
 public:
  explicit BasicRNNCell(const BasicRNNCellOptions& options);
  StateSize state_size() const override { return options_.num_units; }
  int64_t output_size() const override { return options_.num_units; }

 protected:
  void build(const Output& inputs) override;
  CellResult step(const Output& inputs, const State& state) override;

 private:
  BasicRNNCellOptions options_;
  Variable kernel_, bias_;
};

struct GRUCellOptions {
  int64_t num_units;
  layers::Activation activation = tanh;
  Reuse reuse = {};
  Initializer kernel_initializer = {};
  Initializer bias_initializer = {};  // left out: ones of the gates, zeros of the candidate
  std::string name = {};
};
// Gated recurrent unit (Cho et al., 2014): r, u = sigmoid([inputs, h] * gates/kernel + gates/bias);
// c = activation([inputs, r * h] * candidate/kernel + candidate/bias); h' = u * h + (1 - u) * c.
class TENON_API GRUCell : public RNNCell {
 public:
  explicit GRUCell(const GRUCellOptions& options);
  StateSize state_size() const override { return options_.num_units; }
  int64_t output_size() const override { return options_.num_units; }

 protected:
  void build(const Output& inputs) override;
  CellResult step(const Output& inputs, const State& state) override;

 private:
  GRUCellOptions options_;
  Variable gate_kernel_, gate_bias_, candidate_kernel_, candidate_bias_;
};

struct BasicLSTMCellOptions {
  int64_t num_units;
  double forget_bias = 1.0;
  bool state_is_tuple = true;  // false: c and h side by side in one tensor
  layers::Activation activation = tanh;
  Reuse reuse = {};
  std::string name = {};
};
// Long short-term memory (Hochreiter and Schmidhuber, 1997): i, j, f, o = [inputs, h] * kernel +
// bias; c' = c * sigmoid(f + forget_bias) + sigmoid(i) * activation(j); h' = activation(c') *
// sigmoid(o). The state is {c, h}, kernel [in + n, 4n].
class TENON_API BasicLSTMCell : public RNNCell {
 public:
  explicit BasicLSTMCell(const BasicLSTMCellOptions& options);
  StateSize state_size() const override;
  int64_t output_size() const override { return options_.num_units; }

 protected:
  void build(const Output& inputs) override;
  CellResult step(const Output& inputs, const State& state) override;

 private:
  BasicLSTMCellOptions options_;
  Variable kernel_, bias_;
};

struct LSTMCellOptions {
  int64_t num_units;
  bool use_peepholes = false;  // the gates see c, by weights w_f_diag, w_i_diag, w_o_diag
  std::optional<double> cell_clip = {};
  Initializer initializer = {};
  std::optional<int64_t> num_proj = {};  // h is multiplied by projection/kernel [n, num_proj]
  std::optional<double> proj_clip = {};  // and clipped to that
  double forget_bias = 1.0;
  bool state_is_tuple = true;
  layers::Activation activation = tanh;
  Reuse reuse = {};
  std::string name = {};
};
// The same with more to choose (Sak et al., 2014).
class TENON_API LSTMCell : public RNNCell {
 public:
  explicit LSTMCell(const LSTMCellOptions& options);
  StateSize state_size() const override;
  int64_t output_size() const override { return options_.num_proj.value_or(options_.num_units); }

 protected:
  void build(const Output& inputs) override;
  CellResult step(const Output& inputs, const State& state) override;

 private:
  LSTMCellOptions options_;
  Variable kernel_, bias_, w_f_, w_i_, w_o_, projection_;
};

// Cells on one another; the state is the list of theirs. Throws ValueError (bad_argument) without a
// cell.
class TENON_API MultiRNNCell : public RNNCell {
 public:
  explicit MultiRNNCell(std::vector<Cell> cells);
  StateSize state_size() const override;
  int64_t output_size() const override { return cells_.back()->output_size(); }
  CellResult operator()(Input inputs, const State& state) override;

 protected:
  void build(const Output&) override {}
  CellResult step(const Output& inputs, const State& state) override;

 private:
  using RNNCell::operator();
  std::vector<Cell> cells_;
  VariableScope around_;
};

struct DropoutWrapperOptions {
  double input_keep_prob = 1.0;
  double output_keep_prob = 1.0;
  double state_keep_prob = 1.0;  // of an LSTM's state h alone
  std::optional<int64_t> seed = {};
};
// Drops elements of what goes into a cell and comes out. Throws ValueError (bad_argument) for a
// probability outside of [0, 1].
class TENON_API DropoutWrapper : public RNNCell {
 public:
  explicit DropoutWrapper(Cell cell, const DropoutWrapperOptions& options = {});
  StateSize state_size() const override { return cell_->state_size(); }
  int64_t output_size() const override { return cell_->output_size(); }
  CellResult operator()(Input inputs, const State& state) override;

 protected:
  void build(const Output&) override {}
  CellResult step(const Output& inputs, const State& state) override;

 private:
  using RNNCell::operator();
  Cell cell_;
  DropoutWrapperOptions options_;
};

// Adds the inputs to a cell's output: both of one shape.
class TENON_API ResidualWrapper : public RNNCell {
 public:
  explicit ResidualWrapper(Cell cell);
  StateSize state_size() const override { return cell_->state_size(); }
  int64_t output_size() const override { return cell_->output_size(); }
  CellResult operator()(Input inputs, const State& state) override;

 protected:
  void build(const Output&) override {}
  CellResult step(const Output& inputs, const State& state) override;

 private:
  using RNNCell::operator();
  Cell cell_;
};

struct StaticRnnOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<State> initial_state = {};  // left out: zeros of `dtype`
  std::optional<DType> dtype = {};
  // [N]: past its length an example's outputs are zeros, and its state stays as it is.
  std::optional<Input> sequence_length = {};
  std::string scope = {};  // left out: "rnn"
};
struct StaticRnnResult {
  std::vector<Output> outputs;
  State state;
};
// The cell over a list of inputs [N, in], one for each step.
TENON_API StaticRnnResult static_rnn(RNNCell& cell, const Inputs& inputs,
                                     const StaticRnnOptions& options = {});

struct BidirectionalRnnOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<State> initial_state_fw = {};
  std::optional<State> initial_state_bw = {};
  std::optional<DType> dtype = {};
  std::optional<Input> sequence_length = {};
  bool time_major = false;  // of the dynamic one
  std::string scope = {};   // left out: "bidirectional_rnn"
};
struct StaticBidirectionalRnnResult {
  std::vector<Output> outputs;
  State state_fw, state_bw;
};
// Two cells, one from the end to the beginning: outputs are those of both, side by side, in the
// order of time.
TENON_API StaticBidirectionalRnnResult
static_bidirectional_rnn(RNNCell& cell_fw, RNNCell& cell_bw, const Inputs& inputs,
                         const BidirectionalRnnOptions& options = {});

struct DynamicRnnOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::optional<Input> sequence_length = {};
  std::optional<State> initial_state = {};
  std::optional<DType> dtype = {};
  bool time_major = false;  // inputs and outputs are [T, N, ...]
  std::string scope = {};   // left out: "rnn"
};
struct RnnResult {
  Output outputs;
  State state;
};
// The cell over inputs [N, T, in] -> outputs [N, T, output_size()]. Where T is known the steps are
// made one after the other, else it is a loop (while_loop).
TENON_API RnnResult dynamic_rnn(RNNCell& cell, Input inputs, const DynamicRnnOptions& options = {});
struct BidirectionalRnnResult {
  Output outputs_fw, outputs_bw;
  State state_fw, state_bw;
};
TENON_API BidirectionalRnnResult bidirectional_dynamic_rnn(
    RNNCell& cell_fw, RNNCell& cell_bw, Input inputs, const BidirectionalRnnOptions& options = {});

}  // namespace tenon::nn
