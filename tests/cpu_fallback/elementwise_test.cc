// Values of elementwise programs, whatever their shapes and lengths.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cpu_fallback/backend.h"
#include "tests/cpu_fallback/elementwise_testing.h"

namespace tenon {
namespace {

using testing::expect_error;
using testing::same_bits;
using testing::wave;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct UnaryCase {
  Primitive primitive;
  double (*reference)(double);
  double low, high;
};

const UnaryCase kUnary[] = {
    {Primitive::kNegate, [](double x) { return -x; }, -1e30, 1e30},
    {Primitive::kAbs, [](double x) { return std::abs(x); }, -1e30, 1e30},
    {Primitive::kSign, [](double x) { return double((x > 0) - (x < 0)); }, -3, 3},
    {Primitive::kSqrt, [](double x) { return std::sqrt(x); }, 0, 1e30},
    {Primitive::kRsqrt, [](double x) { return 1 / std::sqrt(x); }, 1e-20, 1e30},
    {Primitive::kReciprocal, [](double x) { return 1 / x; }, 1e-20, 1e30},
    {Primitive::kExp, [](double x) { return std::exp(x); }, -87, 88},
    {Primitive::kExp, [](double x) { return std::exp(x); }, -1, 1},
    {Primitive::kExpm1, [](double x) { return std::expm1(x); }, -20, 80},
    {Primitive::kExpm1, [](double x) { return std::expm1(x); }, -0.4, 0.4},
    {Primitive::kLog, [](double x) { return std::log(x); }, 1e-30, 1e30},
    {Primitive::kLog, [](double x) { return std::log(x); }, 0.5, 2},
    {Primitive::kLog1p, [](double x) { return std::log1p(x); }, -0.9, 100},
    {Primitive::kLog1p, [](double x) { return std::log1p(x); }, -1e-3, 1e-3},
    {Primitive::kTanh, [](double x) { return std::tanh(x); }, -10, 10},
    {Primitive::kTanh, [](double x) { return std::tanh(x); }, -0.1, 0.1},
    {Primitive::kSigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 40},
    {Primitive::kErf, [](double x) { return std::erf(x); }, -4, 4},
    {Primitive::kSin, [](double x) { return std::sin(x); }, -3, 3},
    {Primitive::kCos, [](double x) { return std::cos(x); }, -1.5, 1.5},
    {Primitive::kSin, [](double x) { return std::sin(x); }, 1e5, 1e6},
    {Primitive::kFloor, [](double x) { return std::floor(x); }, -5, 5},
    {Primitive::kCeil, [](double x) { return std::ceil(x); }, -5, 5},
    {Primitive::kRound, [](double x) { return std::nearbyint(x); }, -5, 5},
};

template <typename T>
double worst_ulps(const UnaryCase& c) {
  const int64_t size = 20001;
  Tensor x(dtype_of<T>, {size});
  for (int64_t i = 0; i < size; ++i) {
    x.mutable_data<T>()[static_cast<size_t>(i)] =
        static_cast<T>(c.low + (c.high - c.low) * static_cast<double>(i) / (size - 1));
  }
  const Tensor y = run_program(unary_program(c.primitive, dtype_of<T>), {x}, {size});
  double worst = 0;
  for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
    const double expected = c.reference(x.data<T>()[i]);
    const T rounded = static_cast<T>(expected);
    const double ulp =
        std::nextafter(std::abs(rounded), std::numeric_limits<T>::infinity()) - std::abs(rounded);
    worst = std::max(worst, std::abs(y.data<T>()[i] - expected) / ulp);
  }
  return worst;
}

TEST(CpuElementwiseTest, UnaryPrimitivesOfFloat32AreWithinFourUnitsOfDouble) {
  for (const UnaryCase& c : kUnary) {
    EXPECT_LE(worst_ulps<float>(c), 4) << to_string(c.primitive) << " from " << c.low;
  }
}

TEST(CpuElementwiseTest, UnaryPrimitivesOfFloat64AreWithinSixUnitsOfTheLibrary) {
  for (const UnaryCase& c : kUnary) {
    EXPECT_LE(worst_ulps<double>(c), 6) << to_string(c.primitive) << " from " << c.low;
  }
}

template <typename T>
void expect_edges(Primitive primitive, const std::vector<std::pair<double, double>>& pairs) {
  std::vector<T> x;
  for (const auto& [from, to] : pairs) x.push_back(static_cast<T>(from));
  const Shape shape = {static_cast<int64_t>(x.size())};
  const Tensor y =
      run_program(unary_program(primitive, dtype_of<T>), {Tensor::from<T>(x, shape)}, shape);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const T expected = static_cast<T>(pairs[i].second), found = y.data<T>()[i];
    EXPECT_TRUE(found == expected || (std::isnan(found) && std::isnan(expected)))
        << to_string(primitive) << "(" << x[i] << ") = " << found << ", expected " << expected;
  }
}

