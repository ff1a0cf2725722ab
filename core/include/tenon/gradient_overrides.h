// Gradients of a program's own for operations of some types.
//
//   register_gradient("Guided", [](const Operation& op, const std::vector<Output>& grads) {
//     return std::vector<Output>{nn::relu(grads[0]) * cast(op.output(0) > 0.0f, float32)};
//   });
//   auto guided = gradient_override_map({{"Relu", "Guided"}});
//   Output y = nn::relu(x);   // differentiated by the function above
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/context.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon {

// The gradients of an operation's inputs, one each (an empty Output where there is none), made as
// operations of those of its results. Where none arrives for a result, it is given zeros.
using OpGradient =
    std::function<std::vector<Output>(const Operation& op, const std::vector<Output>& gradients)>;

// Makes a gradient known under a name, for all graphs and as long as the process runs. Throws
// KeyError (already_exists) where the name has one.
TENON_API void register_gradient(std::string_view name, OpGradient gradient);

// While it lives, operations of these types that this thread makes in the default graph are
// differentiated by the gradients registered under these names: pairs of type and name. Inner ones
// count first. That a name has no gradient is found when `gradients` meets such an operation:
// UnimplementedError (bad_argument).
using GradientOverrides = std::vector<std::pair<std::string, std::string>>;
TENON_API Context enter_gradient_override_map(const GradientOverrides& overrides);
TENON_API ScopeGuard gradient_override_map(const GradientOverrides& overrides);

}  // namespace tenon
