#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

// [M, K] x [K, N] by three loops; the stored matrices may be transposed.
std::function<Numbers(const std::vector<Numbers>&)> product(size_t m, size_t k, size_t n, bool ta,
                                                            bool tb) {
  return [=](const std::vector<Numbers>& in) {
    Numbers out(m * n, 0);
    for (size_t i = 0; i < m; ++i) {
      for (size_t j = 0; j < n; ++j) {
        for (size_t l = 0; l < k; ++l) {
          out[i * n + j] += in[0][ta ? l * m + i : i * k + l] * in[1][tb ? j * k + l : l * n + j];
        }
      }
    }
    return out;
  };
}

OpCase matrices(const char* name, bool ta, bool tb) {
  constexpr int64_t kM = 3, kK = 4, kN = 5;
  return {.name = name,
          .build =
              [=](const std::vector<Output>& in) {
                return matmul(in[0], in[1], {.transpose_a = ta, .transpose_b = tb});
              },
          .inputs = {ta ? Shape{kK, kM} : Shape{kM, kK}, tb ? Shape{kN, kK} : Shape{kK, kN}},
          .plain = product(kM, kK, kN, ta, tb)};
}

OpCase batches(const char* name, const Shape& a, const Shape& b, bool ta = false, bool tb = false) {
  return {.name = name,
          .build =
              [=](const std::vector<Output>& in) {
                return matmul(in[0], in[1], {.transpose_a = ta, .transpose_b = tb});
              },
          .inputs = {a, b}};
}

const OpCases kMathMatmulCases = {
    matrices("Plain", false, false),
    matrices("TransposeA", true, false),
    matrices("TransposeB", false, true),
    matrices("TransposeBoth", true, true),
    batches("Batches", {2, 3, 4}, {2, 4, 2}),
    batches("BatchesBroadcast", {2, 1, 3, 4}, {3, 4, 2}),
    batches("BatchesTransposed", {2, 4, 3}, {2, 2, 4}, true, true),
    batches("OfNothing", {0, 4}, {4, 2}),
};
INSTANTIATE_TEST_SUITE_P(Matmul, OpCaseTest, ::testing::ValuesIn(kMathMatmulCases), case_name);

class MatmulTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(MatmulTest, OverNoInnerSizeIsZero) {
  const Output y = matmul(constant(Tensor(float32, {2, 0})), constant(Tensor(float32, {0, 3})));
  expect_near(run(y), {0, 0, 0, 0, 0, 0});
}

TEST_F(MatmulTest, InfersShapes) {
  const Output a = placeholder(float32, {-1, 3}), b = placeholder(float32, {3, 5});
  EXPECT_EQ(matmul(a, b).shape(), (Shape{-1, 5}));
  EXPECT_EQ(matmul(a, a, {.transpose_b = true}).shape(), (Shape{-1, -1}));
  EXPECT_EQ(matmul(a, b).name(), "MatMul_2:0");
  EXPECT_EQ(matmul(placeholder(float32, {7, 2, 3}), b).shape(), (Shape{7, 2, 5}));
  EXPECT_EQ(matmul(placeholder(float32), b).shape(), Shape::unknown());  // perhaps of a batch
}

TEST_F(MatmulTest, RefusesMatricesThatDontFit) {
  const Output a = placeholder(float32, {2, 3}), b = placeholder(float32, {4, 5});
  EXPECT_ERROR(matmul(a, b), ValueError, shape_incompatible,
               "Dimensions must be equal, but are 3 and 4");
  EXPECT_ERROR(matmul(a, placeholder(float32, {3})), ValueError, shape_incompatible,
               "Shape must be rank 2 but is rank 1");
  EXPECT_ERROR(matmul(a, placeholder(float64, {3, 5})), TypeError, dtype_incompatible, "float64");
}

TEST_F(MatmulTest, FactorsIntoQAndR) {
  const Tensor value = wave(float64, {5, 3});
  const Qr factors = qr(constant(value));
  EXPECT_EQ(factors.q.shape(), (Shape{5, 3}));
  EXPECT_EQ(factors.r.shape(), (Shape{3, 3}));
  expect_near(run(matmul(factors.q, factors.r)), numbers(value), 1e-12);
  expect_near(run(matmul(factors.q, factors.q, {.transpose_a = true})), {1, 0, 0, 0, 1, 0, 0, 0, 1},
              1e-12);
}

TEST_F(MatmulTest, HasDiagonals) {
  const Output x = constant({{1.0f, 2.0f}, {3.0f, 4.0f}});
  expect_near(run(matrix_diag_part(x)), {1, 4});
  expect_near(run(matrix_diag(constant({1.0f, 2.0f}))), {1, 0, 0, 2});
  expect_near(run(gradients({matrix_diag_part(x)}, {x})[0]), {1, 0, 0, 1});
}

}  // namespace
}  // namespace tenon::testing
