// The floating-point environment of the program: its modes hold in every thread and every run, and
// no exception is raised by what isn't an element.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <limits>

#include "tenon/tenon.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace tenon {
namespace {

constexpr float kNearest = 1.0F / 3.0F;                  // lies above a third,
const float kDownward = std::nextafter(kNearest, 0.0F);  // and this below it

class InRounding {
 public:
  explicit InRounding(int mode) : before_(std::fegetround()) { std::fesetround(mode); }
  ~InRounding() { std::fesetround(before_); }
  InRounding(const InRounding&) = delete;
  InRounding& operator=(const InRounding&) = delete;

 private:
  int before_;
};

class FloatingPointTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  // A GPU rounds its own way.
  SessionOptions on_the_cpu_{.device_count = {{"GPU", 0}}, .threads = 4};
};

Tensor ones_of(int64_t count) {
  Tensor tensor(float32, {count});
  for (float& element : tensor.mutable_data<float>()) element = 1;
  return tensor;
}

void expect_all(const Tensor& tensor, float expected) {
  int64_t others = 0;
  for (const float element : tensor.data<float>()) others += element != expected ? 1 : 0;
  EXPECT_EQ(others, 0) << "of " << tensor.element_count() << " aren't " << expected;
}

TEST_F(FloatingPointTest, EveryThreadRoundsAsTheCaller) {
  const Output x = placeholder(float32, {-1});
  const Output third = x / 3.0F;
  Session session(on_the_cpu_);
  const Callable call = session.make_callable({third}, {x});
  const Tensor input = ones_of(1 << 20);
  for (int round = 0; round < 3; ++round) {
    expect_all(session.run(third, {{x, input}}), kNearest);
    const InRounding down(FE_DOWNWARD);
    expect_all(session.run(third, {{x, input}}), kDownward);
    expect_all(call({input})[0], kDownward);
  }
  expect_all(call({input})[0], kNearest);
}

// What is worked out while a plan is made belongs to the modes in which it was made.
TEST_F(FloatingPointTest, NothingIsRememberedOfAnotherMode) {
  const Output third = constant(Tensor({1.0F, 1.0F})) / constant(Tensor({3.0F, 3.0F}));
  Session session;
  const Callable call = session.make_callable({third});
  {
    const InRounding down(FE_DOWNWARD);
    expect_all(session.run(third), kDownward);
    expect_all(call({})[0], kDownward);
  }
  expect_all(session.run(third), kNearest);
  expect_all(call({})[0], kNearest);
  const InRounding down(FE_DOWNWARD);
  expect_all(session.run(third), kDownward);
}

#if defined(__SSE2__)
TEST_F(FloatingPointTest, EveryThreadFlushesToZeroAsTheCaller) {
  const Output x = placeholder(float32, {-1});
  const Output tiny = x * 1e-20F * 1e-20F;  // 1e-40 has no exponent of its own
  Session session(on_the_cpu_);
  const Tensor input = ones_of(1 << 20);
  const float small = session.run(tiny, {{x, ones_of(1)}}).data<float>()[0];
  EXPECT_GT(small, 0);
  const unsigned before = _mm_getcsr();
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  const Tensor flushed = session.run(tiny, {{x, input}});
  _mm_setcsr(before);
  expect_all(flushed, 0);
  expect_all(session.run(tiny, {{x, input}}), small);
}
#endif

// Positive numbers, so that none of the operations below is invalid.
Tensor positive(const Shape& shape) {
  Tensor tensor(float32, shape);
  float next = 1;
  for (float& element : tensor.mutable_data<float>()) element = next++;
  return tensor;
}

void expect_no_exception(const char* what, const Output& y, const Output& x, const Tensor& value) {
  Session session(y.graph(), {.threads = 1});
  std::feclearexcept(FE_ALL_EXCEPT);
  session.run(y, {{x, value}});
  EXPECT_EQ(std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW), 0)
      << what << " of " << value.shape();
}

