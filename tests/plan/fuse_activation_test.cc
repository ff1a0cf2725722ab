// Each activation runs with the product before it, and gives what it gives by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/training_workloads.h"
#include "tests/plan/plan_steps.h"

namespace tenon {
namespace {

struct ActivationCase {
  const char* name;
  std::function<Output(const Output&)> apply;
};
// GoogleTest looks this name up.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const ActivationCase& one, std::ostream* out) { *out << one.name; }

class FuseActivationTest : public ::testing::TestWithParam<ActivationCase> {
 protected:
  // One step; but where the product is fetched too, a step each, to the same values.
  void expect_one_step(const Output& product, const Output& fed, const Tensor& value) {
    const Output y = GetParam().apply(product);
    EXPECT_EQ(plan_steps(y, {{fed, value}}).size(), 1u);
    EXPECT_EQ(plan_steps({y, product}, {{fed, value}}).size(), 2u);
    Session session;
    session.run(global_variables_initializer());
    const Tensor fused = session.run(y, {{fed, value}});
    const Tensor alone = session.run({y, product}, {{fed, value}})[0];
    EXPECT_THAT(fused.data<float>(),
                ::testing::Pointwise(::testing::FloatNear(1e-5f), alone.data<float>()));
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1, 3});
  Output images_ = placeholder(float32, {-1, 6, 6, 2});
  Tensor value_ = bench::numbers(1, {5, 3}, 8);
  Tensor pictures_ = bench::numbers(1, {2, 6, 6, 2}, 8);
};

INSTANTIATE_TEST_SUITE_P(
    All, FuseActivationTest,
    ::testing::Values(ActivationCase{"Relu", [](const Output& x) { return nn::relu(x); }},
                      ActivationCase{"Relu6", [](const Output& x) { return nn::relu6(x); }},
                      ActivationCase{"Elu", [](const Output& x) { return nn::elu(x); }},
                      ActivationCase{"Tanh", [](const Output& x) { return tanh(x); }},
                      ActivationCase{"Sigmoid", [](const Output& x) { return sigmoid(x); }},
                      ActivationCase{
                          "LeakyRelu",
                          [](const Output& x) { return nn::leaky_relu(x, {.alpha = 0.3}); }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(FuseActivationTest, RunsWithAMatrixProductAndItsBias) {
  const Variable w = get_variable("w", {.shape = {3, 20}});
  const Variable b = get_variable("b", {.shape = {20}, .initializer = ones_initializer()});
  expect_one_step(matmul(x_, w) + b, x_, value_);
}

TEST_P(FuseActivationTest, RunsWithAMatrixProductAlone) {
  const Variable w = get_variable("w", {.shape = {3, 20}});
  expect_one_step(matmul(x_, w), x_, value_);
}

TEST_P(FuseActivationTest, RunsWithAConvolutionAndItsBias) {
  const Variable w = get_variable("w", {.shape = {3, 3, 2, 5}});
  const Variable b = get_variable("b", {.shape = {5}, .initializer = ones_initializer()});
  expect_one_step(nn::bias_add(nn::conv2d(images_, w, {.padding = "SAME"}), b), images_, pictures_);
}

TEST_P(FuseActivationTest, RunsWithAConvolutionAlone) {
  const Variable w = get_variable("w", {.shape = {3, 3, 2, 5}});
  expect_one_step(nn::conv2d(images_, w, {.padding = "VALID"}), images_, pictures_);
}

}  // namespace
}  // namespace tenon
