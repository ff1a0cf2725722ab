// A variable's update is one step, what its gradient is computed by element for element included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/training_workloads.h"
#include "tests/plan/plan_steps.h"

namespace tenon {
namespace {

struct UpdateCase {
  const char* name;
  std::function<Operation(const train::GradientsAndVariables&)> apply;
};
// GoogleTest looks this name up.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const UpdateCase& one, std::ostream* out) { *out << one.name; }

class FuseUpdateTest : public ::testing::TestWithParam<UpdateCase> {
 protected:
  // How many steps compute or write something of a variable's size.
  size_t steps_on_variables(const std::vector<Fetch>& fetches) {
    const std::vector<std::string> lines = plan_steps(fetches, feeds_);
    return static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
      return line.find("float32()") == line.npos && line.find("assign") == line.npos;
    }));
  }

  // The variables after two runs of these.
  std::vector<Tensor> trained(const std::vector<Fetch>& fetches) {
    Session session;
    session.run(global_variables_initializer());
    for (int i = 0; i < 2; ++i) session.run(fetches, feeds_);
    return session.run({weights_, biases_});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Variable weights_ = get_variable("weights", {.shape = {3, 4}, .initializer = ones_initializer()});
  Variable biases_ = get_variable("biases", {.shape = {4}, .initializer = ones_initializer()});
  Output by_weights_ = placeholder(float32, {3, 4}), by_biases_ = placeholder(float32, {4});
  Feeds feeds_ = {{by_weights_, bench::numbers(1, {3, 4})}, {by_biases_, bench::numbers(2, {4})}};
};

template <typename T, typename Options>
UpdateCase update_case(const char* name, Options options) {
  return {name, [options](const auto& gradients) { return T(options).apply_gradients(gradients); }};
}

INSTANTIATE_TEST_SUITE_P(
    Methods, FuseUpdateTest,
    ::testing::Values(
        update_case<train::GradientDescentOptimizer>(
            "GradientDescent", train::GradientDescentOptions{.learning_rate = 0.1}),
        update_case<train::MomentumOptimizer>(
            "Momentum", train::MomentumOptions{.learning_rate = 0.1, .momentum = 0.9}),
        update_case<train::MomentumOptimizer>(
            "Nesterov",
            train::MomentumOptions{.learning_rate = 0.1, .momentum = 0.9, .use_nesterov = true}),
        update_case<train::AdamOptimizer>("Adam", train::AdamOptions{})),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(FuseUpdateTest, IsOneStepAVariable) {
  const Operation train = GetParam().apply({{by_weights_, weights_}, {by_biases_, biases_}});
  EXPECT_EQ(steps_on_variables({train}), 2u);
}

TEST_P(FuseUpdateTest, TakesInWhatScalesTheGradient) {
  const Output rate = placeholder(float32, {});
  feeds_.push_back({rate, Tensor(0.5f)});
  const Output scaled = by_weights_ * rate;
  const Operation train = GetParam().apply({{scaled, weights_}, {by_biases_ * 0.5f, biases_}});
  EXPECT_EQ(steps_on_variables({train}), 2u);
  const std::vector<Tensor> fused = trained({train}), apart = trained({train, scaled});
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_THAT(fused[i].data<float>(),
                ::testing::Pointwise(::testing::FloatNear(1e-6f), apart[i].data<float>()));
  }
}

TEST_P(FuseUpdateTest, LeavesAScaledGradientThatIsUsedElsewhere) {
  const Output scaled = by_weights_ * 0.5f;
  const Operation train = GetParam().apply({{scaled, weights_}, {by_biases_, biases_}});
  EXPECT_EQ(steps_on_variables({train, scaled}), 3u);
}

}  // namespace
}  // namespace tenon
