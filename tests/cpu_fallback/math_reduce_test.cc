#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using testing::elements;
using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::same_bits;
using testing::wave;

Shape reduced_shape(const Shape& shape, const std::vector<int32_t>& axes) {
  Shape result;
  for (int i = 0; i < shape.rank(); ++i) {
    bool reduced = false;
    for (const int32_t axis : axes) reduced |= axis == i || axis == i - shape.rank();
    if (!reduced) result.push_back(shape[i]);
  }
  return result;
}

KernelCase reduce_case(const std::string& op, const Tensor& x, const std::vector<int32_t>& axes) {
  return {.op = op,
          .dtype = x.dtype(),
          .inputs = {x, Tensor::from<int32_t>(axes, {static_cast<int64_t>(axes.size())})},
          .outputs = {{x.dtype(), reduced_shape(x.shape(), axes)}}};
}

// Reduces by a plain loop in double.
template <typename T>
std::vector<double> reference(const std::string& op, const Tensor& x,
                              const std::vector<int32_t>& axes) {
  const Shape& shape = x.shape();
  const double start = op == "Prod" ? 1 : op == "Max" ? -INFINITY : op == "Min" ? INFINITY : 0;
  std::vector<double> out(static_cast<size_t>(reduced_shape(shape, axes).element_count()), start);
  for (int64_t i = 0; i < shape.element_count(); ++i) {
    int64_t rest = i, index = 0, stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      bool reduced = false;
      for (const int32_t a : axes) reduced |= a == axis || a == axis - shape.rank();
      if (!reduced) {
        index += rest % shape[axis] * stride;
        stride *= shape[axis];
      }
      rest /= shape[axis];
    }
    const auto value = static_cast<double>(x.data<T>()[static_cast<size_t>(i)]);
    double& to = out[static_cast<size_t>(index)];
    to = op == "Prod"  ? to * value
         : op == "Max" ? std::max(to, value)
         : op == "Min" ? std::min(to, value)
                       : to + value;
  }
  const double count = static_cast<double>(shape.element_count()) / static_cast<double>(out.size());
  if (op == "Mean") {
    for (double& value : out) value /= count;
  }
  return out;
}

struct Case {
  Shape shape;
  std::vector<int32_t> axes;
};

const std::vector<Case> kCases = {
    {{7}, {0}},
    {{3, 5}, {0}},
    {{3, 5}, {1}},
    {{3, 5}, {0, 1}},
    {{3, 5}, {}},
    {{}, {}},
    {{2, 3, 4}, {1}},
    {{2, 3, 4}, {0, 2}},
    {{2, 3, 4}, {-1}},
    {{2, 1, 4, 1}, {1, 3}},
    {{4, 1, 3}, {0}},
    {{3, 255}, {1}},  // rows shorter than those with more accumulators, and these with a rest
    {{3, 256}, {1}},
    {{3, 287}, {1}},
    {{50, 1000}, {1}},
    {{1000, 50}, {0}},
    {{100000}, {0}},
    {{40000, 3}, {0}},
    {{3, 40000}, {1}},
    {{2, 300, 500}, {1}},
    {{5, 6, 7, 8}, {0, 2}},
    {{5, 6, 7, 8}, {1, 3}},
    {{20, 30, 40}, {0, 1, 2}},
};

template <typename T>
void check(const std::string& op, double tolerance) {
  for (const Case& c : kCases) {
    Tensor x = wave<T>(c.shape, 0.4, op == "Prod" ? 1.2 : 9);
    if (op == "Prod") {
      for (T& value : x.mutable_data<T>())
        value = static_cast<T>(value < 0 ? 1 : 1 + value / 10000);
    }
    const Tensor y = launch(reduce_case(op, x, c.axes));
    const auto expected = reference<T>(op, x, c.axes);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(y.data<T>()[i]), expected[i],
                  tolerance * (1 + std::abs(expected[i])))
          << op << ' ' << c.shape << ' ' << ::testing::PrintToString(c.axes) << " at " << i;
    }
  }
}

TEST(CpuReduceTest, Float32IsNearDouble) {
  for (const char* op : {"Sum", "Mean", "Prod", "Max", "Min"}) check<float>(op, 2e-7);
}

