// Random tensors on the host: the numbers that a session draws first with that seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tenon/tenon.h"

namespace tenon::test {
namespace {

TEST(TensorRandomTest, NumbersAreThoseOfTheOperationWithThatSeed) {
  const Graph graph;
  const auto as_default = graph.as_default();
  Session session;
  for (const Shape& shape : {Shape{}, Shape{7}, Shape{3, 5, 2}, Shape{0, 2}}) {
    for (const int64_t seed : {int64_t{1}, int64_t{4711}}) {
      const auto first = [&](const Output& drawn) { return session.run(drawn); };
      EXPECT_EQ(Tensor::random_uniform(shape, seed), first(random_uniform(shape, {.seed = seed})));
      EXPECT_EQ(Tensor::random_uniform<double>(shape, seed, -1, 3),
                first(random_uniform(
                    shape, {.minval = -1.0, .maxval = 3.0, .dtype = float64, .seed = seed})));
      EXPECT_TRUE(
          Tensor::random_normal<float>(shape, seed, 2, 0.5)
              .allclose(first(random_normal(shape, {.mean = 2.0f, .stddev = 0.5f, .seed = seed}))));
      EXPECT_TRUE(Tensor::random_normal<double>(shape, seed)
                      .allclose(first(random_normal(shape, {.dtype = float64, .seed = seed}))));
    }
  }
}

TEST(TensorRandomTest, AnotherSeedGivesOtherNumbers) {
  EXPECT_EQ(Tensor::random_uniform({9}, 1), Tensor::random_uniform({9}, 1));
  EXPECT_NE(Tensor::random_uniform({9}, 1), Tensor::random_uniform({9}, 2));
  EXPECT_NE(Tensor::random_normal({9}, 1), Tensor::random_normal({9}, 2));
}

TEST(TensorRandomTest, NumbersAreSpreadAsTheySay) {
  constexpr int64_t kCount = 100000;
  double sum = 0, low = 9, high = -9;
  for (const float x : Tensor::random_uniform<float>({kCount}, 5, 2, 6).to_vector<float>()) {
    sum += x;
    low = std::min<double>(low, x);
    high = std::max<double>(high, x);
  }
  EXPECT_NEAR(sum / kCount, 4, 0.02);
  EXPECT_GE(low, 2);
  EXPECT_LT(high, 6);
  double mean = 0, square = 0;
  for (const double x : Tensor::random_normal<double>({kCount}, 5, 1, 3).to_vector<double>()) {
    mean += x / kCount;
    square += (x - 1) * (x - 1) / kCount;
  }
  EXPECT_NEAR(mean, 1, 0.05);
  EXPECT_NEAR(std::sqrt(square), 3, 0.03);
}

}  // namespace
}  // namespace tenon::test
