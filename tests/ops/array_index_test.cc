// gather_nd, scatter_nd, partitions, stitches and unique.
#include <limits>

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tenon/variable_scope.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

const OpCases kIndexCases = {
    {.name = "GatherNdOfElements",
     .build =
         [](In in) {
           return gather_nd(in[0], Tensor({{1, 2}, {0, 0}, {1, 2}}));
         },
     .inputs = {{2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{in[0][5], in[0][0], in[0][5]};
         }},
    {.name = "GatherNdOfSlices",
     .build =
         [](In in) {
           return gather_nd(in[0], Tensor({{1, 0}, {0, 2}}));
         },
     .inputs = {{2, 3, 2}}},
    {.name = "GatherNdOfRows",
     .build =
         [](In in) {
           return gather_nd(in[0], Tensor({{1}, {1}, {0}}));
         },
     .inputs = {{2, 3}}},
    {.name = "ScatterNdOfElements",
     .build =
         [](In in) {
           return scatter_nd(Tensor({{1, 2}, {0, 0}, {1, 2}}), in[0], {2, 3});
         },
     .inputs = {{3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{in[0][1], 0, 0, 0, 0, in[0][0] + in[0][2]};
         }},
    {.name = "ScatterNdOfSlices",
     .build =
         [](In in) {
           return scatter_nd(Tensor({{2}, {0}}), in[0], {3, 2});
         },
     .inputs = {{2, 2}}},
    {.name = "DynamicPartition",
     .build =
         [](In in) {
           return dynamic_partition(in[0], Tensor({1, 0, 1}), 2)[1];
         },
     .inputs = {{3, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{in[0][0], in[0][1], in[0][4], in[0][5]};
         }},
    {.name = "DynamicStitch",
     .build =
         [](In in) {
           return dynamic_stitch({Tensor({3, 0}), Tensor({{1}, {4}})}, {in[0], in[1]});
         },
     .inputs = {{2, 2}, {2, 1, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{in[0][2], in[0][3], in[1][0], in[1][1], 0,
                          0,        in[0][0], in[0][1], in[1][2], in[1][3]};
         }},
};
INSTANTIATE_TEST_SUITE_P(Indices, OpCaseTest, ::testing::ValuesIn(kIndexCases), case_name);

class IndexTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(IndexTest, OfNoAxesGathersTheWhole) {
  const Output x = constant(Tensor({{1, 2}, {3, 4}}));
  EXPECT_EQ(run(gather_nd(x, zeros({2, 0}, int32))), run(stack({x, x})));
}

TEST_F(IndexTest, GathersWithASparseGradientAlongTheFirstAxis) {
  const Output x = ones({4, 3});
  EXPECT_EQ(gradients({gather_nd(x, Tensor({{1}, {2}}))}, {x})[0].op().type(), "_IndexedSlices");
  EXPECT_NE(gradients({gather_nd(x, Tensor({{1, 2}}))}, {x})[0].op().type(), "_IndexedSlices");
}

// TensorFlow's ResourceGatherNd asks the variable for its shape when it is run.
TEST_F(IndexTest, OfAResourceVariableTheRowsOfTheGradientAreCountedWhenRun) {
  const auto shape_of_gradient = [](bool use_resource, const Tensor& at, bool clipped) {
    auto scope = variable_scope(VariableScopeOptions{.default_name = "case"});
    const Variable x = get_variable(
        "x", {.initializer = Tensor({{1.0F, 2.0F}, {3.0F, 4.0F}}), .use_resource = use_resource});
    EXPECT_EQ(gradients({gather_nd(x, at)}, {x})[0].shape()[0],
              use_resource && at.shape()[1] == 1 ? -1 : 2);
    Output gradient = gradients({gather_nd(x, at), gather_nd(x, at)}, {x})[0];
    if (clipped) gradient = clip_by_norm(gradient, 100.0F);
    Session session;
    session.run(global_variables_initializer());
    expect_near(session.run(gradient), {2, 2, 0, 0});
    return gradient.shape();
  };
  EXPECT_EQ(shape_of_gradient(true, Tensor({{0}}), false), (Shape{-1, 2}));
  EXPECT_EQ(shape_of_gradient(true, Tensor({{0}}), true), (Shape{-1, 2}));
  EXPECT_EQ(shape_of_gradient(false, Tensor({{0}}), false), (Shape{2, 2}));
  EXPECT_EQ(shape_of_gradient(true, Tensor({{0, 0}, {0, 1}}), false), (Shape{2, 2}));
}

TEST_F(IndexTest, MayBeAnything) {
  const Output x = placeholder(float32, {-1, -1}), at = placeholder(int64, {-1, 2}),
               sizes = placeholder(int32, {2});
  Session session(graph_);
  const Tensor places = Tensor::from<int64_t>(std::vector<int64_t>{1, 0, 0, 2}, {2, 2});
  EXPECT_EQ(session.run(gather_nd(x, at),
                        {{x, Tensor({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}})}, {at, places}}),
            Tensor({4.0f, 3.0f}));
  EXPECT_EQ(session.run(scatter_nd(at, Tensor({7.0f, 8.0f}), sizes),
                        {{at, places}, {sizes, Tensor({2, 3})}}),
            Tensor({{0.f, 0.f, 8.f}, {7.f, 0.f, 0.f}}));
  EXPECT_EQ(
      session.run(gather_nd(x, at), {{x, Tensor(float32, {2, 3})}, {at, Tensor(int64, {0, 2})}})
          .shape(),
      Shape({0}));
}

TEST_F(IndexTest, OutOfRangeIsNamed) {
  const Output x = ones({2, 3});
  EXPECT_ERROR(run(gather_nd(x, Tensor({{0, 1}, {1, 3}}))), InvalidArgumentError,
               index_out_of_range, "indices[1] = [1, 3] does not index into shape [2, 3]");
  EXPECT_ERROR(run(gather_nd(x, Tensor({{-1}}))), InvalidArgumentError, index_out_of_range,
               "indices[0] = -1");
  EXPECT_ERROR(run(scatter_nd(Tensor({{4}}), Tensor({1.0f}), {4})), InvalidArgumentError,
               index_out_of_range, "indices[0] = [4] does not index into shape [4]");
  EXPECT_ERROR(gather_nd(x, zeros({2, 3}, int32)), ValueError, shape_incompatible,
               "indices.shape[-1] must be <= the rank 2, but is 3");
  EXPECT_ERROR(scatter_nd(Tensor({{1}}), ones({2}), {4}), ValueError, shape_incompatible,
               "updates have shape (2,), but must have shape (1,)");
}

TEST_F(IndexTest, PartitionsAndStitchesBack) {
  const Output x = constant(wave(float32, {4, 3})), numbers = constant(Tensor({2, 0, 2, 1}));
  const std::vector<Output> rows = dynamic_partition(x, numbers, 3);
  const std::vector<Output> places = dynamic_partition(range(4), numbers, 3);
  EXPECT_EQ(rows[0].shape(), Shape({-1, 3}));
  const Output back = dynamic_stitch(places, rows);
  EXPECT_EQ(back.shape(), Shape({4, 3}));
  EXPECT_EQ(run(back), run(x));
  // The gradient of a partition is dense, as TensorFlow's.
  EXPECT_NE(gradients({rows[0]}, {x})[0].op().type(), "_IndexedSlices");
}

TEST_F(IndexTest, StitchesTheLastOfEquals) {
  const Output stitched =
      dynamic_stitch({Tensor({0, 1}), Tensor({1})}, {Tensor({1.f, 2.f}), Tensor({3.f})});
  EXPECT_EQ(run(stitched), Tensor({1.0f, 3.0f}));
  const Output none = placeholder(int32, {-1});
  EXPECT_EQ(run(dynamic_stitch({none}, {ones_like(none)}), {{none, Tensor(int32, {0})}}).shape(),
            Shape({0}));
}

TEST_F(IndexTest, StitchesAsManyRowsAsThereAreNumbers) {
  const Output rows = placeholder(float32, {-1, 2}), at = placeholder(int32, {-1});
  const Output of_rows = dynamic_stitch({constant({0, 1}), constant({2})}, {rows, ones({1, 2})});
  const Output of_numbers = dynamic_stitch({at}, {constant({{1.0F, 2.0F}, {3.0F, 4.0F}})});
  expect_near(run(of_rows, {{rows, Tensor(float32, {2, 2})}}), {0, 0, 0, 0, 1, 1});
  EXPECT_ERROR(run(of_rows, {{rows, Tensor(float32, {3, 2})}}), InvalidArgumentError,
               shape_incompatible, "DynamicStitch");
  expect_near(run(of_numbers, {{at, Tensor({2, 0})}}), {3, 4, 0, 0, 1, 2});
  EXPECT_ERROR(run(of_numbers, {{at, Tensor({0})}}), InvalidArgumentError, shape_incompatible,
               "DynamicStitch");
  EXPECT_EQ(run(dynamic_stitch({zeros({0}, int32)}, {zeros({0, 2})})).shape(), Shape({0, 2}));
}

TEST_F(IndexTest, StitchesNoRowBelowTheFirst) {
  const ScopeGuard on_cpu = device("/cpu:0");  // a GPU leaves such rows out
  EXPECT_ERROR(run(dynamic_stitch({constant({1, -1})}, {ones({2, 2})})), InvalidArgumentError,
               index_out_of_range, "indices[1] = [-1] does not index into shape [2]");
  const Output at = placeholder(int32, {2});
  EXPECT_ERROR(run(dynamic_stitch({at}, {ones({2, 2})}), {{at, Tensor({-3, 0})}}),
               InvalidArgumentError, index_out_of_range,
               "indices[0] = [-3] does not index into shape [1]");
}

TEST_F(IndexTest, RefusesPartitionsThatDoNotFit) {
  EXPECT_ERROR(dynamic_partition(ones({3, 2}), Tensor({0, 1}), 2), ValueError, shape_incompatible,
               "data must have shape partitions.shape + rest");
  EXPECT_ERROR(dynamic_partition(ones({2}), Tensor({0, 1}), 0), ValueError, bad_argument,
               "num_partitions must be at least 1");
  EXPECT_ERROR(run(dynamic_partition(ones({2}), Tensor({0, 2}), 2)[0]), InvalidArgumentError,
               index_out_of_range, "partitions[1] = 2 is not in [0, 2)");
  EXPECT_ERROR(dynamic_stitch({Tensor({1, 2})}, {Tensor({1.0f})}), ValueError, shape_incompatible,
               "data must have shape indices.shape + rest");
  EXPECT_ERROR(dynamic_stitch({Tensor({1})}, {}), ValueError, bad_argument, "as many indices");
}

TEST_F(IndexTest, ListsEachValueOnce) {
  const Unique found = unique(Tensor({1, 1, 2, 4, 4, 4, 7, 8, 8, 1}));
  EXPECT_EQ(found.y.shape(), Shape({-1}));
  EXPECT_EQ(found.idx.shape(), Shape({10}));
  EXPECT_EQ(run(found.y), Tensor({1, 2, 4, 7, 8}));
  EXPECT_EQ(run(found.idx), Tensor({0, 0, 1, 2, 2, 2, 3, 4, 4, 0}));
  const UniqueWithCounts counted = unique_with_counts(Tensor({9, 3, 9}));
  EXPECT_EQ(run(counted.count), Tensor({2, 1}));
}

TEST_F(IndexTest, ListsValuesOfTheRun) {
  const Output x = placeholder(float64, {-1});
  const Unique found = unique(x, {.out_idx = int64});
  Session session(graph_);
  EXPECT_EQ(session.run(found.y, {{x, Tensor({2.5, -1.0, 2.5})}}), Tensor({2.5, -1.0}));
  EXPECT_EQ(session.run(found.y, {{x, Tensor({2.5, -1.0, 2.0})}}), Tensor({2.5, -1.0, 2.0}));
  EXPECT_EQ(session.run(found.y, {{x, Tensor({3.0, -2.0, 3.0})}}), Tensor({3.0, -2.0}));
  EXPECT_EQ(session.run(found.idx, {{x, Tensor(float64, {0})}}), Tensor(int64, {0}));
  EXPECT_EQ(session.run(found.y, {{x, Tensor({0.0, -0.0})}}).shape(), Shape({1}));
  EXPECT_ERROR(unique(ones({2, 2})), ValueError, shape_incompatible, "rank");
}

}  // namespace
}  // namespace tenon::testing
