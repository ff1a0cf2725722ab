#include "tenon/regularizers.h"

#include "core/graph/builder.h"
#include "core/graph/caller_line.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace {

// scale * penalty(variable), below a name scope of the regularizer's own; the product is named as
// that scope.
Regularizer scaled(double scale, const char* name, Output (*penalty)(const Variable&)) {
  return [=](const Variable& variable) -> Output {
    if (!is_floating(variable.dtype())) return {};
    const internal::CallerLine line(internal::ProgramRuns::call_or_else(variable.made_at()));
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

Output no_regularizer(const Variable&) { return {}; }

}  // namespace tenon
