#include "tenon/layer.h"

#include <algorithm>
#include <optional>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/context.h"
#include "tenon/math_ops.h"

namespace tenon::layers {

std::vector<int64_t> Sizes::of_axes(size_t count, const char* what) const {
  if (sizes_.size() == 1) return std::vector<int64_t>(count, sizes_.front());
  internal::require<ValueError>(sizes_.size() == count, ErrorKind::bad_argument, "The `", what,
                                "` argument must be one number or ", count, " numbers. There are ",
                                sizes_.size(), ".");
  return sizes_;
}

Layer::Layer(std::string kind, LayerOptions options)
    : kind_(std::move(kind)), options_(std::move(options)) {
  if (options_.name_is_scope && !options_.name.empty()) {
    scope_ = variable_scope(options_.name).scope();
  }
}

// The scope is chosen where the layer is called first.
void Layer::set_scope() {
  if (scope_) return;
  const std::string name = options_.name.empty() ? kind_ : options_.name;
  scope_ = options_.reuse ? variable_scope(name).scope()
                          : variable_scope(VariableScopeOptions{.default_name = name}).scope();
}

Output Layer::operator()(Input inputs) {
  const internal::CallerLine line(inputs.where());
  const Output given = internal::as_output(inputs, "inputs");
  set_scope();
  auto scope = variable_scope(
      scope_, {.reuse = built_ ? Reuse(true) : options_.reuse, .auxiliary_name_scope = false});
  auto names = name_scope(scope.original_name_scope());
  check(given);
  if (!built_) {
    dtype_ = given.dtype();
    build(given);
    built_ = true;
  }
  const Output outputs = call(given);
  add_activity_loss(outputs);
  return outputs;
}

void Layer::check(const Output&) const {}

std::vector<Variable> Layer::variables() const {
  std::vector<Variable> all = trainable_;
  all.insert(all.end(), fixed_.begin(), fixed_.end());
  return all;
}

Variable Layer::add_weight(const std::string& name, const Weight& weight) {
  const std::vector<Variable> before = global_variables();
  const bool trained = weight.trainable && options_.trainable;
  GetVariableOptions options;
  options.shape = weight.shape;
  options.dtype = is_floating(dtype_) ? dtype_ : float32;
  options.initializer = weight.initializer;
  options.trainable = trained;
  options.constraint = weight.constraint;
  options.synchronization = weight.synchronization;
  options.aggregation = weight.aggregation;
  const Variable variable = get_variable(name, options);
  const auto is_new = [&](const Variable& part) {
    return std::find(before.begin(), before.end(), part) == before.end();
  };
  if (variable.is_tensor()) return variable;  // of a custom getter, which knows its variables
  if (weight.regularizer) {
    const std::vector<Variable> parts = variable.parts();
    if (std::all_of(parts.begin(), parts.end(), is_new)) {
      for (const Variable& part : parts) add_regularization(part, name, weight.regularizer);
    }
  }
  (trained && variable.trainable() ? trainable_ : fixed_).push_back(variable);
  return variable;
}

void Layer::add_regularization(const Variable& variable, const std::string& name,
                               const Regularizer& regularizer) const {
  auto names = name_scope(name + "/Regularizer");
  const Output loss = regularizer(variable);
  if (loss) add_to_collection(GraphKeys::REGULARIZATION_LOSSES, loss);
}

void Layer::add_activity_loss(const Output& outputs) const {
  if (!options_.activity_regularizer) return;
  auto names = name_scope("ActivityRegularizer");
  const Output loss = options_.activity_regularizer(outputs);
  if (!loss) return;
  const Output examples = cast(shape(outputs)[0], loss.dtype());
  add_to_collection(GraphKeys::REGULARIZATION_LOSSES, loss / examples);
}

void Layer::add_update(const Output& update) const {
  if (options_.trainable) add_to_collection(GraphKeys::UPDATE_OPS, update.op());
}

}  // namespace tenon::layers
