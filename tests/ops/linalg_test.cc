#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class LinalgTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

using In = const std::vector<Output>&;

const OpCases kLinalgCases = {
    {.name = "DiagPartOfASquareMatrix",
     .build = [](In in) { return square(matrix_diag_part(in[0])); },
     .inputs = {{3, 3}}},
    {.name = "DiagPartOfAWideMatrix",
     .build = [](In in) { return square(matrix_diag_part(in[0])); },
     .inputs = {{2, 3, 5}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out;
           for (size_t b = 0; b < 2; ++b) {
             for (size_t i = 0; i < 3; ++i) {
               const double x = in[0][b * 15 + i * 5 + i];
               out.push_back(x * x);
             }
           }
           return out;
         }},
    {.name = "DiagPartOfATallMatrix",
     .build = [](In in) { return square(matrix_diag_part(in[0])); },
     .inputs = {{4, 2}}},
    {.name = "TriangularSolveLower",
     .build = [](In in) { return matrix_triangular_solve(in[0], in[1]); },
     .inputs = {{2, 3, 3}, {2, 3, 2}},
     .low = 1,
     .high = 2},
    {.name = "TriangularSolveLowerAdjoint",
     .build = [](In in) { return matrix_triangular_solve(in[0], in[1], {.adjoint = true}); },
     .inputs = {{3, 3}, {3, 2}},
     .low = 1,
     .high = 2},
    {.name = "TriangularSolveUpper",
     .build = [](In in) { return square(matrix_triangular_solve(in[0], in[1], {.lower = false})); },
     .inputs = {{3, 3}, {3, 1}},
     .low = 1,
     .high = 2},
    {.name = "TriangularSolveUpperAdjoint",
     .build =
         [](In in) {
           return matrix_triangular_solve(in[0], in[1], {.lower = false, .adjoint = true});
         },
     .inputs = {{3, 3}, {3, 2}},
     .low = 1,
     .high = 2},
};
INSTANTIATE_TEST_SUITE_P(Linalg, OpCaseTest, ::testing::ValuesIn(kLinalgCases), case_name);

TEST_F(LinalgTest, SolvesATriangularSystem) {
  const Output lower = constant(Tensor({{2.0, 9.0}, {1.0, 4.0}}));
  const Output rhs = constant(Tensor({{2.0}, {9.0}}));
  expect_near(run(matrix_triangular_solve(lower, rhs)), {1, 2});
  expect_near(run(matrix_triangular_solve(lower, rhs, {.lower = false})),
              {(2 - 9 * 2.25) / 2, 2.25});
}

TEST_F(LinalgTest, RefusesMatricesThatAreNotSquareOrDoNotFit) {
  EXPECT_ERROR(matrix_triangular_solve(zeros({2, 3}), zeros({2, 1})), ValueError,
               shape_incompatible, "rows and columns");
  EXPECT_ERROR(matrix_triangular_solve(zeros({2, 2}), zeros({3, 1})), ValueError,
               shape_incompatible, "rows of matrix and rhs");
}

TEST_F(LinalgTest, DiagPartHasAGradientWhereOnlyTheRunKnowsTheSize) {
  const Output x = placeholder(float64, {-1, -1});
  const Output gradient = gradients({matrix_diag_part(x)}, {x})[0];
  expect_near(run(gradient, {{x, Tensor(float64, {2, 3})}}), {1, 0, 0, 0, 1, 0});
  expect_near(run(gradient, {{x, Tensor(float64, {3, 2})}}), {1, 0, 0, 1, 0, 0});
}

// Both factors take part, with weights that are not symmetric.
void expect_qr_gradients(const Shape& shape, bool full = false) {
  const Output x = placeholder(float64, shape);
  const Qr both = qr(x, {.full_matrices = full});
  const Tensor value = wave(float64, shape, 0.4, -1, 3);
  expect_gradients(both.q, {x}, {value}, 1e-5);
  expect_gradients(both.r, {x}, {value}, 1e-5);
  expect_gradients(reduce_sum(both.q * both.q * both.q) + reduce_sum(both.r * both.r), {x}, {value},
                   1e-5);
}

TEST_F(LinalgTest, QrOfASquareMatrixHasGradients) { expect_qr_gradients({3, 3}); }
TEST_F(LinalgTest, QrOfATallMatrixHasGradients) { expect_qr_gradients({4, 2}); }
TEST_F(LinalgTest, QrOfAWideMatrixHasGradients) { expect_qr_gradients({2, 4}); }
TEST_F(LinalgTest, QrOfABatchHasGradients) { expect_qr_gradients({2, 3, 2}); }
TEST_F(LinalgTest, FullQrOfAWideMatrixHasGradients) { expect_qr_gradients({2, 3}, true); }

TEST_F(LinalgTest, QrHasSecondDerivatives) {
  const Output x = placeholder(float64, {3, 2});
  const Qr both = qr(x);
  const Output first = gradients({both.q * both.q, both.r}, {x})[0];
  expect_gradients(first, {x}, {wave(float64, {3, 2}, 0.4, -1, 3)}, 1e-4);
}

TEST_F(LinalgTest, QrNamesWhatItHasNoGradientFor) {
  const Output x = placeholder(float64, {4, 2});
  EXPECT_ERROR(gradients({qr(x, {.full_matrices = true}).r}, {x}), UnimplementedError, bad_argument,
               "more rows than columns");
}

}  // namespace
}  // namespace tenon::testing
