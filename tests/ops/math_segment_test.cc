#include <limits>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

const Tensor kIds({2, 0, -1, 2, 0, 2});

// Sums of rows of two by kIds, into four segments.
Numbers summed(const std::vector<Numbers>& in) {
  Numbers out(8, 0.0);
  const auto ids = kIds.data<int32_t>();
  for (size_t i = 0; i < 6; ++i) {
    if (ids[i] < 0) continue;
    for (size_t j = 0; j < 2; ++j) out[static_cast<size_t>(ids[i]) * 2 + j] += in[0][i * 2 + j];
  }
  return out;
}

const OpCases kSegmentCases = {
    {.name = "UnsortedSegmentSum",
     .build = [](In in) { return unsorted_segment_sum(in[0], kIds, 4); },
     .inputs = {{6, 2}},
     .plain = summed},
    {.name = "UnsortedSegmentSumOfTwoAxes",
     .build =
         [](In in) {
           return unsorted_segment_sum(in[0], Tensor({{1, 0}, {-1, 1}}), 2);
         },
     .inputs = {{2, 2, 3}}},
    {.name = "UnsortedSegmentProd",
     .build = [](In in) { return unsorted_segment_prod(in[0], kIds, 3); },
     .inputs = {{6, 2}}},
    {.name = "UnsortedSegmentMean",
     .build = [](In in) { return unsorted_segment_mean(in[0], kIds, 4); },
     .inputs = {{6, 2}}},
    {.name = "UnsortedSegmentSqrtN",
     .build = [](In in) { return unsorted_segment_sqrt_n(in[0], kIds, 4); },
     .inputs = {{6, 2}}},
    {.name = "SegmentSum",
     .build =
         [](In in) {
           return segment_sum(in[0], Tensor({0, 0, 3}));
         },
     .inputs = {{3, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{in[0][0] + in[0][2], in[0][1] + in[0][3], 0, 0, 0, 0, in[0][4], in[0][5]};
         }},
    {.name = "SegmentMean",
     .build =
         [](In in) {
           return segment_mean(in[0], Tensor({0, 0, 3}));
         },
     .inputs = {{3, 2}}},
    {.name = "SegmentProd",
     .build =
         [](In in) {
           return segment_prod(in[0], Tensor({0, 0, 3}));
         },
     .inputs = {{3, 2}}},
    {.name = "SegmentMax",
     .build =
         [](In in) {
           return segment_max(in[0], Tensor({0, 0, 3}));
         },
     .inputs = {{3, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{std::max(in[0][0], in[0][2]),
                          std::max(in[0][1], in[0][3]),
                          0,
                          0,
                          0,
                          0,
                          in[0][4],
                          in[0][5]};
         }},
    {.name = "SegmentMin",
     .build =
         [](In in) {
           return segment_min(in[0], Tensor({1, 1, 1}));
         },
     .inputs = {{3, 2}}},
    {.name = "SparseSegmentSum",
     .build =
         [](In in) {
           return sparse_segment_sum(in[0], Tensor({2, 0, 2}), Tensor({0, 0, 1}));
         },
     .inputs = {{3, 2}}},
    {.name = "SparseSegmentMean",
     .build =
         [](In in) {
           return sparse_segment_mean(in[0], Tensor({2, 0, 2}), Tensor({0, 0, 1}));
         },
     .inputs = {{3, 2}}},
    {.name = "SparseSegmentSqrtN",
     .build =
         [](In in) {
           return sparse_segment_sqrt_n(in[0], Tensor({2, 0, 2}), Tensor({0, 0, 1}));
         },
     .inputs = {{3, 2}}},
};
INSTANTIATE_TEST_SUITE_P(Segments, OpCaseTest, ::testing::ValuesIn(kSegmentCases), case_name);

class SegmentTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(SegmentTest, WithoutRowsIsTheLowestOrHighestNumber) {
  const Output x = constant(Tensor({3.0f, 5.0f, 4.0f}));
  constexpr float kLargest = std::numeric_limits<float>::max();
  EXPECT_EQ(run(unsorted_segment_max(x, Tensor({1, 1, 1}), 2)), Tensor({-kLargest, 5.0f}));
  EXPECT_EQ(run(unsorted_segment_min(x, Tensor({1, 1, 1}), 2)), Tensor({kLargest, 3.0f}));
  EXPECT_EQ(run(unsorted_segment_prod(x, Tensor({1, 1, -1}), 2)), Tensor({1.0f, 15.0f}));
  EXPECT_EQ(run(cast(unsorted_segment_max(cast(x, float16), Tensor({1, 1, 1}), 2), float32)),
            Tensor({-65504.0f, 5.0f}));
  EXPECT_EQ(run(unsorted_segment_max(cast(x, uint8), Tensor({1, 1, 1}), 2)),
            Tensor({uint8_t{0}, uint8_t{5}}));
}

TEST_F(SegmentTest, OfIntegersHasAMeanThatIsCut) {
  EXPECT_EQ(run(segment_mean(Tensor({-3, -4, 7}), Tensor({0, 0, 1}))), Tensor({-3, 7}));
}

TEST_F(SegmentTest, SharesTheGradientAmongEquals) {
  const Output x = constant(Tensor({2.0, 2.0, 1.0, 5.0}));
  const Output y = unsorted_segment_max(x, Tensor({0, 0, 0, -1}), 1);
  EXPECT_EQ(run(gradients({y}, {x})[0]), Tensor({0.5, 0.5, 0.0, 0.0}));
}

TEST_F(SegmentTest, HasTheGradientOfAProductBesideZeros) {
  const Output x = placeholder(float64, {7});
  const Output y = unsorted_segment_prod(x, Tensor({0, 0, 1, 1, 1, 2, 2}), 3);
  expect_gradients(y, {x}, {Tensor({2.0, 3.0, 0.0, 4.0, 5.0, 0.0, 0.0})});
}

TEST_F(SegmentTest, HasSecondDerivatives) {
  const Output x = placeholder(float64, {6, 2});
  const Output y = unsorted_segment_sum(x * x * x, kIds, 3);
  expect_gradients(gradients({y}, {x})[0], {x}, {wave(float64, {6, 2})});
}

TEST_F(SegmentTest, KnowsShapes) {
  const Output x = placeholder(float32, {-1, 4}), ids = placeholder(int32, {-1});
  EXPECT_EQ(unsorted_segment_sum(x, ids, 3).shape(), Shape({3, 4}));
  EXPECT_EQ(segment_sum(x, ids).shape(), Shape({-1, 4}));
  EXPECT_EQ(segment_sum(zeros({3, 4}), Tensor({0, 0, 1})).shape(), Shape({-1, 4}));
  EXPECT_EQ(segment_mean(x, ids).shape(), Shape({-1, 4}));
}

TEST_F(SegmentTest, AreAsManyAsTheRunSays) {
  const Output ids = placeholder(int64, {-1}), count = placeholder(int32, Shape{});
  const Output x = ones_like(ids, {.dtype = float32});
  const Tensor two = Tensor::from<int64_t>(std::vector<int64_t>{0, 1, 1}, {3});
  const Tensor three = Tensor::from<int64_t>(std::vector<int64_t>{0, 2, 2}, {3});
  Session session(graph_);
  const Output sums = segment_sum(x, ids);
  EXPECT_EQ(session.run(sums, {{ids, two}}), Tensor({1.0f, 2.0f}));
  EXPECT_EQ(session.run(sums, {{ids, three}}), Tensor({1.0f, 0.0f, 2.0f}));
  EXPECT_EQ(session.run(sums, {{ids, Tensor(int64, {0})}}).shape(), Shape({0}));
  EXPECT_EQ(session.run(unsorted_segment_sum(x, ids, count), {{ids, two}, {count, Tensor(3)}}),
            Tensor({1.0f, 2.0f, 0.0f}));
}

// Which mistake is told is TensorFlow's choice.
TEST_F(SegmentTest, RefusesIdsThatAreNotSorted) {
  const Output x = ones({4});
  Session session(graph_);
  const auto sums = [&](const Tensor& ids) { return session.run(segment_sum(x, ids)); };
  EXPECT_ERROR(sums(Tensor({0, 1, 0, 2})), InvalidArgumentError, bad_argument,
               "Segment ids are not increasing: segment_ids[2] = 0 comes after 1");
  EXPECT_ERROR(sums(Tensor({0, 3, 4, 1})), InvalidArgumentError, index_out_of_range,
               "Segment id 3 out of range [0, 2)");
  EXPECT_ERROR(sums(Tensor({-1, 0, 1, 2})), InvalidArgumentError, index_out_of_range,
               "Segment id -1 out of range [0, 3)");
  EXPECT_ERROR(sums(Tensor({-3, -2, -2, -1})), InvalidArgumentError, bad_argument,
               "Segment ids must be >= 0");
}

TEST_F(SegmentTest, SortedIdsOfAnotherLengthFailInTheRun) {
  const Output x = ones({2, 1});
  Session session(graph_);
  for (const Output& y : {segment_sum(x, Tensor({0, 0, 1})), segment_mean(x, Tensor({0, 0, 1})),
                          segment_prod(x, Tensor({0, 0, 1})), segment_max(x, Tensor({0, 0, 1}))}) {
    EXPECT_EQ(y.shape(), Shape({-1, 1}));
    EXPECT_ERROR(session.run(y), InvalidArgumentError, shape_incompatible,
                 "segment_ids should be the same size as dimension 0 of input");
  }
}

TEST_F(SegmentTest, RefusesWhatDoesNotFit) {
  const Output x = ones({3, 2});
  EXPECT_ERROR(unsorted_segment_sum(x, Tensor({0, 1}), 2), ValueError, shape_incompatible,
               "data.shape = (3, 2) does not start with segment_ids.shape = (2,)");
  EXPECT_ERROR(unsorted_segment_sum(x, Tensor({0, 1, 1}), -1), ValueError, bad_argument,
               "num_segments must be >= 0, but is -1");
  EXPECT_ERROR(run(unsorted_segment_sum(x, Tensor({0, 2, 1}), 2)), InvalidArgumentError,
               index_out_of_range, "segment_ids[1] = 2 is out of range [0, 2)");
  EXPECT_ERROR(run(segment_sum(x, Tensor({0, 1, 2147483647}))), InvalidArgumentError,
               index_out_of_range, "segment_ids[2] = 2147483647 is more than segments");
  EXPECT_ERROR(unsorted_segment_sum(Tensor({true}), Tensor({0}), 2), TypeError, dtype_incompatible,
               "");
}

TEST_F(SegmentTest, SumsAlikeWithAnyNumberOfThreads) {
  const Output x = placeholder(float32, {200, 300});
  const Output ids = cast(mod(range(200) * 7, 13), int32);
  const Output y = unsorted_segment_sum(x, ids, 13);
  const Feeds feeds = {{x, wave(float32, {200, 300})}};
  EXPECT_EQ(Session(graph_, {.threads = 1}).run(y, feeds),
            Session(graph_, {.threads = 4}).run(y, feeds));
}

}  // namespace
}  // namespace tenon::testing