TEST(CpuElementwiseTest, InfinitiesPolesAndNanAreRight) {
  const std::map<Primitive, std::vector<std::pair<double, double>>> edges = {
      {Primitive::kExp,
       {{kInfinity, kInfinity},
        {-kInfinity, 0},
        {kNan, kNan},
        {1000, kInfinity},
        {-1e30, 0},
        {0, 1}}},
      {Primitive::kExpm1,
       {{kInfinity, kInfinity}, {-kInfinity, -1}, {kNan, kNan}, {0, 0}, {1e-30, 1e-30}}},
      {Primitive::kLog,
       {{0, -kInfinity},
        {-0.0, -kInfinity},
        {-1, kNan},
        {kNan, kNan},
        {kInfinity, kInfinity},
        {1, 0},
        {-kInfinity, kNan}}},
      {Primitive::kLog1p,
       {{-1, -kInfinity},
        {-2, kNan},
        {kNan, kNan},
        {kInfinity, kInfinity},
        {0, 0},
        {1e-30, 1e-30}}},
      {Primitive::kTanh, {{kInfinity, 1}, {-kInfinity, -1}, {kNan, kNan}, {50, 1}, {0, 0}}},
      {Primitive::kSigmoid, {{kInfinity, 1}, {-kInfinity, 0}, {kNan, kNan}, {0, 0.5}}},
      {Primitive::kSqrt, {{-1, kNan}, {kInfinity, kInfinity}, {kNan, kNan}, {0, 0}}},
      {Primitive::kSin, {{kInfinity, kNan}, {kNan, kNan}, {0, 0}}},
      {Primitive::kSign, {{kNan, kNan}, {-kInfinity, -1}, {-0.0, 0}}},
      {Primitive::kReciprocal, {{0, kInfinity}, {-0.0, -kInfinity}, {kInfinity, 0}}},
      {Primitive::kRound, {{0.5, 0}, {1.5, 2}, {2.5, 2}, {-0.5, 0}, {1e30, 1e30}, {kNan, kNan}}},
  };
  for (const auto& [primitive, pairs] : edges) {
    expect_edges<float>(primitive, pairs);
    expect_edges<double>(primitive, pairs);
  }
}

TEST(CpuElementwiseTest, MaximumAndMinimumPassNanOnFromEitherSide) {
  const Tensor a({NAN, 1.0f, 2.0f}), b({1.0f, NAN, 3.0f});
  for (const Primitive primitive : {Primitive::kMaximum, Primitive::kMinimum}) {
    const Tensor y = run_program(binary_program(primitive, float32), {a, b}, {3});
    EXPECT_TRUE(std::isnan(y.data<float>()[0]));
    EXPECT_TRUE(std::isnan(y.data<float>()[1]));
    EXPECT_EQ(y.data<float>()[2], primitive == Primitive::kMaximum ? 3 : 2);
  }
}

TEST(CpuElementwiseTest, TailsOfEveryLengthHaveTheBitsOfWholeBlocks) {
  ElementwiseBuilder builder;
  const auto x = builder.input(float32), y = builder.input(float32);
  const auto t = builder.unary(Primitive::kTanh, builder.multiply(x, y));
  const auto program = builder.finish(
      {builder.add(builder.unary(Primitive::kExp, t), builder.divide(x, builder.add(t, y)))});
  const Tensor a = wave<float>({1100}, 0.1, 3), b = wave<float>({1100}, 0.7, 5);
  const Tensor whole = run_program(program, {a, b}, {1100});
  for (int64_t size = 1; size < 1100; size += size < 70 ? 1 : 97) {
    const Tensor part = run_program(program,
                                    {Tensor::from<float>(a.data<float>().data(), {size}),
                                     Tensor::from<float>(b.data<float>().data(), {size})},
                                    {size});
    ASSERT_EQ(std::memcmp(part.raw(), whole.raw(), part.bytes()), 0) << size;
  }
}

TEST(CpuElementwiseTest, BroadcastsAsNumpyDoes) {
  struct Case {
    Shape a, b, out;
  };
  const Case cases[] = {
      {{2, 3}, {3}, {2, 3}},
      {{2, 3}, {2, 1}, {2, 3}},
      {{4, 1, 5}, {3, 1}, {4, 3, 5}},
      {{}, {7}, {7}},
      {{1}, {2, 2}, {2, 2}},
      {{700, 3}, {3}, {700, 3}},
      {{3, 600}, {600}, {3, 600}},
      {{3, 600}, {3, 1}, {3, 600}},
      {{2, 1, 3, 1}, {5, 1, 4}, {2, 5, 3, 4}},
      {{0, 3}, {3}, {0, 3}},
      {{1, 1}, {1}, {1, 1}},
      {{30, 1000}, {1, 1000}, {30, 1000}},
      {{64, 8, 8, 32}, {32}, {64, 8, 8, 32}},
  };
  const auto program = binary_program(Primitive::kSubtract, float64);
  for (const Case& c : cases) {
    const Tensor a = wave<double>(c.a, 0.1), b = wave<double>(c.b, 2.2);
    const Tensor y = run_program(program, {a, b}, c.out);
    const auto at = [&](const Tensor& t, int64_t index) {
      int64_t offset = 0, stride = 1;
      for (int axis = c.out.rank() - 1, own = t.shape().rank() - 1; own >= 0; --axis, --own) {
        const int64_t coordinate = index % c.out[axis];
        index /= c.out[axis];
        if (t.shape()[own] != 1) offset += coordinate * stride;
        stride *= t.shape()[own];
      }
      return t.data<double>()[static_cast<size_t>(offset)];
    };
    for (int64_t i = 0; i < c.out.element_count(); ++i) {
      ASSERT_EQ(y.data<double>()[static_cast<size_t>(i)], at(a, i) - at(b, i))
          << c.a << ' ' << c.b << " at " << i;
    }
  }
}

