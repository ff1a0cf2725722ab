// What Lamb does beside its steps' values, which optimizer_values_test.cc has.
#include <cmath>
#include <string>
#include <vector>

#include "tests/training/optimizer_testing.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using testing::HasSubstr;
using train::LambOptimizer;

class LambTest : public OptimizerTest {};

// After one step from `value` under a gradient, at a rate of 1 and without epsilon.
Tensor after_a_step(const Tensor& value, const Tensor& gradient) {
  const Variable w = get_variable("w", {.initializer = value});
  LambOptimizer lamb({.learning_rate = 1.0, .epsilon = 0.0});
  const Operation step = lamb.apply_gradients({{constant(gradient), w}});
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  return session.run(w);
}

// Adam's first step is the gradient's sign: of length sqrt(2) here, and made as long as w.
TEST_F(LambTest, StepsAreAsLongAsTheVariable) {
  const Tensor after = after_a_step(Tensor({3.0F, 4.0F}), Tensor({0.5F, -2.0F}));
  const float step = 5 / std::sqrt(2.0F);
  EXPECT_NEAR(after.data<float>()[0], 3 - step, 1e-5);
  EXPECT_NEAR(after.data<float>()[1], 4 + step, 1e-5);
}

TEST_F(LambTest, OfAVariableOfZerosStepsAreAdams) {
  const Tensor after = after_a_step(Tensor({0.0F, 0.0F}), Tensor({0.5F, -2.0F}));
  EXPECT_NEAR(after.data<float>()[0], -1, 1e-5);
  EXPECT_NEAR(after.data<float>()[1], 1, 1e-5);
}

TEST_F(LambTest, AStepOfZerosChangesNothing) {
  const Variable w = get_variable("w", {.initializer = Tensor({3.0F, 4.0F})});
  LambOptimizer lamb;
  const Operation step = lamb.apply_gradients({{constant(Tensor({0.0F, 0.0F})), w}});
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_EQ(session.run(w).to_vector<float>(), (std::vector<float>{3, 4}));
}

TEST_F(LambTest, RefusesWhatIsNoRegularExpression) {
  const auto make = [](const std::vector<std::string>& patterns) {
    const LambOptimizer lamb({.exclude_from_weight_decay = patterns});
  };
  EXPECT_THAT(message<ValueError>(ErrorKind::bad_argument,
                                  [&] {
                                    make({"bias", "["});
                                  }),
              HasSubstr("What Lamb leaves out '[' is not a regular expression"));
}

}  // namespace
