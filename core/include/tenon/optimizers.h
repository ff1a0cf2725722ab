// The methods that train: optimizers by the names of tf.train. What they share, and how to write
// one of your own, is in tenon/optimizer.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/optimizer.h"
#include "tenon/variable.h"

namespace tenon::train {

struct GradientDescentOptions {
  Input learning_rate;
  bool use_locking = false;
  std::string name = "GradientDescent";
};

// variable -= learning_rate * gradient
class TENON_API GradientDescentOptimizer : public Optimizer {
 public:
  explicit GradientDescentOptimizer(const GradientDescentOptions& options);

 protected:
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  GradientDescentOptions options_;
  Output learning_rate_;
};

struct MomentumOptions {
  Input learning_rate;
  Input momentum;
  bool use_locking = false;
  std::string name = "Momentum";
  bool use_nesterov = false;
  bool slots_ignore_reuse = false;
};

// accumulation = momentum * accumulation + gradient; variable -= learning_rate * accumulation
// Nesterov's: variable -= learning_rate * (gradient + momentum * accumulation)
// Slot: "momentum" (w/Momentum).
class TENON_API MomentumOptimizer : public Optimizer {
 public:
  explicit MomentumOptimizer(const MomentumOptions& options);

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  MomentumOptions options_;
  Output learning_rate_;
  Output momentum_;
};

struct AdamOptions {
  Input learning_rate = 0.001;
  Input beta1 = 0.9;
  Input beta2 = 0.999;
  Input epsilon = 1e-8;
  bool use_locking = false;
  std::string name = "Adam";
  bool slots_ignore_reuse = false;
};

// m = beta1 * m + (1 - beta1) * gradient; v = beta2 * v + (1 - beta2) * gradient^2
// variable -= learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
// Slots: "m" (w/Adam) and "v" (w/Adam_1). The powers are the variables beta1_power, beta2_power.
// Rows that were not gathered are updated too: their m and v decay.
class TENON_API AdamOptimizer : public Optimizer {
 public:
  explicit AdamOptimizer(const AdamOptions& options = {});

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation finish(const std::vector<Operation>& updates, const std::string& name) override;

  Output learning_rate_, beta1_, beta2_, epsilon_;

 private:
  AdamOptions options_;
};

struct AdamWOptions {
  Input weight_decay;
  Input learning_rate = 0.001;
  Input beta1 = 0.9;
  Input beta2 = 0.999;
  Input epsilon = 1e-8;
  VarList decay_var_list = {};  // the variables that decay; left out: all that are trained
  bool use_locking = false;
  std::string name = "AdamW";
  bool slots_ignore_reuse = false;
};

// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), as tf.contrib.opt has it:
// variable -= weight_decay * variable, by that number alone, whatever the learning rate; then
// Adam's step. Of a variable that is gathered from only these rows decay. Slots: "m" (w/AdamW) and
// "v" (w/AdamW_1).
class TENON_API AdamWOptimizer : public AdamOptimizer {
 public:
  explicit AdamWOptimizer(const AdamWOptions& options);

 protected:
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  bool decays(const Variable& variable) const;
  Operation decay(const Variable& variable, const Output& indices) const;

  Input weight_decay_;
  VarList decay_var_list_;
  Output decay_;
};

struct LambOptions {
  Input learning_rate = 0.001;
  Input beta1 = 0.9;
  Input beta2 = 0.999;
  Input epsilon = 1e-6;
  Input weight_decay = 0.0;
  // Regular expressions: a variable in whose name one of them is found doesn't decay, or takes its
  // steps as Adam does. The second left out: what doesn't decay.
  std::vector<std::string> exclude_from_weight_decay = {};
  std::optional<std::vector<std::string>> exclude_from_layer_adaptation = {};
  bool use_locking = false;
  std::string name = "LAMB";
  bool slots_ignore_reuse = false;
};

// Layer-wise adaptive moments for large batches (You et al., 2020), as tfa.optimizers.LAMB of
// TensorFlow Addons has it: with Adam's moments m and v,
//   step = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weight_decay * variable
//   variable -= learning_rate * |variable| / |step| * step
// where a norm of zero makes the ratio one. Slots: "m" (w/LAMB) and "v" (w/LAMB_1).
class TENON_API LambOptimizer : public AdamOptimizer {
 public:
  // Throws ValueError (bad_argument) for what is no regular expression.
  explicit LambOptimizer(const LambOptions& options = {});

