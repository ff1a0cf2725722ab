// Regularizers: functions of a variable whose answer, a scalar, is added to REGULARIZATION_LOSSES
// when get_variable makes the variable.
//
//   get_variable("w", {.shape = {3}, .regularizer = l2_regularizer(0.01)});
//   Output loss = data_loss + losses::get_regularization_loss();
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/variable.h"

namespace tenon {

// A function that takes the variable (or its value: an Output) and returns its loss, or an empty
// Output for none.
using Regularizer = std::function<Output(const Variable& variable)>;

// scale * sum |w|, and scale * sum w^2 / 2; none for a variable that isn't floating, or a scale of
// 0. Throw ValueError (bad_argument) for a scale below 0.
TENON_API Regularizer l1_regularizer(double scale);
TENON_API Regularizer l2_regularizer(double scale);
// Both of these, added up.
TENON_API Regularizer l1_l2_regularizer(double scale_l1 = 1.0, double scale_l2 = 1.0);
// The sum of what all of these answer; none where none of them answers a loss. Empty ones are left
// out.
TENON_API Regularizer sum_regularizer(std::vector<Regularizer> regularizers,
                                      const std::string& name = "sum_regularizer");
// No loss, also where the scope around it has a regularizer.
TENON_API Output no_regularizer(const Variable& variable);

// The sum of the regularizer's losses of these variables (left out: those in
// GraphKeys::WEIGHTS), which is added to REGULARIZATION_LOSSES. Throws ValueError: bad_argument
// when there is no variable, shape_incompatible for a loss that is no scalar.
TENON_API Output apply_regularization(const Regularizer& regularizer,
                                      const ListOf<Variable>& weights = {},
                                      Location where = Location::current());

}  // namespace tenon
