#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using internal::Activation;
using internal::Epilogue;
using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::same_bits;
using testing::wave;

struct Problem {
  int64_t m, n, k;
  bool ta = false, tb = false;
};

template <typename T>
KernelCase matmul_case(const Problem& p) {
  return {.op = "MatMul",
          .dtype = dtype_of<T>,
          .inputs = {wave<T>(p.ta ? Shape{p.k, p.m} : Shape{p.m, p.k}, 0.1, 3),
                     wave<T>(p.tb ? Shape{p.n, p.k} : Shape{p.k, p.n}, 0.7, 3)},
          .outputs = {{dtype_of<T>, {p.m, p.n}}},
          .attrs = {{"transpose_a", p.ta}, {"transpose_b", p.tb}}};
}

double activate(double x, Activation activation, double alpha) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x > 0 ? x : 0;
    case Activation::kRelu6:
      return std::min(std::max(x, 0.0), 6.0);
    case Activation::kElu:
      return x > 0 ? x : std::expm1(x);
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::kLeakyRelu:
      return x > 0 ? x : alpha * x;
  }
  return x;
}

template <typename T>
void expect_product(const Problem& p, const KernelCase& c, const Tensor& found, double tolerance) {
  const auto a = c.inputs[0].data<T>(), b = c.inputs[1].data<T>();
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) {
      double sum = 0, size = 0;
      for (int64_t k = 0; k < p.k; ++k) {
        const double product =
            static_cast<double>(a[static_cast<size_t>(p.ta ? k * p.m + i : i * p.k + k)]) *
            static_cast<double>(b[static_cast<size_t>(p.tb ? j * p.k + k : k * p.n + j)]);
        sum += product;
        size += std::abs(product);
      }
      if (c.epilogue.bias)
        sum += static_cast<double>(c.inputs[2].data<T>()[static_cast<size_t>(j)]);
      sum = activate(sum, c.epilogue.activation, c.epilogue.alpha);
      ASSERT_NEAR(found.data<T>()[static_cast<size_t>(i * p.n + j)], sum, tolerance * (1 + size))
          << i << ',' << j << " of " << p.m << 'x' << p.n << 'x' << p.k << p.ta << p.tb;
    }
  }
}

template <typename T>
void expect_products(const std::vector<Problem>& problems, double tolerance) {
  for (Problem p : problems) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        p.ta = ta;
        p.tb = tb;
        const KernelCase c = matmul_case<T>(p);
        expect_product<T>(p, c, launch(c), tolerance);
      }
    }
  }
}

const std::vector<Problem> kShapes = {
    {1, 1, 1},      {1, 20, 10},  {3, 5, 7},     {2, 3, 0},     {0, 3, 2},     {3, 0, 2},
    {13, 33, 9},    {12, 32, 4},  {24, 64, 17},  {25, 65, 300}, {7, 129, 513}, {50, 16, 256},
    {100, 260, 40}, {5, 48, 257}, {31, 15, 129}, {29, 31, 128},
};

TEST(CpuMatMulTest, Float32ProductsAreNearDouble) { expect_products<float>(kShapes, 2e-6); }

TEST(CpuMatMulTest, Float64ProductsAreNearDouble) { expect_products<double>(kShapes, 4e-15); }

TEST(CpuMatMulTest, IntegerProductsAreExact) {
  expect_products<int32_t>({{3, 5, 7}, {1, 1, 1}, {2, 2, 0}, {17, 9, 33}}, 0);
  expect_products<int64_t>({{3, 5, 7}, {17, 9, 33}}, 0);
}

TEST(CpuMatMulTest, BiasAndActivationAreFused) {
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kElu,
        Activation::kTanh, Activation::kSigmoid, Activation::kLeakyRelu}) {
    for (const Problem& p : {Problem{13, 45, 30}, Problem{4, 128, 300}, Problem{3, 20, 0}}) {
      for (const bool bias : {false, true}) {
        KernelCase c = matmul_case<float>(p);
        c.epilogue = {.bias = bias, .activation = activation, .alpha = 0.1};
        if (bias) c.inputs.push_back(wave<float>({p.n}, 0.9, 2));
        expect_product<float>(p, c, launch(c), 2e-6);
      }
    }
  }
}