TEST(CpuReduceTest, Float64IsNearAPlainLoop) {
  for (const char* op : {"Sum", "Mean", "Prod", "Max", "Min"}) check<double>(op, 1e-12);
}

TEST(CpuReduceTest, IntegersAreExact) {
  for (const char* op : {"Sum", "Max", "Min"}) {
    check<int32_t>(op, 0);
    check<int64_t>(op, 0);
  }
}

TEST(CpuReduceTest, MeanOfIntegersTruncates) {
  EXPECT_EQ(launch(reduce_case("Mean", Tensor({1, 2, -6}), {0})).scalar<int32_t>(), -1);
  EXPECT_EQ(launch(reduce_case("Mean", Tensor({7, 8}), {0})).scalar<int32_t>(), 7);
}

TEST(CpuReduceTest, SumsOfManyFloatsStayAccurate) {
  Tensor x(float32, {1 << 20});
  for (float& value : x.mutable_data<float>()) value = 0.1f;
  EXPECT_FLOAT_EQ(launch(reduce_case("Sum", x, {0})).scalar<float>(), 104857.6f);
}

TEST(CpuReduceTest, ReducingNothingGivesTheNeutralElement) {
  const Tensor none(float32, {0, 2});
  const auto run = [&](const char* op) {
    const Tensor y = launch(reduce_case(op, none, {0}));
    return std::vector<float>(y.data<float>().begin(), y.data<float>().end());
  };
  EXPECT_THAT(run("Sum"), ::testing::ElementsAre(0, 0));
  EXPECT_THAT(run("Prod"), ::testing::ElementsAre(1, 1));
  EXPECT_THAT(run("Max"), ::testing::ElementsAre(-INFINITY, -INFINITY));
  EXPECT_THAT(run("Min"), ::testing::ElementsAre(INFINITY, INFINITY));
  EXPECT_TRUE(std::isnan(run("Mean")[0]));
  EXPECT_EQ(launch(reduce_case("Max", Tensor(int32, {0}), {0})).scalar<int32_t>(), INT32_MIN);
  EXPECT_EQ(launch(reduce_case("Sum", Tensor(float32, {2, 0}), {0})).element_count(), 0);
}

TEST(CpuReduceTest, NanReachesSumsAndExtremes) {
  const Tensor x({1.0f, NAN, 3.0f});
  for (const char* op : {"Sum", "Mean", "Prod", "Max", "Min"}) {
    EXPECT_TRUE(std::isnan(launch(reduce_case(op, x, {0})).scalar<float>())) << op;
    for (const size_t at : {0, 63, 256, 299}) {
      Tensor row = wave<float>({300}, 0.4, 2);
      row.mutable_data<float>()[at] = NAN;
      EXPECT_TRUE(std::isnan(launch(reduce_case(op, row, {0})).scalar<float>())) << op << at;
    }
  }
}

TEST(CpuReduceTest, AnyAndAll) {
  const Tensor x({{true, false}, {true, true}});
  EXPECT_THAT(elements<bool>(launch(reduce_case("Any", x, {1}))),
              ::testing::ElementsAre(true, true));
  EXPECT_THAT(elements<bool>(launch(reduce_case("All", x, {1}))),
              ::testing::ElementsAre(false, true));
  EXPECT_FALSE(launch(reduce_case("Any", Tensor(bool_, {0}), {0})).scalar<bool>());
  EXPECT_TRUE(launch(reduce_case("All", Tensor(bool_, {0}), {0})).scalar<bool>());
}

TEST(CpuReduceTest, L2LossIsHalfTheSumOfSquares) {
  const KernelCase c = {.op = "L2Loss",
                        .dtype = float32,
                        .inputs = {Tensor({{1.0f, 2.0f}, {3.0f, 4.0f}})},
                        .outputs = {{float32, {}}}};
  EXPECT_EQ(launch(c).scalar<float>(), 15);
  KernelCase row = c;
  row.inputs = {wave<float>({1001}, 0.4, 3)};
  double squares = 0;
  for (const float x : row.inputs[0].data<float>()) squares += double{x} * double{x};
  EXPECT_FLOAT_EQ(launch(row).scalar<float>(), static_cast<float>(squares / 2));
}

