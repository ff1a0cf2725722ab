// What all optimizers share: operations that change variables so that a loss falls (tf.train of
// TensorFlow 1). The methods are in tenon/optimizers.h.
//
//   Variable global_step = train::get_or_create_global_step();
//   train::AdamOptimizer adam({.learning_rate = 1e-3});
//   Operation train_op = adam.minimize(loss, {.global_step = global_step});
//   session.run(global_variables_initializer());  // made after minimize: it has the slots too
//   session.run(train_op);                        // one step
//
// minimize is compute_gradients followed by apply_gradients; call the two yourself to change the
// gradients in between. What an optimizer remembers of a variable is kept in slots: variables of
// their own, named after the variable and the optimizer (layer1/w/Adam), global, not trainable, on
// the variable's device.
//
// Arguments such as learning_rate are a number, a scalar Output or a scalar Variable, evaluated in
// every step. A Variable is read where minimize or apply_gradients is called.
// Slots are variables of the scope where minimize or apply_gradients is called first: inside of one
// that only reuses (reuse true) that fails, as in TensorFlow, unless slots_ignore_reuse is set.
//
// A gradient of a gather is applied to the rows that were gathered where the method says so (the
// momentum of other rows rests), as TensorFlow does.
//
// Thread-safety: an optimizer is used from one thread at a time.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/global_step.h"
#include "tenon/gradients.h"
#include "tenon/graph.h"
#include "tenon/initializers.h"
#include "tenon/list_of.h"
#include "tenon/variable.h"

namespace tenon::train {

// When gradients are handed on: as they come, once an operation has all of its own (TensorFlow's
// default; the same as NONE here), or once all of them are there. Values are the same: within a
// run, what reads a variable sees its value from before the update.
enum class GateGradients { NONE = 0, OP = 1, GRAPH = 2 };

// The variables to train. Left out: those of GraphKeys::TRAINABLE_VARIABLES. The parts of a
// partitioned variable count one by one.
class TENON_API VarList {
 public:
  VarList() = default;
  VarList(std::initializer_list<Variable> variables);
  VarList(const std::vector<Variable>& variables);

  bool is_given() const noexcept { return given_; }
  const std::vector<Variable>& variables() const noexcept { return variables_; }

 private:
  std::vector<Variable> variables_;
  bool given_ = false;
};

struct ComputeGradientsOptions {
  VarList var_list = {};
  GateGradients gate_gradients = GateGradients::OP;
  AggregationMethod aggregation_method = AggregationMethod::DEFAULT;
  bool colocate_gradients_with_ops = false;  // puts each gradient on its operation's device
  std::optional<Input> grad_loss = {};       // the gradient of the loss itself; left out: ones
};

struct ApplyGradientsOptions {
  Variable global_step = {};  // counted up after the updates
  std::string name = {};      // of the operation; left out: the optimizer's name
};

struct MinimizeOptions {
  Variable global_step = {};
  VarList var_list = {};
  GateGradients gate_gradients = GateGradients::OP;
  AggregationMethod aggregation_method = AggregationMethod::DEFAULT;
  bool colocate_gradients_with_ops = false;
  std::string name = {};
  std::optional<Input> grad_loss = {};
};

// One variable and the gradient of the loss by it, which is empty where there is no path.
struct GradientAndVariable {
  Output gradient;
  Variable variable;
};
using GradientsAndVariables = std::vector<GradientAndVariable>;
// Python's zip of the two: gradients that were clipped, say, and their variables.
//
//   auto clipped = clip_by_global_norm(gradients({loss}, variables), 5.0f);
//   optimizer.apply_gradients(train::zip(clipped.tensors, variables));
//
// Throws ValueError (bad_argument) when there aren't as many of one as of the other.
TENON_API GradientsAndVariables zip(const ListOf<Output>& gradients,
                                    const ListOf<Variable>& variables);

// What all optimizers share. A method of your own derives from it: see "For derived classes".
class TENON_API Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  const std::string& get_name() const noexcept;

