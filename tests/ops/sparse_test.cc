// Sparse tensors, and rows of tables that sparse ids name. Values are TensorFlow 2.21's or loops'.
#include "tenon/sparse_ops.h"

#include <cmath>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

Tensor longs(const std::vector<int64_t>& numbers, const Shape& shape) {
  return Tensor::from<int64_t>(numbers, shape);
}
Tensor longs(const std::vector<int64_t>& numbers) {
  return longs(numbers, {static_cast<int64_t>(numbers.size())});
}

class SparseTest : public ::testing::Test {
 protected:
  // 1 at [0, 2], 2 at [1, 0], 3 at [1, 2] of [2, 3].
  SparseTensor three() const {
    return {longs({0, 2, 1, 0, 1, 2}, {3, 2}), Tensor({1.0f, 2.0f, 3.0f}), {2, 3}};
  }
  Tensor dense(const SparseTensor& sparse) const { return run(sparse_tensor_to_dense(sparse)); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(SparseTest, KnowsItsShape) {
  EXPECT_EQ(three().shape(), Shape({2, 3}));
  EXPECT_EQ(three().dtype(), float32);
  const Output sizes = placeholder(int64, {2});
  EXPECT_EQ(SparseTensor(zeros({0, 2}, int64), zeros({0}), sizes).shape(), Shape({-1, -1}));
}

TEST_F(SparseTest, RefusesPartsThatDoNotFit) {
  EXPECT_ERROR(SparseTensor(zeros({3, 2}, int64), zeros({2}), {2, 3}), ValueError,
               shape_incompatible, "indices and values of a sparse tensor");
  EXPECT_ERROR(SparseTensor(zeros({3, 2}, int64), zeros({3}), {2, 3, 4}), ValueError,
               shape_incompatible, "indices and dense_shape of a sparse tensor");
  EXPECT_ERROR(SparseTensor(zeros({3}, int64), zeros({3}), {2, 3}), ValueError, shape_incompatible,
               "rank");
}

TEST_F(SparseTest, BecomesDense) {
  const Output y = sparse_tensor_to_dense(three(), {.default_value = -1.0f});
  EXPECT_EQ(y.shape(), Shape({2, 3}));
  EXPECT_EQ(run(y), Tensor({{-1.0f, -1.0f, 1.0f}, {2.0f, -1.0f, 3.0f}}));
  EXPECT_EQ(run(sparse_to_dense(Tensor({1, 3}), {5}, 7)), Tensor({0, 7, 0, 7, 0}));
  EXPECT_EQ(run(sparse_to_dense(2, {4}, true, {.default_value = false})),
            Tensor({false, false, true, false}));
  const SparseTensor none(zeros({0, 2}, int64), zeros({0}), {2, 2});
  EXPECT_EQ(dense(none), Tensor({{0.0f, 0.0f}, {0.0f, 0.0f}}));
}

TEST_F(SparseTest, WithIndicesOutOfOrderIsRefusedWhereAsked) {
  const SparseTensor twice(longs({0, 1, 0, 1}, {2, 2}), Tensor({1.0f, 2.0f}), {2, 3});
  const SparseTensor falling(longs({1, 1, 0, 1}, {2, 2}), Tensor({1.0f, 2.0f}), {2, 3});
  const SparseTensor outside(longs({0, 1, 0, 3}, {2, 2}), Tensor({1.0f, 2.0f}), {2, 3});
  EXPECT_ERROR(dense(twice), InvalidArgumentError, index_out_of_range,
               "indices[1] = [0, 1] is repeated");
  EXPECT_ERROR(dense(falling), InvalidArgumentError, index_out_of_range,
               "indices[1] = [0, 1] is out of order");
  EXPECT_ERROR(dense(outside), InvalidArgumentError, index_out_of_range,
               "indices[1] = [0, 3] does not index into shape [2, 3]");
  EXPECT_EQ(run(sparse_tensor_to_dense(twice, {.validate_indices = false})),
            Tensor({{0.0f, 2.0f, 0.0f}, {0.0f, 0.0f, 0.0f}}));
}

TEST_F(SparseTest, HasTheGradientOfItsValues) {
  const Output values = placeholder(float64, {3});
  const SparseTensor sparse(longs({0, 2, 1, 0, 1, 2}, {3, 2}), values, {2, 3});
  const std::vector<Tensor> at = {wave(float64, {3})};
  expect_gradients(sparse_tensor_to_dense(sparse), {values}, at);
  expect_gradients(sparse_reduce_sum(sparse, {.axis = {0}}), {values}, at);
  const Output b = placeholder(float64, {3, 2});
  expect_gradients(sparse_tensor_dense_matmul(sparse, b), {values, b},
                   {at[0], wave(float64, {3, 2})});
}

TEST_F(SparseTest, TimesADenseMatrix) {
  const Output b = constant(wave(float32, {3, 2})), c = constant(wave(float32, {4, 2}, 2));
  const Output a = sparse_tensor_to_dense(three());
  const Output plain = sparse_tensor_dense_matmul(three(), b);
  EXPECT_EQ(plain.shape(), Shape({2, 2}));
  expect_near(run(plain), numbers(run(matmul(a, b))));
  const Output adjoint =
      sparse_tensor_dense_matmul(three(), c, {.adjoint_a = true, .adjoint_b = true});
  expect_near(run(adjoint), numbers(run(matmul(a, c, {.transpose_a = true, .transpose_b = true}))));
  EXPECT_ERROR(sparse_tensor_dense_matmul(three(), zeros({2, 2})), ValueError, shape_incompatible,
               "inner dimensions of a matrix product");
  // Its gradient is dense, so that an optimizer changes the whole of a variable.
  EXPECT_NE(gradients({plain}, {b})[0].op().type(), "_IndexedSlices");
}

TEST_F(SparseTest, IsReducedAddedTransposedAndThinned) {
  EXPECT_EQ(run(sparse_reduce_sum(three())), Tensor(6.0f));
  EXPECT_EQ(run(sparse_reduce_sum(three(), {.axis = 1, .keepdims = true})),
            Tensor({{1.0f}, {5.0f}}));
  const SparseTensor other(longs({0, 0, 1, 0}, {2, 2}), Tensor({10.0f, 20.0f}), {2, 3});
  const SparseTensor sum = sparse_add(three(), other);
  EXPECT_EQ(run(sum.indices()), longs({0, 0, 0, 2, 1, 0, 1, 2}, {4, 2}));
  EXPECT_EQ(run(sum.values()), Tensor({10.0f, 1.0f, 22.0f, 3.0f}));
  EXPECT_EQ(run(sparse_add(three(), ones({2, 3}))),
            Tensor({{1.0f, 1.0f, 2.0f}, {3.0f, 1.0f, 4.0f}}));
  const SparseTensor turned = sparse_transpose(three());
  EXPECT_EQ(turned.shape(), Shape({3, 2}));
  EXPECT_EQ(run(turned.indices()), longs({0, 1, 2, 0, 2, 1}, {3, 2}));
  EXPECT_EQ(run(turned.values()), Tensor({2.0f, 1.0f, 3.0f}));
  const SparseTensor kept = sparse_retain(three(), Tensor({true, false, true}));
  EXPECT_EQ(run(kept.values()), Tensor({1.0f, 3.0f}));
  const SparseTensor none(zeros({0, 2}, int64), zeros({0}), {2, 3});
  EXPECT_EQ(run(sparse_add(none, none).values()).shape(), Shape({0}));
  EXPECT_ERROR(sparse_add(three(), SparseTensor(zeros({1, 2}, int64), zeros({1}), {2, 4})),
               ValueError, shape_incompatible, "can't be added");
  EXPECT_ERROR(sparse_transpose(three(), {.perm = {0, 0}}), ValueError, shape_incompatible,
               "is not a permutation of 2 axes");
}

TEST_F(SparseTest, HasItsEmptyRowsFilled) {
  const SparseTensor gaps(longs({1, 1, 3, 0}, {2, 2}), Tensor({5.0f, 6.0f}), {4, 2});
  const FilledRows filled = sparse_fill_empty_rows(gaps, 9.0f);
  EXPECT_EQ(run(filled.sparse.indices()), longs({0, 0, 1, 1, 2, 0, 3, 0}, {4, 2}));
  EXPECT_EQ(run(filled.sparse.values()), Tensor({9.0f, 5.0f, 9.0f, 6.0f}));
  EXPECT_EQ(run(filled.empty_row_indicator), Tensor({true, false, true, false}));
}

// Rows 0 and 2 have ids 1, 3 and 1; row 1 has none.
class SparseLookupTest : public SparseTest {
 protected:
  SparseTensor ids() const { return sparse_of(longs({1, 3, 1})); }
  SparseTensor weights() const { return sparse_of(Tensor({2.0f, 0.5f, 4.0f})); }
  Output table() const {
    return constant(Tensor({{0.f, 1.f}, {2.f, 3.f}, {4.f, 5.f}, {6.f, 7.f}}));
  }

 private:
  SparseTensor sparse_of(const Tensor& values) const {
    return {longs({0, 0, 0, 1, 2, 0}, {3, 2}), values, {4, 2}};
  }
};

TEST_F(SparseLookupTest, CombinesRows) {
  const auto lookup = [&](const char* combiner, bool weighted) {
    nn::EmbeddingLookupSparseOptions options{.combiner = combiner};
    if (weighted) options.weights = weights();
    return run(nn::embedding_lookup_sparse({table()}, ids(), options));
  };
  expect_near(lookup("sum", false), {8, 10, 0, 0, 2, 3});
  expect_near(lookup("mean", false), {4, 5, 0, 0, 2, 3});
  const double root = std::sqrt(2.0), of_weights = std::sqrt(4.25);
  expect_near(lookup("sqrtn", false), {8 / root, 10 / root, 0, 0, 2, 3});
  expect_near(lookup("sum", true), {7, 9.5, 0, 0, 8, 12});
  expect_near(lookup("mean", true), {7 / 2.5, 9.5 / 2.5, 0, 0, 2, 3});
  expect_near(lookup("sqrtn", true), {7 / of_weights, 9.5 / of_weights, 0, 0, 2, 3});
  EXPECT_ERROR(lookup("max", false), ValueError, bad_argument,
               "combiner must be one of 'mean', 'sqrtn' or 'sum', got max");
}

TEST_F(SparseLookupTest, FindsRowsOfParts) {
  const std::vector<Output> halves = split(table(), 2);
  const auto found = nn::embedding_lookup_sparse({halves[0], halves[1]}, ids(),
                                                 {.partition_strategy = "div", .combiner = "sum"});
  expect_near(run(found), {8, 10, 0, 0, 2, 3});
  EXPECT_EQ(found.shape(), Shape({-1, 2}));
}

TEST_F(SparseLookupTest, ScalesRowsDownToANorm) {
  const auto found =
      nn::embedding_lookup_sparse({table()}, ids(), {.combiner = "sum", .max_norm = 1.0});
  const double one = std::sqrt(13.0), three = std::sqrt(85.0);
  expect_near(run(found), {2 / one + 6 / three, 3 / one + 7 / three, 0, 0, 2 / one, 3 / one});
  const Output row = nn::embedding_lookup(table(), Tensor({1}), {.max_norm = 1.0});
  expect_near(run(row), {2 / one, 3 / one});
}

TEST_F(SparseLookupTest, KeepsTheGradientSparse) {
  const Output params = table();
  const Output found = nn::embedding_lookup_sparse({params}, ids(), {.combiner = "sum"});
  const Output gradient = gradients({found}, {params})[0];
  EXPECT_EQ(gradient.op().type(), "_IndexedSlices");
  expect_near(run(gradient), {0, 0, 2, 2, 0, 0, 1, 1});
}

TEST_F(SparseLookupTest, LooksUpSafely) {
  const SparseTensor negative(longs({0, 0, 0, 1, 2, 0}, {3, 2}), longs({1, -1, -2}), {4, 2});
  nn::SafeEmbeddingOptions options;
  options.combiner = "mean";
  const Output found = nn::safe_embedding_lookup_sparse({table()}, negative, options);
  EXPECT_EQ(found.shape(), Shape({4, 2}));
  expect_near(run(found), {2, 3, 0, 0, 0, 0, 0, 0});
  options.default_id = 3;
  expect_near(run(nn::safe_embedding_lookup_sparse({table()}, negative, options)),
              {2, 3, 6, 7, 6, 7, 6, 7});
  options.weights = SparseTensor(negative.indices(), Tensor({-1.0f, 1.0f, 1.0f}), {4, 2});
  expect_near(run(nn::safe_embedding_lookup_sparse({table()}, negative, options)),
              {6, 7, 6, 7, 6, 7, 6, 7});
}

TEST_F(SparseLookupTest, RefusesWeightsThatDoNotFit) {
  nn::EmbeddingLookupSparseOptions options;
  options.weights = SparseTensor(zeros({2, 2}, int64), zeros({2}), {4, 2});
  EXPECT_ERROR(nn::embedding_lookup_sparse({table()}, ids(), options), ValueError,
               shape_incompatible, "weights have shape (2,), the ids (3,)");
  options.weights = ids();
  EXPECT_ERROR(nn::embedding_lookup_sparse({table()}, ids(), options), TypeError,
               dtype_incompatible, "must be floating");
}

TEST_F(SparseTest, GradientsMadeByHandStaySparse) {
  const Output like = zeros({4, 2});
  const Output g = indexed_slices(Tensor({{1.f, 2.f}, {3.f, 4.f}}), Tensor({3, 3}), like);
  expect_near(run(g), {0, 0, 0, 0, 0, 0, 4, 6});
  const Output clipped = clip_by_norm(g, 1.0);
  EXPECT_EQ(clipped.op().type(), "_IndexedSlices");
  const double norm = std::sqrt(30.0);
  expect_near(run(clipped), {0, 0, 0, 0, 0, 0, 4 / norm, 6 / norm});
  EXPECT_ERROR(indexed_slices(zeros({2, 3}), Tensor({0, 1}), like), ValueError, shape_incompatible,
               "values has shape (2, 3), but must have shape (2, 2)");
}

}  // namespace
}  // namespace tenon::testing