TEST(CpuReduceTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  for (const Case& c : {Case{{300000}, {0}}, Case{{50000, 7}, {0}}, Case{{100, 40, 30}, {1}}}) {
    KernelCase k = reduce_case("Sum", wave<float>(c.shape), c.axes);
    const Tensor one = launch(k);
    for (const int threads : {2, 3}) {
      k.threads = threads;
      EXPECT_TRUE(same_bits(one, launch(k)));
    }
  }
}

TEST(CpuReduceTest, RejectsAnAxisBeyondTheRank) {
  KernelCase k = reduce_case("Sum", wave<float>({2, 3}), {2});
  expect_error<InvalidArgumentError>([&] { launch(k); }, ErrorKind::bad_argument,
                                     "Axis 2 is not in the range [-2, 2)");
}

TEST(CpuSumToTest, SumsAwayWhatBroadcastingMade) {
  struct Pair {
    Shape from, to;
    std::vector<int32_t> axes;
  };
  for (const Pair& p :
       {Pair{{4, 3}, {3}, {0}}, Pair{{4, 3}, {4, 1}, {1}}, Pair{{2, 4, 3}, {4, 1}, {0, 2}},
        Pair{{4, 3}, {}, {0, 1}}, Pair{{4, 3}, {4, 3}, {}}}) {
    const Tensor x = wave<double>(p.from);
    const Tensor y = launch({.op = "_SumTo",
                             .dtype = float64,
                             .inputs = {x, Tensor(float64, p.to)},
                             .outputs = {{float64, p.to}}});
    const auto expected = reference<double>("Sum", x, p.axes);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(y.data<double>()[i], expected[i], 1e-13);
    }
  }
}

TEST(CpuBroadcastToTest, RepeatsAlongNewAndSingleAxes) {
  const Tensor y = launch({.op = "BroadcastTo",
                           .dtype = int32,
                           .inputs = {Tensor({{1}, {2}}), Tensor({2, 2, 3})},
                           .outputs = {{int32, {2, 2, 3}}}});
  EXPECT_THAT(y.data<int32_t>(), ::testing::ElementsAre(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2));
}

struct ArgCase {
  Tensor x;
  int axis;
  std::vector<int64_t> max, min;
};

TEST(CpuArgTest, FindsTheFirstOfEqualsAndPassesNanOver) {
  const ArgCase cases[] = {
      {Tensor({3.0f, 1.0f, 3.0f, 1.0f}), 0, {0}, {1}},
      {Tensor({1.0f, NAN, 3.0f}), -1, {2}, {0}},
      {Tensor({NAN, 1.0f, 2.0f}), 0, {2}, {1}},
      {Tensor({{1.0f, 5.0f}, {7.0f, 2.0f}}), 0, {1, 0}, {0, 1}},
      {Tensor({{1.0f, 5.0f}, {7.0f, 2.0f}}), 1, {1, 0}, {0, 1}},
      {Tensor(float32, {2, 0, 3}), 2, {}, {}},
  };
  for (const ArgCase& c : cases) {
    for (const bool max : {true, false}) {
      const auto expected = max ? c.max : c.min;
      const Tensor y = launch({.op = max ? "ArgMax" : "ArgMin",
                               .dtype = float32,
                               .inputs = {c.x, Tensor(c.axis)},
                               .outputs = {{int64, {static_cast<int64_t>(expected.size())}}}});
      EXPECT_THAT(y.data<int64_t>(), ::testing::ElementsAreArray(expected));
    }
  }
}

TEST(CpuArgTest, AnEmptyAxisHasNoLargest) {
  expect_error<InvalidArgumentError>(
      [] {
        launch({.op = "ArgMax",
                .dtype = float32,
                .inputs = {Tensor(float32, {0, 3}), Tensor(0)},
                .outputs = {{int64, {3}}}});
      },
      ErrorKind::bad_argument, "Reduction axis 0 is empty in shape (0, 3)");
}

}  // namespace
}  // namespace tenon