TEST(CpuElementwiseTest, RejectsShapesThatDoNotBroadcast) {
  const auto program = binary_program(Primitive::kAdd, float32);
  expect_error<InvalidArgumentError>(
      [&] {
        run_program(program, {wave<float>({2, 3}), wave<float>({2})}, {2, 3});
      },
      ErrorKind::shape_incompatible, "Incompatible shapes: (2,) can't be broadcast to (2, 3)");
}

TEST(CpuElementwiseTest, UpdatesSeveralVariablesInPlace) {
  // As Adam does: m' = 0.9 m + 0.1 g, v' = 0.99 v + 0.01 g g, w' = w - m' / (sqrt(v') + 1e-3).
  ElementwiseBuilder b;
  const auto w = b.input(float64), m = b.input(float64), v = b.input(float64), g = b.input(float64);
  const auto m2 =
      b.add(b.multiply(b.constant_like(m, 0.9), m), b.multiply(b.constant_like(g, 0.1), g));
  const auto v2 = b.add(b.multiply(b.constant_like(v, 0.99), v),
                        b.multiply(b.constant_like(g, 0.01), b.multiply(g, g)));
  const auto w2 = b.subtract(w, b.divide(m2, b.add(b.sqrt(v2), b.constant_like(v, 1e-3))));
  const auto program = b.finish({w2, m2, v2});
  const int64_t size = 1301;
  std::vector<Tensor> in = {wave<double>({size}, 0.1), wave<double>({size}, 0.2),
                            wave<double>({size}, 0.3, 0.5), wave<double>({size}, 0.4)};
  for (double& x : in[2].mutable_data<double>()) x = x * x;
  std::vector<Tensor> var = {in[0].clone(), in[1].clone(), in[2].clone(), in[3]};
  const auto device = internal::cpu_backend().open(0, "/device:CPU:0", {.threads = 2});
  const auto queue = device->make_queue();
  internal::KernelRequest request;
  request.op = internal::kElementwiseOp;
  request.program = &program;
  for (const Tensor& t : var) request.inputs.push_back({t.dtype(), t.shape()});
  request.outputs.assign(3, {float64, {size}});
  const auto kernel = device->prepare(request, float64);
  const void* inputs[] = {var[0].raw(), var[1].raw(), var[2].raw(), var[3].raw()};
  void* outputs[] = {var[0].raw(), var[1].raw(), var[2].raw()};
  kernel.launch({.inputs = inputs, .outputs = outputs, .queue = queue.get()});
  for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
    const double gi = in[3].data<double>()[i];
    const double mi = 0.9 * in[1].data<double>()[i] + 0.1 * gi;
    const double vi = 0.99 * in[2].data<double>()[i] + 0.01 * (gi * gi);
    ASSERT_DOUBLE_EQ(var[1].data<double>()[i], mi);
    ASSERT_DOUBLE_EQ(var[2].data<double>()[i], vi);
    ASSERT_DOUBLE_EQ(var[0].data<double>()[i],
                     in[0].data<double>()[i] - mi / (std::sqrt(vi) + 1e-3));
  }
}

TEST(CpuElementwiseTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  ElementwiseBuilder b;
  const auto x = b.input(float32), y = b.input(float32);
  const auto program = b.finish({b.add(b.unary(Primitive::kTanh, x), b.multiply(x, y))});
  const Tensor a = wave<float>({50, 1001}, 0.1, 4), c = wave<float>({1001}, 0.5, 2);
  const Tensor one = run_program(program, {a, c}, {50, 1001}, 1);
  EXPECT_TRUE(same_bits(one, run_program(program, {a, c}, {50, 1001}, 2)));
  EXPECT_TRUE(same_bits(one, run_program(program, {a, c}, {50, 1001}, 3)));
}

TEST(CpuElementwiseTest, LongProgramsRunThoughTheirTemporariesFillNoBlock) {
  ElementwiseBuilder b;
  const auto x = b.input(float64);
  std::vector<ElementwiseBuilder::Value> powers = {x};
  for (int i = 0; i < 900; ++i) powers.push_back(b.add(powers.back(), x));
  auto sum = powers[0];
  for (size_t i = 1; i < powers.size(); ++i) sum = b.add(powers[i], sum);
  const Tensor y = run_program(b.finish({sum}), {wave<double>({77})}, {77});
  for (size_t i = 0; i < 77; ++i) {
    EXPECT_NEAR(y.data<double>()[i], wave<double>({77}).data<double>()[i] * (901.0 * 902 / 2),
                1e-8);
  }
}

}  // namespace
}  // namespace tenon
