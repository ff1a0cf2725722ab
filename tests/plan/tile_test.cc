// Steps that work row by row, joined into one: that they are, that they aren't where a row needs
// others, and that not a bit of what they give changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tenon/tenon.h"
#include "tests/plan/plan_steps.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TileTest : public ::testing::Test {
 protected:
  static Tensor rows_of(int64_t rows, int64_t columns, double scale = 1) {
    std::vector<float> numbers(static_cast<size_t>(rows * columns));
    for (size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = static_cast<float>(scale * std::sin(0.37 * static_cast<double>(i)) + 0.1);
    }
    return Tensor::from<float>(numbers, {rows, columns});
  }

  // Joined, and with each operation in a run of its own: the first takes `value`, each of the
  // others what those before it gave.
  void expect_same_bits(const std::vector<Output>& chain, const Tensor& value) {
    for (const int threads : {1, 3}) {
      Session session({.device_count = {{"GPU", 0}}, .threads = threads});
      const std::string joined = session.plan_text({chain.back()}, {{x_, value}});
      EXPECT_THAT(joined, HasSubstr("by rows"));
      Feeds feeds = {{x_, value}};
      Tensor alone;
      for (const Output& one : chain) {
        alone = session.run(one, feeds);
        feeds.push_back({one, alone});
      }
      const Tensor together = session.run(chain.back(), {{x_, value}});
      ASSERT_EQ(together.shape(), alone.shape());
      ASSERT_EQ(together.dtype(), alone.dtype());
      EXPECT_EQ(std::memcmp(together.raw(), alone.raw(), alone.bytes()), 0) << threads;
    }
  }

  // mean, centred, square, variance, inverse, normed
  std::vector<Output> normalisation(const Output& x) {
    const Output mean = reduce_mean(x, {.axis = {-1}, .keepdims = true}), centred = x - mean,
                 squares = square(centred),
                 variance = reduce_mean(squares, {.axis = {-1}, .keepdims = true}),
                 inverse = rsqrt(variance + 1e-5f), normed = centred * inverse * gamma_;
    return {mean, centred, squares, variance, inverse, normed};
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1, 512}, {.name = "x"});
  Output gamma_ = constant(rows_of(1, 512).reshaped({512}));
};

TEST_F(TileTest, NormalisationIsOneStep) {
  const Tensor value = rows_of(701, 512);  // no multiple of anything
  const std::vector<Output> chain = normalisation(x_);
  const std::vector<std::string> steps = plan_steps(chain.back(), {{x_, value}});
  EXPECT_EQ(steps.size(), 1u);
  EXPECT_THAT(steps[0], HasSubstr(": by rows Mean, then "));
  expect_same_bits(chain, value);

  Session session;
  const Tensor normed = session.run(chain.back(), {{x_, value}});
  for (const int64_t row : {int64_t{0}, int64_t{350}, int64_t{700}}) {
    const float* x = value.data<float>().data() + row * 512;
    double mean = 0, variance = 0;
    for (int i = 0; i < 512; ++i) mean += double{x[i]} / 512;
    for (int i = 0; i < 512; ++i) variance += (x[i] - mean) * (x[i] - mean) / 512;
    for (int i = 0; i < 512; i += 37) {
      const double expected =
          (x[i] - mean) / std::sqrt(variance + 1e-5) * (std::sin(0.37 * i) + 0.1);
      EXPECT_NEAR(normed.data<float>()[static_cast<size_t>(row * 512 + i)], expected, 2e-5);
    }
  }
}

TEST_F(TileTest, SoftmaxByHandTakesReshapedMaximaAndSums) {
  const Output most = reduce_max(x_, {.axis = {1}}), column = expand_dims(most, 1),
               e = exp(x_ - column), sum = expand_dims(reduce_sum(e, {.axis = {1}}), 1);
  Tensor value = rows_of(640, 512, 30);
  float* numbers = value.mutable_data<float>().data();
  numbers[0] = std::numeric_limits<float>::infinity();     // a row of NaN
  numbers[512] = -std::numeric_limits<float>::infinity();  // a zero
  numbers[2 * 512] = std::numeric_limits<float>::quiet_NaN();
  expect_same_bits({most, column, e, sum, e / sum}, value);
}

TEST_F(TileTest, WhatOthersReadIsMadeWhole) {
  const std::vector<Output> chain = normalisation(x_);
  const Output &mean = chain[0], &normed = chain[5];
  const Tensor value = rows_of(600, 512);
  Session session({.device_count = {{"GPU", 0}}});
  const std::vector<Tensor> together = session.run({mean, normed, reduce_sum(mean)}, {{x_, value}});
  EXPECT_THAT(session.plan_text({mean, normed}, {{x_, value}}), HasSubstr("by rows"));
  const Tensor alone = session.run(mean, {{x_, value}});
  EXPECT_EQ(together[0].to_vector<float>(), alone.to_vector<float>());
  double sum = 0;
  for (const float one : alone.data<float>()) sum += one;
  EXPECT_NEAR(together[2].scalar<float>(), sum, 1e-4);
  EXPECT_EQ(together[1].to_vector<float>(), session.run(normed, {{x_, value}}).to_vector<float>());
}