TEST_F(FloatingPointTest, ElementwiseOperationsRaiseNothingBesideTheirElements) {
  for (const int64_t count : {1, 5, 15, 16, 17, 31, 513, 1000}) {
    const Output x = placeholder(float32, {count});
    const Tensor value = positive({count});
    expect_no_exception("x / x", x / x, x, value);
    expect_no_exception("1 / x", 1.0F / x, x, value);
    expect_no_exception("reciprocal", reciprocal(x), x, value);
    expect_no_exception("rsqrt", rsqrt(x), x, value);
    expect_no_exception("sqrt", sqrt(x - 0.5F), x, value);
    expect_no_exception("log", log(x - 0.5F), x, value);
    expect_no_exception("log1p", log1p(x - 1.5F), x, value);
    expect_no_exception("pow", pow(x, -0.5F), x, value);
    expect_no_exception("div_no_nan", div_no_nan(x, x - 1.0F), x, value);
    expect_no_exception("floordiv", exp(-floordiv(x, x)), x, value);
    expect_no_exception("mod", rsqrt(mod(x, 2.0F) + x), x, value);
    expect_no_exception("erf", 1.0F / erf(x), x, value);
    expect_no_exception("elu", nn::elu(x * 100.0F), x, value);
    expect_no_exception("selu", nn::selu(x * 100.0F), x, value);
    expect_no_exception("halves", cast(1.0F / cast(x, float16), float32), x, value);
    expect_no_exception("doubles", 1.0 / cast(x, float64), x, value);
  }
}

TEST_F(FloatingPointTest, BroadcastingRaisesNothingBesideTheElements) {
  for (const int64_t rows : {1, 3, 7}) {
    const Output x = placeholder(float32, {rows, 3});
    const Output row = constant(Tensor({1.0F, 2.0F, 3.0F}));
    const Output column = reduce_sum(x, {.axis = 1, .keepdims = true});
    const Tensor value = positive({rows, 3});
    expect_no_exception("by rows", x / row, x, value);
    expect_no_exception("by columns", row / column, x, value);
    expect_no_exception("softmax", nn::softmax(x), x, value);
    expect_no_exception("normalised", x / reduce_max(x), x, value);
  }
}

// An infinite weight makes infinite results, and nothing invalid: 0 times it would be.
TEST_F(FloatingPointTest, ProductsRaiseNothingBesideTheirElements) {
  const float inf = std::numeric_limits<float>::infinity();
  for (const int64_t rows : {1, 3, 5, 13}) {
    for (const int64_t columns : {1, 3, 17, 33}) {
      const Output x = placeholder(float32, {rows, 7});
      const Output weights = constant(inf, {.shape = {7, columns}});
      const Tensor value = positive({rows, 7});
      expect_no_exception("matmul", matmul(x, weights), x, value);
      const Output turned = constant(inf, {.shape = {columns, 7}});
      expect_no_exception("matmul by the transposed", matmul(x, turned, {.transpose_b = true}), x,
                          value);
      const Output left = constant(inf, {.shape = {7, rows}});
      const Output right = placeholder(float32, {7, columns});
      expect_no_exception("matmul of the transposed", matmul(left, right, {.transpose_a = true}),
                          right, positive({7, columns}));
    }
  }
}

TEST_F(FloatingPointTest, ConvolutionsAndTheirGradientsRaiseNothingBesideTheirElements) {
  const Output x = placeholder(float32, {2, 5, 5, 3});
  const Output filter = constant(Tensor(float32, {3, 3, 3, 5})) + 1.0F;
  const Output y = nn::conv2d(x, filter), pooled = nn::max_pool(y) + nn::avg_pool(y);
  const Output loss = reduce_mean(square(pooled));
  const Tensor value = positive({2, 5, 5, 3});
  expect_no_exception("convolution", y, x, value);
  for (const Output& gradient : gradients({loss}, {x, filter})) {
    expect_no_exception("gradient", gradient, x, value);
  }
}

}  // namespace
}  // namespace tenon