TEST(CpuMatMulTest, NanAndInfinityReachTheirRowsAndColumnsOnly) {
  Problem p = {13, 40, 20};
  KernelCase c = matmul_case<float>(p);
  c.epilogue = {.activation = Activation::kRelu};
  c.inputs[0].mutable_data<float>()[2 * 20 + 3] = NAN;
  const Tensor y = launch(c);
  for (int64_t i = 0; i < 13 * 40; ++i) {
    EXPECT_EQ(std::isnan(y.data<float>()[static_cast<size_t>(i)]), i / 40 == 2) << i;
  }
}

TEST(CpuMatMulTest, AnElementsBitsDoNotDependOnTheRowsBesideIt) {
  const Problem p = {200, 150, 300};
  const KernelCase c = matmul_case<float>(p);
  const Tensor all = launch(c);
  for (const int64_t rows : {1, 2, 5, 11, 13, 50, 97}) {
    KernelCase some = matmul_case<float>({rows, p.n, p.k});
    some.inputs[0] = Tensor::from<float>(c.inputs[0].data<float>().data(), {rows, p.k});
    some.inputs[1] = c.inputs[1];
    const Tensor y = launch(some);
    ASSERT_EQ(std::memcmp(y.raw(), all.raw(), y.bytes()), 0) << rows;
  }
}

template <typename T>
void expect_same_bits_packed_beforehand() {
  std::vector<Problem> problems = kShapes;
  problems.push_back({600, 300, 200});
  for (Problem p : problems) {
    for (const bool tb : {false, true}) {
      p.tb = tb;
      KernelCase c = matmul_case<T>(p);
      const Tensor every_time = launch(c);
      c.knows_floats = true;
      for (const int threads : {1, 2}) {
        c.threads = threads;
        EXPECT_TRUE(same_bits(every_time, launch(c))) << p.m << 'x' << p.n << 'x' << p.k << p.tb;
      }
    }
  }
}

TEST(CpuMatMulTest, AConstantThatIsPackedBeforehandGivesTheSameBits) {
  expect_same_bits_packed_beforehand<float>();
  expect_same_bits_packed_beforehand<double>();
}

TEST(CpuMatMulTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  for (const Problem& p : {Problem{512, 300, 200}, Problem{64, 1000, 300}}) {
    KernelCase c = matmul_case<float>(p);
    const Tensor one = launch(c);
    for (const int threads : {2, 3}) {
      c.threads = threads;
      EXPECT_TRUE(same_bits(one, launch(c)));
    }
  }
}

TEST(CpuMatMulTest, RejectsDepthsThatDiffer) {
  KernelCase c = matmul_case<float>({2, 3, 4});
  c.inputs[1] = wave<float>({5, 3});
  expect_error<InvalidArgumentError>([&] { launch(c); }, ErrorKind::shape_incompatible,
                                     "Matrix size-incompatible: In[0]: (2, 4), In[1]: (5, 3)");
}

TEST(CpuBatchMatMulTest, BatchesBroadcast) {
  const KernelCase c = {.op = "BatchMatMulV2",
                        .dtype = float64,
                        .inputs = {wave<double>({2, 1, 3, 4}, 0.1), wave<double>({5, 6, 4}, 0.4)},
                        .outputs = {{float64, {2, 5, 3, 6}}},
                        .attrs = {{"adj_x", false}, {"adj_y", true}}};
  const Tensor y = launch(c);
  for (int64_t i = 0; i < 2 * 5 * 3 * 6; ++i) {
    const int64_t n = i % 6, m = i / 6 % 3, b = i / 18 % 5, a = i / 90;
    double sum = 0;
    for (int64_t k = 0; k < 4; ++k) {
      sum += c.inputs[0].data<double>()[static_cast<size_t>((a * 3 + m) * 4 + k)] *
             c.inputs[1].data<double>()[static_cast<size_t>((b * 6 + n) * 4 + k)];
    }
    ASSERT_NEAR(y.data<double>()[static_cast<size_t>(i)], sum, 1e-14) << i;
  }
}

}  // namespace
}  // namespace tenon
