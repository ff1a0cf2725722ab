#include "tenon/gradient_accumulation.h"

#include <algorithm>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/training/slots.h"
#include "tenon/array_ops.h"
#include "tenon/context.h"
#include "tenon/math_ops.h"
#include "tenon/variable.h"

namespace tenon::train {

AccumulatedGradients accumulate_gradients(const GradientsAndVariables& gradients,
                                          const std::string& name, Location where) {
  const internal::CallerLine line(where);
  internal::require<ValueError>(
      std::any_of(gradients.begin(), gradients.end(),
                  [](const GradientAndVariable& pair) { return bool(pair.gradient); }),
      ErrorKind::no_gradient,
      "No gradients provided for any variable: there is nothing to add up.");
  std::vector<Variable> sums;
  for (const auto& [gradient, variable] : gradients) {
    sums.push_back(gradient ? internal::create_zeros_slot(variable, name) : Variable());
  }
  auto scope = name_scope(name, {});
  Variable count;
  std::vector<ControlInput> added, cleared;
  AccumulatedGradients result;
  for (size_t i = 0; i < gradients.size(); ++i) {
    const auto& [gradient, variable] = gradients[i];
    if (!gradient) {
      result.gradients.push_back({{}, variable});
      continue;
    }
    if (!count) {
      count = Variable(0.0f, {.name = "count", .trainable = false});
      added.emplace_back(count.assign_add(1.0f));
      cleared.emplace_back(count.assign(0.0f));
    }
    auto beside = colocate_with(variable.op());
    added.emplace_back(sums[i].assign_add(gradient));
    cleared.emplace_back(sums[i].assign(zeros_like(sums[i])));
    const Output mean = sums[i] / cast(maximum(count, 1.0f), variable.dtype());
    result.gradients.push_back({mean, variable});
  }
  result.add = group(added, {.name = "add"});
  result.reset = group(cleared, {.name = "reset"});
  return result;
}

}  // namespace tenon::train