// In a square matrix a vector of its rows' means is aligned with its columns.
TEST_F(TileTest, AVectorAlongTheColumnsIsNoColumn) {
  const Output mean = reduce_mean(x_, {.axis = {1}}), lower = tanh(x_ - mean);
  const Tensor value = rows_of(512, 512);
  Session session({.device_count = {{"GPU", 0}}});
  const Tensor means = session.run(mean, {{x_, value}}),
               together = session.run(lower, {{x_, value}});
  for (const int64_t at : {int64_t{1}, int64_t{512 * 7 + 300}, int64_t{512 * 512 - 1}}) {
    const double x = value.data<float>()[static_cast<size_t>(at)],
                 m = means.data<float>()[static_cast<size_t>(at % 512)];
    EXPECT_NEAR(together.data<float>()[static_cast<size_t>(at)], std::tanh(x - m), 1e-6);
  }
}

TEST_F(TileTest, RowsThatNeedOthersAreLeft) {
  const Tensor value = rows_of(1024, 512);
  const Output columns = x_ - reduce_mean(x_, {.axis = {0}, .keepdims = true});
  const Output all = x_ - reduce_mean(x_, {.axis = {0, 1}});
  for (const Output& y : {columns, all}) {
    for (const std::string& step : plan_steps(y, {{x_, value}})) {
      EXPECT_EQ(step.find("by rows"), std::string::npos) << step;
    }
  }
}

TEST_F(TileTest, FewNumbersAreLeft) {
  for (const int64_t rows : {0, 1, 8}) {
    const Tensor value = rows_of(rows, 512);
    for (const std::string& step : plan_steps(normalisation(x_).back(), {{x_, value}})) {
      EXPECT_EQ(step.find("by rows"), std::string::npos) << step;
    }
  }
}

// A step that something waits for runs by itself.
TEST_F(TileTest, WhatIsWaitedForIsLeft) {
  const Output mean = reduce_mean(x_, {.axis = {1}, .keepdims = true}),
               most = reduce_max(x_, {.axis = {1}, .keepdims = true});
  Output y;
  {
    const auto after = control_dependencies({mean.op()});
    y = square(x_ - most);
  }
  const Tensor value = rows_of(1024, 512);
  const std::vector<std::string> steps = plan_steps(std::vector<Fetch>{y, mean}, {{x_, value}});
  EXPECT_EQ(count_starting(steps, "kernel Mean"), 1) << ::testing::PrintToString(steps);
}

// By way of what does nothing when it runs, and has its place in the order all the same.
TEST_F(TileTest, WhatWaitsForAnAliasOfWhatIsMadeIsLeft) {
  const Output mean = reduce_mean(x_, {.axis = {-1}, .keepdims = true}), same = identity(mean);
  const ScopeGuard after = control_dependencies({same});
  const Output centred = x_ - mean, squares = centred * centred;
  const Tensor value = rows_of(600, 512);
  Session session({.device_count = {{"GPU", 0}}});
  const Tensor together = session.run(squares, {{x_, value}});
  const Tensor means = session.run(mean, {{x_, value}});
  EXPECT_EQ(together.to_vector<float>(),
            session.run(squares, {{x_, value}, {mean, means}}).to_vector<float>());
}

TEST_F(TileTest, VariablesAreReadBeforeTheyAreWritten) {
  for (const bool use_resource : {false, true}) {
    const Tensor value = rows_of(700, 512);
    const Variable v = get_variable(use_resource ? "resource" : "reference",
                                    {.initializer = constant(value), .use_resource = use_resource});
    const std::vector<Output> chain = normalisation(v.value());
    const Operation write = v.assign(zeros({700, 512})).op();
    Session session({.device_count = {{"GPU", 0}}});
    session.run(global_variables_initializer());
    const std::vector<float> expected = session.run(chain.back()).to_vector<float>();
    const std::vector<Tensor> together = session.run({chain.back(), write});
    EXPECT_EQ(together[0].to_vector<float>(), expected);
    EXPECT_EQ(session.run(v).to_vector<float>()[5], 0);
  }
}

TEST_F(TileTest, EveryDtypeKeepsItsBits) {
  for (const DType dtype : {float64, float16, bfloat16, int32, int64}) {
    const Output x = cast(x_ * 100.0f, dtype),
                 most = reduce_max(x, {.axis = {1}, .keepdims = true}), lower = x - most,
                 sum = reduce_sum(lower, {.axis = {1}, .keepdims = true});
    expect_same_bits({x, most, lower, sum, lower * sum}, rows_of(1031, 512));
  }
}

TEST_F(TileTest, AnErrorOfOneRowIsTheRuns) {
  const Output n = cast(x_, int32), sum = reduce_sum(n, {.axis = {1}, .keepdims = true});
  const Output y = floordiv(n, sum);
  Session session({.device_count = {{"GPU", 0}}});
  Tensor value = Tensor::ones({1000, 512});
  EXPECT_EQ(session.run(y, {{x_, value}}).to_vector<int32_t>()[7], 0);
  for (int i = 0; i < 512; ++i) value.mutable_data<float>()[static_cast<size_t>(999 * 512 + i)] = 0;
  EXPECT_ERROR(session.run(y, {{x_, value}}), InvalidArgumentError, bad_argument,
               "ivision by zero");
}

}  // namespace
}  // namespace tenon
