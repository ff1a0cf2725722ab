// Regularizers: functions of a variable whose answer, a scalar, is added to REGULARIZATION_LOSSES
// when get_variable makes the variable.
//
//   get_variable("w", {.shape = {3}, .regularizer = l2_regularizer(0.01)});
//   Output loss = data_loss + losses::get_regularization_loss();
#pragma once

#include <functional>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon {

// A function that takes the variable (or its value: an Output) and returns its loss, or an empty
// Output for none.
using Regularizer = std::function<Output(const Variable& variable)>;

// scale * sum |w|, and scale * sum w^2 / 2; none for a variable that isn't floating.
TENON_API Regularizer l1_regularizer(double scale);
TENON_API Regularizer l2_regularizer(double scale);
// No loss, also where the scope around it has a regularizer.
TENON_API Output no_regularizer(const Variable& variable);

}  // namespace tenon
