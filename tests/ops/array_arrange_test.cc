// Reversals, bands, diagonals, sorting, random orders. Values are TensorFlow 2.21's.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

const OpCases kArrangeCases = {
    {.name = "Reverse",
     .build =
         [](In in) {
           return reverse(in[0], {0, -1});
         },
     .inputs = {{2, 3}},
     .plain = [](const std::vector<Numbers>& in) { return Numbers(in[0].rbegin(), in[0].rend()); }},
    {.name = "ReverseSequence",
     .build =
         [](In in) {
           return reverse_sequence(in[0], Tensor({3, 0}));
         },
     .inputs = {{2, 4}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out = in[0];
           std::reverse(out.begin(), out.begin() + 3);
           return out;
         }},
    {.name = "ReverseSequenceAlongTheFirstAxis",
     .build =
         [](In in) {
           return reverse_sequence(in[0], Tensor({1, 3, 2}), {.seq_axis = 0, .batch_axis = 2});
         },
     .inputs = {{4, 2, 3}}},
    {.name = "MatrixBandPart",
     .build = [](In in) { return matrix_band_part(in[0], 0, 1); },
     .inputs = {{2, 2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out = in[0];
           for (const size_t i : {2, 3, 8, 9}) out[i] = 0;
           return out;
         }},
    {.name = "MatrixSetDiagOfWide",
     .build = [](In in) { return matrix_set_diag(in[0], in[1]); },
     .inputs = {{2, 3}, {2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out = in[0];
           out[0] = in[1][0];
           out[4] = in[1][1];
           return out;
         }},
    {.name = "MatrixSetDiagOfHigh",
     .build = [](In in) { return matrix_set_diag(in[0], in[1]); },
     .inputs = {{2, 3, 2}, {2, 2}}},
    {.name = "Diag", .build = [](In in) { return diag(in[0]); }, .inputs = {{2, 3}}},
    {.name = "DiagPart", .build = [](In in) { return diag_part(in[0]); }, .inputs = {{2, 3, 2, 3}}},
    {.name = "Sort",
     .build = [](In in) { return sort(in[0], {.axis = 0}); },
     .inputs = {{5, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out(10);
           for (size_t column : {0, 1}) {
             Numbers line;
             for (size_t i = column; i < 10; i += 2) line.push_back(in[0][i]);
             std::sort(line.begin(), line.end());
             for (size_t i = 0; i < 5; ++i) out[2 * i + column] = line[i];
           }
           return out;
         }},
    {.name = "SortDescending",
     .build = [](In in) { return sort(in[0], {.direction = "DESCENDING"}); },
     .inputs = {{2, 5}}},
    {.name = "LocalResponseNormalization",
     .build =
         [](In in) {
           return nn::local_response_normalization(
               in[0], {.depth_radius = 1, .bias = 2, .alpha = 0.5, .beta = 0.75});
         },
     .inputs = {{1, 2, 2, 4}}},
    {.name = "MaxPoolWithArgmax",
     .build =
         [](In in) {
           nn::MaxPoolWithArgmaxOptions options;
           options.ksize = {2};
           options.strides = {2};
           return nn::max_pool_with_argmax(in[0], options).output;
         },
     .inputs = {{1, 4, 4, 2}}},
    {.name = "EinsumOfMatrices",
     .build =
         [](In in) {
           return einsum("ij,jk->ik", {in[0], in[1]});
         },
     .inputs = {{2, 3}, {3, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out(4, 0.0);
           for (size_t i = 0; i < 2; ++i) {
             for (size_t j = 0; j < 3; ++j) {
               for (size_t k = 0; k < 2; ++k) out[i * 2 + k] += in[0][i * 3 + j] * in[1][j * 2 + k];
             }
           }
           return out;
         }},
    {.name = "EinsumOfBatches",
     .build =
         [](In in) {
           return einsum("bqhd, bkhd -> bhqk", {in[0], in[1]});
         },
     .inputs = {{2, 3, 2, 2}, {2, 2, 2, 2}}},
    {.name = "EinsumOfThree",
     .build =
         [](In in) {
           return einsum("ab,cb,dc->da", {in[0], in[1], in[2]});
         },
     .inputs = {{2, 3}, {4, 3}, {2, 4}}},
    {.name = "EinsumOfOne",
     .build = [](In in) { return einsum("abc->ca", {in[0]}); },
     .inputs = {{2, 3, 2}}},
    {.name = "EinsumOfVectors",
     .build =
         [](In in) {
           return einsum("i,j", {in[0], in[1]});
         },
     .inputs = {{2}, {3}}},
};
INSTANTIATE_TEST_SUITE_P(Arrange, OpCaseTest, ::testing::ValuesIn(kArrangeCases), case_name);

class ArrangeTest : public ::testing::Test {
 protected:
  Output counted(const Shape& shape) const { return reshape(range(shape.element_count()), shape); }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(ArrangeTest, RefusesLengthsThatDoNotFit) {
  EXPECT_ERROR(reverse_sequence(zeros({2, 4}), Tensor({1})), ValueError, shape_incompatible,
               "seq_lengths and the batch");
  EXPECT_ERROR(run(reverse_sequence(zeros({2, 4}), Tensor({1, 5}))), InvalidArgumentError,
               index_out_of_range, "does not index into shape [2, 4]");
  EXPECT_ERROR(reverse(zeros({2, 4}), {0, -2}), ValueError, bad_argument,
               "specified more than once");
}

TEST_F(ArrangeTest, MasksSequences) {
  EXPECT_EQ(run(sequence_mask(Tensor({1, 3, 2}), {.maxlen = 4, .dtype = int32})),
            Tensor({{1, 0, 0, 0}, {1, 1, 1, 0}, {1, 1, 0, 0}}));
  const Output lengths = placeholder(int64, {-1});
  const Output mask = sequence_mask(lengths, {.dtype = float32});
  EXPECT_EQ(run(mask, {{lengths, Tensor({int64_t{2}, int64_t{0}})}}),
            Tensor({{1.f, 1.f}, {0.f, 0.f}}));
  EXPECT_EQ(sequence_mask(zeros({2, 3}, int32), {.maxlen = 5}).shape(), Shape({2, 3, 5}));
  EXPECT_ERROR(sequence_mask(zeros({2})), TypeError, dtype_incompatible, "must be integers");
}

TEST_F(ArrangeTest, KeepsBandsOfAnyWidth) {
  const Tensor x({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(run(matrix_band_part(x, -1, 0)), Tensor({{1, 0, 0}, {4, 5, 0}}));
  EXPECT_EQ(run(matrix_band_part(x, 0, -1)), Tensor({{1, 2, 3}, {0, 5, 6}}));
  EXPECT_EQ(run(matrix_band_part(x, -1, -1)), x);
  EXPECT_ERROR(matrix_band_part(zeros({3}), 0, 0), ValueError, shape_incompatible,
               "must be at least 2-dim");
  EXPECT_ERROR(matrix_set_diag(zeros({2, 3}), zeros({3})), ValueError, shape_incompatible,
               "diagonal has shape (3,), but must have shape (2,)");
  EXPECT_ERROR(diag_part(zeros({2, 3})), ValueError, shape_incompatible, "must be equal");
  EXPECT_ERROR(diag_part(zeros({2, 2, 2})), ValueError, shape_incompatible, "even and non-zero");
}

TEST_F(ArrangeTest, SortsAnyNumbersKeepingTheOrderOfEquals) {
  EXPECT_EQ(run(argsort(Tensor({2, 1, 2, 1}))), Tensor({1, 3, 0, 2}));
  EXPECT_EQ(run(argsort(Tensor({2, 1, 2, 1}), {.direction = "DESCENDING"})), Tensor({0, 2, 1, 3}));
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  const Tensor numbers({int64_t{3}, kLowest, int64_t{-7}});
  EXPECT_EQ(run(sort(numbers)), Tensor({kLowest, int64_t{-7}, int64_t{3}}));
  EXPECT_EQ(run(sort(Tensor({uint8_t{3}, uint8_t{255}, uint8_t{0}}))),
            Tensor({uint8_t{0}, uint8_t{3}, uint8_t{255}}));
  EXPECT_ERROR(sort(zeros({2}), {.direction = "UP"}), ValueError, bad_argument,
               "Unknown direction \"UP\"");
}

TEST_F(ArrangeTest, NormalizesByNeighbouringChannels) {
  const Tensor x =
      Tensor::from<float>(std::vector<float>{0.0f, 0.84147098f, 0.90929743f, 0.14112001f,
                                             -0.7568025f, -0.95892427f, -0.2794155f, 0.6569866f},
                          {1, 1, 2, 4});
  const Output y = nn::local_response_normalization(
      x, {.depth_radius = 1, .bias = 2, .alpha = 0.5, .beta = 0.75});
  expect_near(run(y), {0, 0.39217472, 0.4226458, 0.07265642, -0.35476452, -0.4447792, -0.13212003,
                       0.35704088});
  EXPECT_ERROR(nn::local_response_normalization(zeros({2, 3})), ValueError, shape_incompatible,
               "rank");
}

TEST_F(ArrangeTest, TellsWherePooledPixelsStood) {
  const Output x = reshape(Tensor({1.f, 5.f, 2.f, 8.f, 5.f, 9.f, 3.f, 3.f}), {1, 2, 4, 1});
  nn::MaxPoolWithArgmaxOptions options;
  options.ksize = {2};
  options.strides = {1};
  options.padding = "SAME";
  expect_near(run(nn::max_pool_with_argmax(x, options).argmax), {5, 5, 3, 3, 5, 5, 6, 7});
  options.padding = "VALID";
  options.output_dtype = int32;
  options.include_batch_in_index = true;
  const Output two = concat({x, x}, 0);
  expect_near(run(nn::max_pool_with_argmax(two, options).argmax), {5, 5, 3, 13, 13, 11});
  options.data_format = "NCHW";
  EXPECT_ERROR(nn::max_pool_with_argmax(x, options), ValueError, bad_argument, "only as NHWC");
}

// The axes of ellipses are the operands' first ones here, and broadcast.
TEST_F(ArrangeTest, EllipsesOfEquationsAreTheOtherAxes) {
  const auto sums_of = [](const Output& x) { return numbers(run(x)); };
  const Output a = counted({2, 1, 3, 4}), b = counted({5, 4, 2});
  const Output product = einsum("...ij,...jk->...ik", {a, b});
  EXPECT_EQ(product.shape(), Shape({2, 5, 3, 2}));
  const Output wide = tile(a, {1, 5, 1, 1}), high = tile(expand_dims(b, 0), {2, 1, 1, 1});
  expect_near(run(product), sums_of(matmul(wide, high)));
  EXPECT_EQ(einsum("...ij,jk", {a, counted({4, 2})}).shape(), Shape({2, 1, 3, 2}));
  expect_near(run(einsum("i...->...", {counted({2, 3})})), {3, 5, 7});
  expect_near(run(einsum("...,...", {counted({3}), counted({3})})), {0, 1, 4});
  expect_near(run(einsum("b...d,d->...b", {counted({2, 2, 2}), counted({2})})), {1, 5, 3, 7});
}

TEST_F(ArrangeTest, RefusesEquationsThatDoNotFit) {
  const Output x = zeros({2, 3});
  EXPECT_ERROR(einsum("ij,jk->ik", {x}), ValueError, bad_argument, "is of 2 inputs");
  EXPECT_ERROR(einsum("ii->i", {x}), ValueError, bad_argument, "stands twice");
  EXPECT_ERROR(einsum("ij->ik", {x}), ValueError, bad_argument, "an axis 'k' that no input has");
  EXPECT_ERROR(einsum("i.->i", {x}), ValueError, bad_argument, "Axes of einsum are letters");
  EXPECT_ERROR(einsum("i...->i", {x}), ValueError, bad_argument, "must have an ellipsis");
  EXPECT_ERROR(einsum("ijk...->i...", {x}), ValueError, shape_incompatible, "has rank 2");
  EXPECT_ERROR(einsum("i...->...", {placeholder(float32, Shape::unknown())}), ValueError,
               bad_argument, "must know the rank");
  EXPECT_ERROR(einsum("ijk->i", {x}), ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(einsum("ij,jk->ik", {x, x}), ValueError, shape_incompatible,
               "Axis 'j' of \"ij,jk->ik\" has sizes 3 and 2");
}

TEST_F(ArrangeTest, ShufflesRows) {
  const Output x = reshape(range(40), {20, 2});
  const Output y = random_shuffle(x, {.seed = 3});
  Session session(graph_);
  const Numbers once = numbers(session.run(y)), again = numbers(session.run(y));
  EXPECT_NE(once, again);
  Numbers sorted = once;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, numbers(session.run(x)));
  for (size_t i = 0; i < 40; i += 2) EXPECT_EQ(once[i] + 1, once[i + 1]);
}

TEST_F(ArrangeTest, DrawsClassesByTheirProbabilities) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  const Tensor logits(
      {{std::log(0.5f), std::log(0.25f), kNever, std::log(0.25f)}, {kNever, kNever, 0.0f, kNever}});
  const Numbers drawn = numbers(run(multinomial(logits, 4000, {.seed = 5})));
  ASSERT_EQ(drawn.size(), 8000u);
  const auto share = [&](double number) {
    return static_cast<double>(std::count(drawn.begin(), drawn.begin() + 4000, number)) / 4000;
  };
  EXPECT_NEAR(share(0), 0.5, 0.04);
  EXPECT_NEAR(share(1), 0.25, 0.04);
  EXPECT_EQ(share(2), 0);
  EXPECT_EQ(std::count(drawn.begin() + 4000, drawn.end(), 2.0), 4000);
  EXPECT_EQ(multinomial(logits, 3, {.output_dtype = int32}).dtype(), int32);
  EXPECT_ERROR(multinomial(zeros({3}), 1), ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(multinomial(logits, -1), ValueError, bad_argument, "nonnegative");
}

}  // namespace
}  // namespace tenon::testing
