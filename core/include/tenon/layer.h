// What layers share (TensorFlow's tf.layers): a layer makes its variables when it is called first,
// in a variable scope of its own, and has them again in every call after that.
//
// The scope's name is the layer's: one made from its kind and made unique in the current scope
// (dense, dense_1, ...), or the one given. Entering the current scope again begins to count anew: a
// layer without a name finds the first one's variables where the scope reuses, and is refused
// (already_exists) where it doesn't. Initializers, regularizers, partitioners, custom getters and
// dtype rules of the scope around hold for a layer's variables as for those of get_variable; a
// regularizer of the layer's own is one more loss beside the scope's.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/initializers.h"
#include "tenon/regularizers.h"
#include "tenon/variable.h"
#include "tenon/variable_scope.h"

namespace tenon::layers {

// What is done to the result: nothing, a function of the library (nn::relu, tanh), or one of the
// program's own.
class Activation {
 public:
  using Function = std::function<Output(const Output&)>;

  Activation() = default;
  Activation(Output (*function)(Input, const OpOptions&))
      : function_([function](const Output& x) { return function(x, {}); }) {}
  template <typename F>
  requires(std::is_invocable_r_v<Output, const F&, const Output&> && !std::is_same_v<F, Activation>)
      Activation(F function)
      : function_(std::move(function)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(function_); }
  // The result itself where there is none.
  Output operator()(const Output& x) const { return function_ ? function_(x) : x; }

 private:
  Function function_;
};

// The loss of a layer's result; it is divided by the number of examples.
using ActivityRegularizer = std::function<Output(const Output&)>;

// One number for all axes, or a number for each: 3, or {3, 5}.
class Sizes {
 public:
  template <std::integral T>
  Sizes(T size) : sizes_{static_cast<int64_t>(size)} {}
  Sizes(std::initializer_list<int64_t> sizes) : sizes_(sizes) {}
  Sizes(std::vector<int64_t> sizes) : sizes_(std::move(sizes)) {}
  // One for each of `count` axes. Throws ValueError (bad_argument), naming `what`, for another
  // number of them.
  TENON_API std::vector<int64_t> of_axes(size_t count, const char* what) const;

 private:
  std::vector<int64_t> sizes_;
};

// A variable of a layer.
struct Weight {
  Shape shape = {};
  Initializer initializer = {};  // left out: the scope's, else glorot_uniform
  Regularizer regularizer = {};
  Constraint constraint = {};
  bool trainable = true;
  VariableSynchronization synchronization = VariableSynchronization::AUTO;
  VariableAggregation aggregation = VariableAggregation::NONE;
};

struct LayerOptions {
  std::string name = {};       // of its scope; left out: made from `kind`
  bool name_is_scope = false;  // the name is taken as it is, and not made unique
  Reuse reuse = {};
  bool trainable = true;
  ActivityRegularizer activity_regularizer = {};
};

// A layer; one of your own derives from it and overrides build and call. It belongs to the graph of
// its first call, and is called from one thread at a time.
class TENON_API Layer {
 public:
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // Calls the layer. Throws what build and call throw, and what get_variable does.
  virtual Output operator()(Input inputs);

  // In the order of making; those that are trained, and the others.
  std::vector<Variable> variables() const;
  const std::vector<Variable>& trainable_variables() const noexcept { return trainable_; }
  const std::vector<Variable>& non_trainable_variables() const noexcept { return fixed_; }
  bool trainable() const noexcept { return options_.trainable; }

 protected:
  // `kind` names it where it has no name: "dense".
  Layer(std::string kind, LayerOptions options);

  // Makes the variables, by add_weight, for inputs like these. Throws where these don't fit.
  virtual void build(const Output& inputs) = 0;
  virtual Output call(const Output& inputs) = 0;
  // Checks what comes in, before build and in every call.
  virtual void check(const Output& inputs) const;
  // The variable `name` in the layer's scope, of the dtype of what came in.
  Variable add_weight(const std::string& name, const Weight& weight);
  // Adds to UPDATE_OPS, unless the layer isn't trainable.
  void add_update(const Output& update) const;
  const std::string& kind() const noexcept { return kind_; }

 private:
  void set_scope();
  void add_regularization(const Variable& variable, const std::string& name,
                          const Regularizer& regularizer) const;
  void add_activity_loss(const Output& outputs) const;

  std::string kind_;
  LayerOptions options_;
  VariableScope scope_;
  DType dtype_ = DType::invalid;
  bool built_ = false;
  std::vector<Variable> trainable_, fixed_;
};

}  // namespace tenon::layers
