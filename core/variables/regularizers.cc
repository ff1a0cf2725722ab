#include "tenon/regularizers.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "tenon/collections.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace {

using internal::CallerLine;
using internal::ProgramRuns;
using internal::require;

// Where the program asked for the variable that has the loss.
Location line_of_call(const Variable& variable) {
  return ProgramRuns::call_or_else(variable.made_at());
}

// scale * penalty(variable), below a name scope of the regularizer's own; the product is named as
// that scope.
Regularizer scaled(double scale, const char* name, Output (*penalty)(const Variable&)) {
  require<ValueError>(scale >= 0, ErrorKind::bad_argument, "The scale of ", name,
                      " must be 0 or more, not ", scale);
  if (scale == 0) return no_regularizer;
  return [=](const Variable& variable) -> Output {
    if (!is_floating(variable.dtype())) return {};
    const CallerLine line(line_of_call(variable));
    const NameScope names = name_scope(name);
    const Output factor = internal::as_output(Input(scale), "scale", variable.dtype());
    return multiply(factor, penalty(variable), {.name = names.name()});
  };
}

}  // namespace

Regularizer l1_regularizer(double scale) {
  return scaled(scale, "l1_regularizer",
                [](const Variable& variable) { return reduce_sum(abs(variable)); });
}

Regularizer l2_regularizer(double scale) {
  return scaled(scale, "l2_regularizer",
                [](const Variable& variable) { return nn::l2_loss(variable); });
}

Regularizer l1_l2_regularizer(double scale_l1, double scale_l2) {
  if (scale_l1 == 0) return l2_regularizer(scale_l2);
  if (scale_l2 == 0) return l1_regularizer(scale_l1);
  return sum_regularizer({l1_regularizer(scale_l1), l2_regularizer(scale_l2)}, "l1_l2_regularizer");
}

Regularizer sum_regularizer(std::vector<Regularizer> regularizers, const std::string& name) {
  return [regularizers = std::move(regularizers), name](const Variable& variable) -> Output {
    const CallerLine line(line_of_call(variable));
    const NameScope names = name_scope(name);
    std::vector<Output> losses;
    for (const Regularizer& regularizer : regularizers) {
      if (!regularizer) continue;
      const ProgramRuns own_lines;
      if (const Output loss = regularizer(variable)) losses.push_back(loss);
    }
    if (losses.empty()) return {};
    return losses.size() == 1 ? losses[0] : add_n(losses, {.name = names.name()});
  };
}

Output no_regularizer(const Variable&) { return {}; }

Output apply_regularization(const Regularizer& regularizer, const ListOf<Variable>& weights,
                            Location where) {
  const CallerLine line(where);
  const std::vector<Variable> variables =
      weights.empty() ? get_collection<Variable>(GraphKeys::WEIGHTS) : weights.items();
  require<ValueError>(!variables.empty(), ErrorKind::bad_argument, "No weights to regularize.");
  require<ValueError>(static_cast<bool>(regularizer), ErrorKind::bad_argument,
                      "apply_regularization needs a regularizer");
  const ScopeGuard graph = variables[0].graph().as_default();
  const NameScope names = name_scope("get_regularization_penalty");
  std::vector<Output> losses;
  for (const Variable& variable : variables) {
    const auto asked = [&] {
      const ProgramRuns own_lines;
      return regularizer(variable);
    };
    const Output loss = asked();
    losses.push_back(loss ? loss : internal::make_constant(Tensor(0.0f)));
    require<ValueError>(losses.back().shape().rank() == 0, ErrorKind::shape_incompatible,
                        "regularizer must return a scalar Tensor instead of a Tensor of shape ",
                        losses.back().shape(), ", for variable ", variable.name());
  }
  const Output sum = add_n(losses, {.name = names.name()});
  add_to_collection(GraphKeys::REGULARIZATION_LOSSES, sum);
  return sum;
}

}  // namespace tenon
