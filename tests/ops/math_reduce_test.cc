#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using Reduction = Output (*)(Input, const ReduceOptions&);

OpCase reduction(const char* name, Reduction f, const ReduceOptions& options,
                 const Shape& shape = {2, 3, 4}) {
  return {.name = name,
          .build = [=](const std::vector<Output>& in) { return f(in[0], options); },
          .inputs = {shape}};
}

OpCase whole(const char* name, Reduction f, std::function<double(const Numbers&)> plain) {
  return {.name = name,
          .build = [f](const std::vector<Output>& in) { return f(in[0], {}); },
          .inputs = {{2, 5}},
          .plain = [plain](const std::vector<Numbers>& in) { return Numbers{plain(in[0])}; }};
}

double sum_of(const Numbers& x) {
  double sum = 0;
  for (const double value : x) sum += value;
  return sum;
}

const OpCases kMathReduceCases = {
    whole("Sum", reduce_sum, sum_of),
    whole("Mean", reduce_mean,
          [](const Numbers& x) { return sum_of(x) / static_cast<double>(x.size()); }),
    whole("Max", reduce_max,
          [](const Numbers& x) { return *std::max_element(x.begin(), x.end()); }),
    whole("Min", reduce_min,
          [](const Numbers& x) { return *std::min_element(x.begin(), x.end()); }),
    whole("Prod", reduce_prod,
          [](const Numbers& x) {
            double product = 1;
            for (const double value : x) product *= value;
            return product;
          }),
    reduction("SumOfTheFirstAxis", reduce_sum, {.axis = 0}),
    reduction("SumOfTheMiddleKept", reduce_sum, {.axis = {1}, .keepdims = true}),
    reduction("SumOfTwoAxes", reduce_sum, {.axis = {0, -1}}),
    reduction("SumOfNoAxis", reduce_sum, {.axis = std::vector<int64_t>{}}),
    reduction("SumOfAScalar", reduce_sum, {}, {}),
    reduction("MeanOfTheLastAxis", reduce_mean, {.axis = -1}),
    reduction("MeanOfTwoAxesKept", reduce_mean, {.axis = {1, 2}, .keepdims = true}),
    reduction("MaxOfTheMiddle", reduce_max, {.axis = 1}),
    reduction("MinOfTwoAxes", reduce_min, {.axis = {0, 2}}),
    reduction("ProdOfTheMiddle", reduce_prod, {.axis = 1}),
    reduction("ProdOfTwoAxesKept", reduce_prod, {.axis = {0, 2}, .keepdims = true}, {2, 2, 3}),
    {.name = "L2Loss",
     .build = [](const std::vector<Output>& in) { return nn::l2_loss(in[0]); },
     .inputs = {{2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           double sum = 0;
           for (const double x : in[0]) sum += x * x;
           return Numbers{sum / 2};
         }},
    {.name = "CumsumExclusiveReverse",
     .build =
         [](const std::vector<Output>& in) {
           return cumsum(in[0], {.axis = 1, .exclusive = true, .reverse = true});
         },
     .inputs = {{2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           const Numbers& x = in[0];
           return Numbers{x[1] + x[2], x[2], 0, x[4] + x[5], x[5], 0};
         }},
    {.name = "Cumprod",
     .build = [](const std::vector<Output>& in) { return cumprod(in[0]); },
     .inputs = {{3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           const Numbers& x = in[0];
           return Numbers{x[0], x[0] * x[1], x[0] * x[1] * x[2]};
         }},
};
INSTANTIATE_TEST_SUITE_P(Reduce, OpCaseTest, ::testing::ValuesIn(kMathReduceCases), case_name);

class ReduceTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(ReduceTest, InfersShapes) {
  const Output x = placeholder(float32, {-1, 3, 4});
  EXPECT_EQ(reduce_sum(x).shape(), Shape{});
  EXPECT_EQ(reduce_sum(x, {.axis = 1}).shape(), (Shape{-1, 4}));
  EXPECT_EQ(reduce_sum(x, {.axis = {-1, 0}}).shape(), (Shape{3}));
  EXPECT_EQ(reduce_sum(x, {.axis = {-1, 0}, .keepdims = true}).shape(), (Shape{1, 3, 1}));
  EXPECT_EQ(reduce_sum(placeholder(float32)).shape(), Shape{});
  EXPECT_EQ(reduce_sum(placeholder(float32), {.axis = 0}).shape(), Shape::unknown());
  EXPECT_EQ(argmax(x, {.axis = 1}).shape(), (Shape{-1, 4}));
  EXPECT_EQ(argmax(x, {.axis = 1}).dtype(), int64);
  EXPECT_EQ(argmax(x, {.output_type = int32}).dtype(), int32);
}

TEST_F(ReduceTest, RefusesAxesThatArentThere) {
  const Output x = placeholder(float32, {2, 3});
  EXPECT_ERROR(reduce_sum(x, {.axis = 2}), ValueError, shape_incompatible,
               "Invalid reduction dimension 2");
  EXPECT_ERROR(reduce_max(x, {.axis = {0, -3}}), ValueError, shape_incompatible, "-3");
  EXPECT_ERROR(argmax(x, {.axis = 5}), ValueError, shape_incompatible, "5");
  EXPECT_ERROR(cumsum(x, {.axis = 2}), ValueError, shape_incompatible, "2");
  EXPECT_ERROR(reduce_any(x), TypeError, dtype_incompatible, "bool");
}

// As TensorFlow's, when it is run.
TEST_F(ReduceTest, RefusesTheSameAxisTwice) {
  const Output x = placeholder(float32, {2, 3});
  const Tensor value(float32, {2, 3});
  for (const Output& twice :
       {reduce_sum(x, {.axis = {0, 0}}), reduce_max(x, {.axis = {0, -2}, .keepdims = true}),
        reduce_mean(x, {.axis = {1, 0, -1}})}) {
    EXPECT_ERROR(run(twice, {{x, value}}), InvalidArgumentError, bad_argument, "twice");
  }
}

// A mean of integers lies between the least and the largest, whatever their sum.
template <typename T>
void expect_means(const std::vector<T>& rows, int64_t columns, const std::vector<T>& expected) {
  const auto count = static_cast<int64_t>(expected.size());
  const Output x = placeholder(dtype_of<T>);
  const Tensor value = Tensor::from<T>(rows, {count, columns});
  const Tensor by_rows = run(reduce_mean(x, {.axis = 1}), {{x, value}});
  const Tensor by_columns =
      run(reduce_mean(transpose(x, {.perm = {1, 0}}), {.axis = 0}), {{x, value}});
  const Tensor whole =
      run(reduce_mean(x),
          {{x, Tensor::from<T>(std::span(rows).first(static_cast<size_t>(columns)), {columns})}});
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(by_rows.data<T>()[i], expected[i]) << dtype_of<T> << " row " << i;
    EXPECT_EQ(by_columns.data<T>()[i], expected[i]) << dtype_of<T> << " column " << i;
  }
  EXPECT_EQ(whole.scalar<T>(), expected[0]) << dtype_of<T>;
}

template <typename T>
void expect_means_of_extremes() {
  constexpr T kMost = std::numeric_limits<T>::max(), kLeast = std::numeric_limits<T>::min();
  constexpr size_t kColumns = 1000;
  std::vector<T> rows(2 * kColumns, kMost);
  std::fill(rows.begin() + kColumns, rows.end(), kLeast);
  expect_means<T>(rows, kColumns, {kMost, kLeast});
  expect_means<T>({kMost, static_cast<T>(kMost - 1), kMost, static_cast<T>(kMost - 3)}, 4,
                  {static_cast<T>(kMost - 1)});
}

TEST_F(ReduceTest, MeansOfIntegersNeverOverflow) {
  expect_means_of_extremes<uint8_t>();
  expect_means_of_extremes<int8_t>();
  expect_means_of_extremes<int16_t>();
  expect_means_of_extremes<uint16_t>();
  expect_means_of_extremes<int32_t>();
  expect_means_of_extremes<uint32_t>();
  expect_means_of_extremes<int64_t>();
  expect_means_of_extremes<uint64_t>();
  expect_means<int32_t>({-3, -4, 3, 4}, 2, {-3, 3});  // towards zero
}

// float16 holds nothing beyond 65,504: the number of elements must not become one of its numbers.
TEST_F(ReduceTest, MeansOfManyHalvesHaveAGradient) {
  for (const DType dtype : {float16, bfloat16}) {
    for (const int64_t n : {65519, 65536, 200000}) {
      const Output open = placeholder(float32, {-1}), half = cast(open, dtype);
      const Output known = cast(zeros({n}), dtype);
      const auto first = [](const Output& gradient) {
        return cast(slice(gradient, {0}, {1}), float32);
      };
      const double share = 1 / static_cast<double>(n);
      const Tensor by_size = run(first(gradients({reduce_mean(known)}, {known})[0]));
      const Tensor by_run =
          run(first(gradients({reduce_mean(half)}, {half})[0]), {{open, Tensor(float32, {n})}});
      const double least = 0x1p-24;  // the step between the smallest numbers of float16
      const double off = dtype == float16 ? least : share / 128;
      EXPECT_NEAR(numbers(by_size)[0], share, off) << dtype << ' ' << n;
      EXPECT_NEAR(numbers(by_run)[0], share, off) << dtype << ' ' << n;
    }
  }
}

TEST_F(ReduceTest, OverNothingHasTensorFlowsValues) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const Output x = constant(Tensor(float32, {0, 2}));
  expect_near(run(reduce_sum(x, {.axis = 0})), {0, 0});
  expect_near(run(reduce_prod(x, {.axis = 0})), {1, 1});
  expect_near(run(reduce_max(x, {.axis = 0})), {-inf, -inf});
  expect_near(run(reduce_min(x, {.axis = 0})), {inf, inf});
  expect_near(run(reduce_mean(x, {.axis = 0})), {nan, nan});
  const Output none = constant(Tensor(bool_, {0}));
  expect_near(run(reduce_any(none)), {0});
  expect_near(run(reduce_all(none)), {1});
}

TEST_F(ReduceTest, MeansOfIntegersStayIntegers) {
  const Output mean = reduce_mean(constant({1, 2, 4}));
  EXPECT_EQ(mean.dtype(), int32);
  expect_near(run(mean), {2});
}

TEST_F(ReduceTest, EqualLargestShareTheGradient) {
  const Output x = constant({{1.0f, 3.0f, 3.0f}, {2.0f, 0.0f, 1.0f}});
  expect_near(run(gradients({reduce_max(x, {.axis = 1})}, {x})[0]), {0, 0.5, 0.5, 1, 0, 0});
}

TEST_F(ReduceTest, TheGradientOfAProductIsRightBesideZeros) {
  const Output x = constant({2.0f, 0.0f, 3.0f});
  expect_near(run(gradients({reduce_prod(x)}, {x})[0]), {0, 6, 0});
}

TEST_F(ReduceTest, ArgmaxIsTheFirstOfEquals) {
  const Output x = constant({{1.0f, 3.0f, 3.0f}, {0.0f, 0.0f, -1.0f}});
  expect_near(run(argmax(x, {.axis = 1})), {1, 0});
  expect_near(run(argmin(x, {.axis = -1})), {0, 2});
  expect_near(run(argmax(x)), {0, 0, 0});
}

TEST_F(ReduceTest, AxesOfUnknownRankAreWorkedOutInTheRun) {
  const Output x = placeholder(float32);
  const Tensor value({{1.0f, 2.0f}, {3.0f, 4.0f}});
  const Output mean = reduce_mean(x * x);
  expect_near(run(mean, {{x, value}}), {7.5});
  expect_near(run(gradients({mean}, {x})[0], {{x, value}}), {0.5, 1, 1.5, 2});
}

}  // namespace
}  // namespace tenon::testing
