// Learning rates over the steps, against TensorFlow 2.21's numbers.
#include "tenon/learning_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tenon/array_ops.h"
#include "tenon/error.h"
#include "tenon/session.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

constexpr float kTolerance = 2e-8f;

class LearningRatesTest : public testing::Test {
 protected:
  // The rate at steps 0, 1, 4, 6 and 9.
  std::vector<float> over_steps(const Output& rate) {
    Session session;
    std::vector<float> rates;
    for (const int64_t step : {0, 1, 4, 6, 9}) {
      rates.push_back(session.run(rate, {{step_, Tensor(step)}}).scalar<float>());
    }
    return rates;
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  Output step_ = placeholder(int64, {});
};

TEST_F(LearningRatesTest, ExponentialDecay) {
  EXPECT_THAT(
      over_steps(train::exponential_decay(0.1, step_, {.decay_steps = 4, .decay_rate = 0.5})),
      Pointwise(FloatNear(kTolerance),
                {0.100000001f, 0.0840896443f, 0.0500000007f, 0.0353553407f, 0.0210224111f}));
}

TEST_F(LearningRatesTest, ExponentialDecayInSteps) {
  EXPECT_THAT(over_steps(train::exponential_decay(
                  0.1, step_, {.decay_steps = 4, .decay_rate = 0.5, .staircase = true})),
              Pointwise(FloatNear(kTolerance), {0.1f, 0.1f, 0.05f, 0.05f, 0.025f}));
}

TEST_F(LearningRatesTest, NaturalExpDecay) {
  EXPECT_THAT(
      over_steps(train::natural_exp_decay(0.1, step_, {.decay_steps = 4, .decay_rate = 0.5})),
      Pointwise(FloatNear(kTolerance),
                {0.100000001f, 0.0882496908f, 0.0606530681f, 0.0472366586f, 0.0324652456f}));
}

TEST_F(LearningRatesTest, InverseTimeDecay) {
  EXPECT_THAT(
      over_steps(train::inverse_time_decay(0.1, step_, {.decay_steps = 4, .decay_rate = 0.5})),
      Pointwise(FloatNear(kTolerance),
                {0.100000001f, 0.088888891f, 0.0666666701f, 0.0571428575f, 0.0470588244f}));
  EXPECT_THAT(over_steps(train::inverse_time_decay(
                  0.1, step_, {.decay_steps = 4, .decay_rate = 0.5, .staircase = true})),
              Pointwise(FloatNear(kTolerance), {0.1f, 0.1f, 0.0666666701f, 0.0666666701f, 0.05f}));
}

TEST_F(LearningRatesTest, PolynomialDecayEndsAtItsEnd) {
  EXPECT_THAT(over_steps(train::polynomial_decay(
                  0.1, step_, {.decay_steps = 4, .end_learning_rate = 0.01, .power = 2.0})),
              Pointwise(FloatNear(kTolerance), {0.1f, 0.0606250018f, 0.01f, 0.01f, 0.01f}));
}

TEST_F(LearningRatesTest, PolynomialDecayStartsAgainInCycles) {
  EXPECT_THAT(
      over_steps(train::polynomial_decay(
          0.1, step_, {.decay_steps = 4, .end_learning_rate = 0.01, .power = 0.5, .cycle = true})),
      Pointwise(FloatNear(kTolerance), {0.1f, 0.0879422873f, 0.01f, 0.055f, 0.055f}));
}

TEST_F(LearningRatesTest, CosineDecay) {
  EXPECT_THAT(
      over_steps(train::cosine_decay(0.1, step_, {.decay_steps = 8, .alpha = 0.1})),
      Pointwise(FloatNear(kTolerance), {0.1f, 0.0965745822f, 0.054999996f, 0.0231801961f, 0.01f}));
}

TEST_F(LearningRatesTest, CosineDecayStartsAgain) {
  EXPECT_THAT(
      over_steps(train::cosine_decay_restarts(0.1, step_, {.first_decay_steps = 4})),
      Pointwise(FloatNear(kTolerance), {0.1f, 0.0853553414f, 0.1f, 0.0853553414f, 0.0308658239f}));
  EXPECT_THAT(
      over_steps(train::cosine_decay_restarts(
          0.1, step_, {.first_decay_steps = 3, .t_mul = 1.5, .m_mul = 0.9, .alpha = 0.2})),
      Pointwise(FloatNear(kTolerance), {0.1f, 0.08f, 0.0835775957f, 0.038f, 0.0772198364f}));
}

TEST_F(LearningRatesTest, CosineDecayStartsAgainInPeriodsOfOneLength) {
  const std::vector<float> wanted = {0.1f, 0.0868198127f, 0.055f, 0.0325f, 0.0292049535f};
  EXPECT_THAT(over_steps(train::cosine_decay_restarts(
                  0.1, step_, {.first_decay_steps = 4, .t_mul = 1.0, .m_mul = 0.5, .alpha = 0.1})),
              Pointwise(FloatNear(kTolerance), wanted));
  // A tensor says it no sooner than when it is run.
  EXPECT_THAT(over_steps(train::cosine_decay_restarts(
                  0.1, step_,
                  {.first_decay_steps = 4, .t_mul = constant(1.0f), .m_mul = 0.5, .alpha = 0.1})),
              Pointwise(FloatNear(kTolerance), wanted));
}

TEST_F(LearningRatesTest, LinearCosineDecay) {
  EXPECT_THAT(over_steps(train::linear_cosine_decay(0.1, step_, {.decay_steps = 8})),
              Pointwise(FloatNear(kTolerance),
                        {0.100100003f, 0.0842697248f, 0.0251f, 0.00376116531f, 0.0001f}));
  EXPECT_THAT(
      over_steps(train::linear_cosine_decay(
          0.1, step_, {.decay_steps = 5, .num_periods = 1.0, .alpha = 0.2, .beta = 0.01})),
      Pointwise(FloatNear(kTolerance), {0.121f, 0.0664508492f, 0.0271803439f, 0.021f, 0.021f}));
}

TEST_F(LearningRatesTest, PiecewiseConstantChangesAfterItsBoundaries) {
  const Output rate =
      train::piecewise_constant(step_, {.boundaries = {2, 4}, .values = {1.0, 0.5, 0.25}});
  EXPECT_EQ(over_steps(rate), (std::vector<float>{1, 1, 0.5f, 0.25f, 0.25f}));
}

TEST_F(LearningRatesTest, TakeTensorsAsArguments) {
  const Output rate = train::exponential_decay(constant(Tensor(0.1)), step_,
                                               {.decay_steps = constant(4), .decay_rate = 0.5});
  EXPECT_EQ(rate.dtype(), float64);
  Session session;
  EXPECT_DOUBLE_EQ(session.run(rate, {{step_, Tensor(int64_t{8})}}).scalar<double>(), 0.025);
}

TEST_F(LearningRatesTest, PiecewiseConstantRefusesWhatDoesntFit) {
  const auto refusal = [&](ErrorKind kind, const train::PiecewiseConstantOptions& options) {
    try {
      train::piecewise_constant(step_, options);
    } catch (const ValueError& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return std::string(error.what());
    }
    return std::string("nothing was wrong");
  };
  EXPECT_THAT(refusal(ErrorKind::bad_argument, {.boundaries = {}, .values = {1.0}}),
              HasSubstr("needs a boundary"));
  EXPECT_THAT(refusal(ErrorKind::bad_argument, {.boundaries = {1, 2}, .values = {1.0, 2.0}}),
              HasSubstr("2 boundaries and 2 values"));
  EXPECT_THAT(refusal(ErrorKind::shape_incompatible, {.boundaries = {1.5}, .values = {1.0, 2.0}}),
              HasSubstr("Boundaries (float32) must have the same dtype as x (int64)"));
  EXPECT_THAT(refusal(ErrorKind::shape_incompatible, {.boundaries = {1}, .values = {1.0, 2}}),
              HasSubstr("Values must have elements all with the same dtype (float32 vs int32)"));
}

}  // namespace
