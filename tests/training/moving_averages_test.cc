// Moving averages, against TensorFlow 2.21's numbers.
#include "tenon/moving_averages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/error.h"
#include "tenon/math_ops.h"
#include "tenon/session.h"
#include "tenon/variable_scope.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::Pointwise;
using train::ExponentialMovingAverage;

class MovingAveragesTest : public testing::Test {
 protected:
  std::vector<double> numbers(const Fetch& fetch) {
    const Tensor value = session_->run(fetch);
    return {value.data<double>().begin(), value.data<double>().end()};
  }
  void start() {
    session_.emplace();
    session_->run(global_variables_initializer());
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  std::optional<Session> session_;
  Variable w_ = get_variable("w", {.dtype = float64, .initializer = Tensor({1.0, 2.0})});
};

TEST_F(MovingAveragesTest, BeginWithTheInitialValue) {
  ExponentialMovingAverage averages({.decay = 0.9});
  averages.apply();
  start();
  EXPECT_THAT(numbers(averages.average(w_)), ElementsAre(1, 2));
}

TEST_F(MovingAveragesTest, FollowTheVariableMoreCloselyAtFirst) {
  const Output n = placeholder(int32, {});
  ExponentialMovingAverage averages({.decay = 0.9, .num_updates = n});
  const Operation apply = averages.apply({w_});
  const Output triple = w_.assign(w_ * 3.0);
  start();
  const std::vector<std::vector<double>> wanted = {
      {2.79999995, 5.5999999}, {7.87272723, 15.74545446}, {22.21818181, 44.43636362}};
  for (int32_t i = 0; i < 3; ++i) {
    session_->run(triple);
    session_->run(apply, {{n, Tensor(i)}});
    EXPECT_THAT(numbers(averages.average(w_)), Pointwise(DoubleNear(1e-6), wanted[i])) << i;
  }
}

TEST_F(MovingAveragesTest, OfATensorIsCorrectedForItsStartAtZero) {
  const Output twice = w_ * 2.0;
  ExponentialMovingAverage averages({.decay = 0.9, .zero_debias = true, .name = "z"});
  const Operation apply = averages.apply({twice});
  const Output triple = w_.assign(w_ * 3.0);
  start();
  const std::vector<std::vector<double>> wanted = {
      {6, 12}, {12.31578955, 24.63157911}, {27.6974174, 55.39483481}};
  for (size_t i = 0; i < 3; ++i) {
    session_->run(triple);
    session_->run(apply);
    EXPECT_THAT(numbers(averages.average(twice)), Pointwise(DoubleNear(1e-5), wanted[i])) << i;
  }
}

TEST_F(MovingAveragesTest, AreNamedAfterTheVariable) {
  ExponentialMovingAverage averages({.decay = 0.9});
  EXPECT_EQ(averages.average_name(w_), "w/ExponentialMovingAverage");
  EXPECT_FALSE(averages.average(w_));
  averages.apply();
  const Variable average = averages.average(w_);
  EXPECT_EQ(average.name(), "w/ExponentialMovingAverage:0");
  EXPECT_EQ(averages.average_name(w_), "w/ExponentialMovingAverage");
  EXPECT_FALSE(average.trainable());
  EXPECT_THAT(moving_average_variables(), ElementsAre(w_));
}

TEST_F(MovingAveragesTest, AreMadeOnce) {
  ExponentialMovingAverage averages({.decay = 0.9});
  averages.apply();
  const Variable average = averages.average(w_);
  averages.apply();
  EXPECT_EQ(averages.average(w_), average);
  EXPECT_EQ(global_variables().size(), 2u);
}

TEST_F(MovingAveragesTest, TakeTheVariablesPlaceInACheckpoint) {
  const Variable other = get_variable("other", {.shape = {1}, .trainable = false});
  ExponentialMovingAverage averages({.decay = 0.9});
  averages.apply();
  EXPECT_THAT(averages.variables_to_restore(),
              ElementsAre(Pair("other", other), Pair("w/ExponentialMovingAverage", w_)));
}

TEST_F(MovingAveragesTest, RefuseIntegers) {
  const Variable count(Tensor(int32_t{1}), {.name = "count"});
  ExponentialMovingAverage averages({.decay = 0.9});
  try {
    averages.apply({w_, count});
    FAIL() << "averaged integers";
  } catch (const TypeError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::dtype_incompatible);
    EXPECT_THAT(error.what(), HasSubstr("count:0 is int32"));
  }
  EXPECT_EQ(global_variables().size(), 2u);  // nothing was made
}

}  // namespace