 protected:
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;

 private:
  Input weight_decay_;
  std::vector<std::string> not_decaying_, not_adapted_;
  Output decay_;
};

struct AdagradOptions {
  Input learning_rate;
  double initial_accumulator_value = 0.1;  // above zero
  bool use_locking = false;
  std::string name = "Adagrad";
  bool slots_ignore_reuse = false;
};

// accumulator += gradient^2; variable -= learning_rate * gradient / sqrt(accumulator)
// Slot: "accumulator" (w/Adagrad).
class TENON_API AdagradOptimizer : public Optimizer {
 public:
  // Throws ValueError (bad_argument) when initial_accumulator_value isn't above zero.
  explicit AdagradOptimizer(const AdagradOptions& options);

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  Operation step(const Output& gradient, const Variable& variable, const Output& indices);

  AdagradOptions options_;
  Output learning_rate_;
};

struct AdadeltaOptions {
  Input learning_rate = 0.001;
  Input rho = 0.95;
  Input epsilon = 1e-8;
  bool use_locking = false;
  std::string name = "Adadelta";
  bool slots_ignore_reuse = false;
};

// accum = rho * accum + (1 - rho) * gradient^2
// update = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * gradient
// accum_update = rho * accum_update + (1 - rho) * update^2; variable -= learning_rate * update
// Slots: "accum" (w/Adadelta) and "accum_update" (w/Adadelta_1).
class TENON_API AdadeltaOptimizer : public Optimizer {
 public:
  explicit AdadeltaOptimizer(const AdadeltaOptions& options = {});

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  Operation step(const Output& gradient, const Variable& variable, const Output& indices);

  AdadeltaOptions options_;
  Output learning_rate_, rho_, epsilon_;
};

struct RMSPropOptions {
  Input learning_rate;
  Input decay = 0.9;
  Input momentum = 0.0;
  Input epsilon = 1e-10;
  bool use_locking = false;
  bool centered = false;  // divide by the gradient's variance instead of its mean square
  std::string name = "RMSProp";
  bool slots_ignore_reuse = false;
};

// rms = decay * rms + (1 - decay) * gradient^2 (it begins at one)
// momentum' = momentum * momentum' + learning_rate * gradient / sqrt(rms + epsilon)
// variable -= momentum'
// Centered: mg = decay * mg + (1 - decay) * gradient, and rms - mg^2 takes rms's place in the root.
// Slots: "rms" (w/RMSProp), "mg" if centered, "momentum" (w/RMSProp_1, ...).
class TENON_API RMSPropOptimizer : public Optimizer {
 public:
  explicit RMSPropOptimizer(const RMSPropOptions& options);

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  Operation step(const Output& gradient, const Variable& variable, const Output& indices);

  RMSPropOptions options_;
  Output learning_rate_, decay_, momentum_, epsilon_;
};

struct FtrlOptions {
  Input learning_rate;
  double learning_rate_power = -0.5;       // at most zero
  double initial_accumulator_value = 0.1;  // this and all below: zero or more
  double l1_regularization_strength = 0.0;
  double l2_regularization_strength = 0.0;
  bool use_locking = false;
  std::string name = "Ftrl";
  std::string accum_name = {};  // last parts of the slots' names; left out: the optimizer's name
  std::string linear_name = {};
  double l2_shrinkage_regularization_strength = 0.0;
  double beta = 0.0;
  bool slots_ignore_reuse = false;
};

// Follow the regularized leader (McMahan et al., 2013): as Adagrad, with variables that an L1
// penalty keeps at zero.
// Slots: "accum" (w/Ftrl) and "linear" (w/Ftrl_1).
class TENON_API FtrlOptimizer : public Optimizer {
 public:
  // Throws ValueError (bad_argument) for numbers out of their ranges.
  explicit FtrlOptimizer(const FtrlOptions& options);

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  Operation step(const Output& gradient, const Variable& variable, const Output& indices);

