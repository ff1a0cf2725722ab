// What the tests of optimizers share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"
#include "tenon/session.h"
#include "tenon/variable_scope.h"

namespace tenon {

inline std::vector<std::string> names(const std::vector<Variable>& variables) {
  std::vector<std::string> all;
  for (const Variable& variable : variables) all.push_back(variable.name());
  return all;
}

inline std::vector<float> numbers(const Tensor& tensor) {
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}

// The message of the E of that kind that this throws.
template <typename E>
std::string message(ErrorKind kind, const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

class OptimizerTest : public testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
};

// w^2 of a variable w = {3, -1}.
struct Square {
  Variable w = get_variable("w", {.initializer = Tensor({3.0f, -1.0f})});
  Output loss = reduce_sum(square(w));
};

}  // namespace tenon