  // An operation that changes the variables by one step against the gradient of `loss` and then
  // adds one to global_step. It is also added to GraphKeys::TRAIN_OP.
  //
  // Throws ValueError: no_gradient when there is no variable to train, or none that the loss
  // depends on; dtype_incompatible when the loss or a variable isn't floating. Throws RuntimeError
  // (bad_constraint) for a variable with both a constraint and a gradient of gathered rows, and
  // ValueError (bad_argument) for a gate_gradients or aggregation_method that isn't one.
  Operation minimize(const Output& loss, const MinimizeOptions& options = {},
                     Location where = Location::current());

  // The gradient of `loss` by each variable, in the order of var_list. Throws as minimize does, but
  // not where the loss depends on none of them.
  GradientsAndVariables compute_gradients(const Output& loss,
                                          const ComputeGradientsOptions& options = {},
                                          Location where = Location::current());

  // The second half of minimize: pairs without a gradient are passed over. Throws as minimize does.
  Operation apply_gradients(const GradientsAndVariables& gradients,
                            const ApplyGradientsOptions& options = {},
                            Location where = Location::current());

  // The slot of that name that belongs to `variable`; empty where there is none.
  Variable get_slot(const Variable& variable, std::string_view name) const;
  // Sorted: {"m", "v"} of Adam. Empty before the first apply_gradients.
  std::vector<std::string> get_slot_names() const;
  // All variables of the optimizer itself in the default graph, sorted by name.
  std::vector<Variable> variables() const;

 protected:
  // ---- For derived classes: called by apply_gradients in this order.
  // A gradient of gathered rows: row i of `values` belongs to row indices[i] of the variable.
  // Indices may occur more than once: their rows then add up. `dense` is that sum, in the
  // variable's own shape.
  struct SparseGradient {
    Output values;
    Output indices;
    Output dense;
  };

  // Throws ValueError (bad_argument) when the name is empty.
  explicit Optimizer(std::string name, bool use_locking = false, bool slots_ignore_reuse = false);

  // Makes what is needed beside the variables; zeros_slot and the like answer what is there
  // already.
  virtual void create_slots(const std::vector<Variable>& variables);
  // Makes what all updates share (learning rates), inside the name scope of the train operation.
  virtual void prepare();
  // Makes the update of one variable. By default a sparse gradient is applied as the dense one.
  virtual Operation apply_dense(const Output& gradient, const Variable& variable) = 0;
  virtual Operation apply_sparse(const SparseGradient& gradient, const Variable& variable);
  // Makes the operation that runs all updates, and what belongs after them.
  virtual Operation finish(const std::vector<Operation>& updates, const std::string& name);

  // A slot of zeros in the variable's shape and dtype, or of what the initializer gives;
  // `op_name` is the last part of its name.
  Variable zeros_slot(const Variable& variable, const std::string& slot_name,
                      const std::string& op_name);
  Variable slot_with_initializer(const Variable& variable, const Initializer& initializer,
                                 const std::string& slot_name, const std::string& op_name);
  // A variable of the optimizer that belongs to no variable in particular: found, or made. There is
  // one of a name in each graph. get_non_slot answers the default graph's, or an empty handle.
  Variable non_slot(const Input& initial_value, const std::string& name,
                    const Variable& colocate_with);
  Variable get_non_slot(std::string_view name) const;

  // An argument as an operation of its own, and in a variable's dtype.
  static Output as_scalar(const Input& argument, const std::string& name);
  static Output cast_to(const Output& scalar, const Variable& variable);
  bool use_locking() const noexcept;

  // For methods that are written as operations: a variable's value before the step, and the
  // operation that replaces it; with indices, of these rows alone. A row may occur more than once,
  // with the same new value each time.
  static Output read(const Variable& variable, const Output& indices);
  static Operation write(const Variable& variable, const Output& indices, const Output& value);

 private:
  struct State;
  Operation update(const GradientAndVariable& pair);

  std::unique_ptr<State> state_;
};

}  // namespace tenon::train
