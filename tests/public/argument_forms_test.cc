// What functions take in place of one another: lists and vectors, Outputs, Operations and
// Variables, integers of any type.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::test {
namespace {

using ::testing::ElementsAre;

class ArgumentFormsTest : public ::testing::Test {
 protected:
  std::vector<float> values(const Output& output) {
    session_.run(global_variables_initializer());
    const Tensor value = session_.run(output);
    const auto data = value.data<float>();
    return {data.begin(), data.end()};
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  Session session_{graph_};
  const Output x_ = constant({{1.0f, 2.0f}, {3.0f, 4.0f}});
  const Variable v_ = Variable(Tensor({10.0f, 20.0f})), w_ = Variable(Tensor({30.0f, 40.0f}));
};

TEST_F(ArgumentFormsTest, ListsOfTensorsMixWhatConvertsToThem) {
  const std::vector<Variable> variables = {v_, w_};
  const std::vector<Output> outputs = {v_.value(), w_.value()};
  EXPECT_THAT(values(concat(variables, 0)), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(values(concat(outputs, 0)), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(values(concat({v_, w_.value(), {5.0f}, Tensor({6.0f})}, 0)),
              ElementsAre(10, 20, 30, 40, 5, 6));
  EXPECT_THAT(values(add_n(variables)), ElementsAre(40, 60));
  EXPECT_THAT(values(add_n(std::list<Output>{v_, w_})), ElementsAre(40, 60));
  EXPECT_EQ(stack(variables, {.axis = 1}).shape(), (Shape{2, 2}));
  EXPECT_EQ(tuple(outputs, {v_.op(), w_})[1].dtype(), float32);
  EXPECT_THAT(values(global_norm(std::vector<Variable>{Variable(Tensor({3.0f, 4.0f}))})),
              ElementsAre(5));
}

TEST_F(ArgumentFormsTest, ControlDependenciesAndGroupTakeOperationsOutputsAndVariables) {
  const Variable count(0.0f);
  const std::vector<Operation> operations = {count.assign_add(1.0f).op()};
  const std::vector<Output> outputs = {count.assign_add(2.0f)};
  const std::vector<Variable> variables = {count};
  std::vector<Output> after;
  {
    auto all = control_dependencies(operations);
    auto more = control_dependencies(outputs);
    auto nothing = control_dependencies({});
    auto waits = control_dependencies(variables);
    after.push_back(constant(1.0f));
  }
  {
    auto none = control_dependencies(nullptr);
    after.push_back(constant(1.0f));
  }
  EXPECT_EQ(after[0].op().control_inputs().size(), 3u);
  EXPECT_EQ(after[1].op().control_inputs().size(), 0u);
  session_.run(count.initializer());
  session_.run(group(operations));
  session_.run(group({group(outputs), after[0], count}));
  EXPECT_EQ(session_.run(count).scalar<float>(), 1 + (2 + 1));  // each once a run
}

TEST_F(ArgumentFormsTest, RunsAndCallablesTakeVectorsAndListsMixed) {
  const Output p = placeholder(float32, {2});
  const std::vector<Output> outputs = {p + 1.0f, p * 2.0f};
  const std::vector<Variable> variables = {v_, w_};
  session_.run(global_variables_initializer());
  EXPECT_EQ(session_.run(outputs, {{p, Tensor({1.0f, 2.0f})}})[1].data<float>()[1], 4);
  EXPECT_EQ(session_.run(variables)[1].data<float>()[0], 30);
  EXPECT_EQ(session_.run(std::vector<std::string>{v_.name()})[0].data<float>()[0], 10);
  EXPECT_FALSE(session_.run(std::vector<Operation>{v_.initializer()})[0]);
  const std::vector<Output> feeds = {p};
  const std::vector<Operation> targets = {v_.assign_add({1.0f, 1.0f}).op()};
  const Callable mixed = session_.make_callable({outputs[0], w_}, feeds, targets);
  EXPECT_EQ(mixed({Tensor({5.0f, 6.0f})})[0].data<float>()[0], 6);
  EXPECT_EQ(session_.run(v_).data<float>()[0], 11);
  const Callable other = session_.make_callable(variables, {p}, {targets[0], w_});
  EXPECT_EQ(other({Tensor({5.0f, 6.0f})})[1].data<float>()[0], 30);
  EXPECT_NE(session_.plan_text(outputs, {{p, Tensor({1.0f, 2.0f})}}), "");
  EXPECT_FALSE(session_.explain_placement(variables).operations.empty());
}

TEST_F(ArgumentFormsTest, GradientsTakeVectorsOfVariablesAndOutputs) {
  const std::vector<Variable> variables = {v_, w_};
  const std::vector<Output> losses = {reduce_sum(v_ * w_)};
  const std::vector<Output> by_variables = gradients(losses, variables);
  EXPECT_THAT(values(by_variables[0]), ElementsAre(30, 40));
  EXPECT_THAT(values(gradients({losses[0]}, {w_}, {.grad_ys = {2.0f}})[0]), ElementsAre(20, 40));
  EXPECT_THAT(values(gradients(losses, variables, {.grad_ys = losses})[1]),
              ElementsAre(11000, 22000));
}

TEST_F(ArgumentFormsTest, AZipOfClippedGradientsAndVariablesIsApplied) {
  const std::vector<Variable> variables = {Variable(Tensor({1.0f, 1.0f})), Variable(2.0f)};
  const Output loss = reduce_sum(variables[0] * Tensor({3.0f, 4.0f}));
  const std::vector<Output> slopes = gradients({loss}, variables);
  EXPECT_FALSE(slopes[1]);  // no path: left out by clipping and applying
  const ClippedByGlobalNorm clipped = clip_by_global_norm(slopes, 1.0f);
  train::GradientDescentOptimizer optimizer({.learning_rate = 1.0f});
  const Operation train = optimizer.apply_gradients(train::zip(clipped.tensors, variables));
  session_.run(global_variables_initializer());
  session_.run(train);
  EXPECT_NEAR(session_.run(variables[0]).data<float>()[0], 1 - 0.6, 1e-6);
  EXPECT_NEAR(session_.run(variables[0]).data<float>()[1], 1 - 0.8, 1e-6);
  EXPECT_ERROR(train::zip(slopes, {variables[0]}), ValueError, bad_argument,
               "2 gradients and 1 variables");
}

TEST_F(ArgumentFormsTest, IntegersOfAnyTypeAreArguments) {
  const size_t two = 2;
  const uint8_t one = 1;
  EXPECT_THAT(values(reduce_sum(x_ * two, 0)), ElementsAre(8, 12));
  EXPECT_THAT(values(reduce_sum(two * x_, one)), ElementsAre(6, 14));
  EXPECT_EQ(constant(two).dtype(), int32);
  EXPECT_EQ(constant((1LL << 40)).dtype(), int64);
  EXPECT_EQ(split(x_, two).size(), 2u);
  EXPECT_EQ(range(two).shape(), Shape{2});
  EXPECT_ERROR(constant(std::numeric_limits<size_t>::max()), ValueError, bad_argument,
               "18446744073709551615 is too large");
  EXPECT_ERROR(x_ * std::numeric_limits<size_t>::max(), ValueError, bad_argument, "too large");
}

TEST_F(ArgumentFormsTest, AxesAndSizesAreRangesOfAnyIntegers) {
  const std::vector<int> axes = {0, 1};
  const std::vector<size_t> sizes = {4, 1};
  EXPECT_THAT(values(reduce_sum(x_, axes)), ElementsAre(10));
  EXPECT_THAT(values(reduce_sum(x_, {.axis = axes})), ElementsAre(10));
  EXPECT_THAT(values(reduce_mean(x_, Axes{0}, {.keepdims = true})), ElementsAre(2, 3));
  EXPECT_EQ(transpose(zeros({2, 3}), std::vector<int>{1, 0}).shape(), (Shape{3, 2}));
  EXPECT_EQ(squeeze(zeros({1, 1, 3}), axes).shape(), Shape{3});
  EXPECT_THAT(values(nn::moments(x_, axes).mean), ElementsAre(2.5));
  EXPECT_EQ(reshape(x_, sizes).shape(), (Shape{4, 1}));
  EXPECT_EQ(zeros(std::vector<int>{2, 5}).shape(), (Shape{2, 5}));
  const std::vector<Output> tensors = {constant(4), constant(1)};
  EXPECT_EQ(reshape(x_, tensors).shape(), (Shape{4, 1}));
}

TEST_F(ArgumentFormsTest, ATensorIsMadeOfVectors) {
  EXPECT_EQ(Tensor(std::vector<float>{1, 2, 3}).shape(), Shape{3});
  EXPECT_EQ(Tensor(std::vector<std::vector<int>>{{1, 2}, {3, 4}}).data<int32_t>()[3], 4);
  EXPECT_EQ(Tensor(std::vector<std::string>{"a", "b"}).data<std::string>()[1], "b");
  EXPECT_EQ(Tensor(std::vector<bool>{true, false}).dtype(), bool_);
  EXPECT_EQ(Tensor(std::vector<double>()).shape(), Shape{0});
  EXPECT_ERROR(Tensor(std::vector<std::vector<int>>{{1, 2}, {3}}), ValueError, shape_incompatible,
               "one length");
  const Output p = placeholder(float32, {2});
  EXPECT_EQ(session_.run(p, {{p, std::vector<float>{7, 8}}}).data<float>()[1], 8);
}

TEST_F(ArgumentFormsTest, OneElementAlongTheFirstAxisIsTakenByItsNumber) {
  const Output p = placeholder(float32, {-1, 4});
  EXPECT_EQ(session_.run(shape(p)[0], {{p, Tensor(float32, {3, 4})}}).scalar<int32_t>(), 3);
  EXPECT_EQ(shape(p)[0].shape(), Shape{});
  EXPECT_THAT(values(x_[1]), ElementsAre(3, 4));
  EXPECT_THAT(values(x_[-1][0]), ElementsAre(3));
  EXPECT_THAT(values(x_[constant(1)]), ElementsAre(3, 4));
  EXPECT_ERROR(x_[2], ValueError, index_out_of_range, "out of bounds");
  EXPECT_ERROR(constant(1.0f)[0], ValueError, index_out_of_range,
               "Index out of range using input dim 0; input has only 0 dims");
}

TEST_F(ArgumentFormsTest, ANullPointerInPlaceOfATextIsAnErrorOfTenon) {
  const char* none = nullptr;
  EXPECT_ERROR(Tensor(none), ValueError, bad_argument, "null pointer");
  EXPECT_ERROR(session_.run(none), ValueError, bad_argument, "null pointer");
  EXPECT_ERROR(nn::Padding(none), ValueError, bad_argument, "null pointer");
  EXPECT_ERROR(CachingDevice(none), ValueError, bad_argument, "null pointer");
}

TEST_F(ArgumentFormsTest, AShapeHasNoOtherDimensionsThanItsOwn) {
  const Shape shape = {2, 3};
  EXPECT_EQ(shape[-1], 3);
  EXPECT_ERROR(shape[2], ValueError, bad_argument, "(2, 3) has no dimension 2");
  EXPECT_ERROR(shape[-3], ValueError, bad_argument, "(2, 3) has no dimension -3");
  EXPECT_ERROR(Shape().back(), ValueError, bad_argument, "no dimension -1");
  EXPECT_ERROR(Shape::unknown()[0], ValueError, no_shape, "unknown rank");
}

}  // namespace
}  // namespace tenon::test
