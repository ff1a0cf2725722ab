// Functions whose gradient the program says: TensorFlow's tf.custom_gradient.
//
//   Output y = custom_gradient(
//       [](const std::vector<Output>& x) -> CustomGradient {   // log(1 + e^x), safe for large x
//         Output e = exp(x[0]);
//         return {{log(1 + e)}, [e](const std::vector<Output>& dy) {
//                   return std::vector<Output>{dy[0] * (1 - 1 / (1 + e))};
//                 }};
//       },
//       {x})[0];
#pragma once

#include <functional>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon {

// The gradients that a function gives by what it takes, and by the variables that it uses: one
// each, an empty Output where there is none.
struct GradientsByVariables {
  std::vector<Output> inputs;
  std::vector<Output> variables;
};

// What a function answers: its results, and how their gradients become those of its inputs. One of
// the two: the second where the function uses variables.
struct CustomGradient {
  std::vector<Output> results;
  std::function<std::vector<Output>(const std::vector<Output>& dy)> gradient = {};
  std::function<GradientsByVariables(const std::vector<Output>& dy,
                                     const std::vector<Variable>& variables)>
      gradient_by_variables = {};
};

// The results of a function of these inputs; `gradients` goes through what it says, not through
// its operations. The variables that count are the global ones on the way from the inputs to the
// results, in the order of their names.
//
// Throws TypeError (bad_argument) where it uses variables and doesn't give gradients by them,
// ValueError (bad_argument) for no results or no gradient; and when `gradients` comes there, for
// as many gradients as there are not inputs or variables.
TENON_API std::vector<Output> custom_gradient(
    const std::function<CustomGradient(const std::vector<Output>& inputs)>& function,
    const Inputs& inputs, Location where = Location::current());

}  // namespace tenon