  FtrlOptions options_;
  Output learning_rate_, l1_, l2_, shrinkage_, power_;
};

struct AdagradDAOptions {
  Input learning_rate;
  Input global_step;  // how many steps were made: an int64 that the train operation counts up
  double initial_gradient_squared_accumulator_value = 0.1;  // above zero
  double l1_regularization_strength = 0.0;
  double l2_regularization_strength = 0.0;
  bool use_locking = false;
  std::string name = "AdagradDA";
  bool slots_ignore_reuse = false;
};

// Adagrad with dual averaging (Duchi et al., 2011): with g and gg the sums of gradients and of
// their squares and t = global_step + 1, variable = -sign(g) * learning_rate * max(|g| - l1 * t, 0)
// / (l2 * t * learning_rate + sqrt(gg)): what it was before is gone after the first step. Slots:
// "gradient_accumulator" (w/AdagradDA), "gradient_squared_accumulator" (w/AdagradDA_1).
class TENON_API AdagradDAOptimizer : public Optimizer {
 public:
  // Throws ValueError (bad_argument) when the accumulator's initial value isn't above zero.
  explicit AdagradDAOptimizer(const AdagradDAOptions& options);

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  AdagradDAOptions options_;
  Output learning_rate_, l1_, l2_, global_step_;
};

// The numbers of the next two are taken as they are: beside a float64 variable each must be a
// tensor of float64, else the step is refused (TypeError, dtype_incompatible), as TensorFlow's is.
struct ProximalGradientDescentOptions {
  Input learning_rate;
  Input l1_regularization_strength = 0.0;
  Input l2_regularization_strength = 0.0;
  bool use_locking = false;
  std::string name = "ProximalGradientDescent";
};

// p = variable - learning_rate * gradient; variable = sign(p) * max(|p| - learning_rate * l1, 0) /
// (1 + learning_rate * l2) (Duchi and Singer, 2009).
class TENON_API ProximalGradientDescentOptimizer : public Optimizer {
 public:
  explicit ProximalGradientDescentOptimizer(const ProximalGradientDescentOptions& options);

 protected:
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  ProximalGradientDescentOptions options_;
  Output learning_rate_, l1_, l2_;
};

struct ProximalAdagradOptions {
  Input learning_rate;
  double initial_accumulator_value = 0.1;  // above zero
  Input l1_regularization_strength = 0.0;
  Input l2_regularization_strength = 0.0;
  bool use_locking = false;
  std::string name = "ProximalAdagrad";
  bool slots_ignore_reuse = false;
};

// The same with learning_rate / sqrt(accumulator) for the rate, where accumulator += gradient^2.
// Slot: "accumulator" (w/ProximalAdagrad).
class TENON_API ProximalAdagradOptimizer : public Optimizer {
 public:
  // Throws ValueError (bad_argument) when initial_accumulator_value isn't above zero.
  explicit ProximalAdagradOptimizer(const ProximalAdagradOptions& options);

 protected:
  void create_slots(const std::vector<Variable>& variables) override;
  void prepare() override;
  Operation apply_dense(const Output& gradient, const Variable& variable) override;
  Operation apply_sparse(const SparseGradient& gradient, const Variable& variable) override;

 private:
  ProximalAdagradOptions options_;
  Output learning_rate_, l1_, l2_;
};

}  // namespace tenon::train
