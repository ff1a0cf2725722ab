// Blocks moved into batches and channels, and back. Values are TensorFlow 2.21's.
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

const OpCases kBlocksCases = {
    {.name = "SpaceToBatchNd",
     .build =
         [](In in) {
           return space_to_batch_nd(in[0], {2, 2}, {{1, 0}, {0, 2}});
         },
     .inputs = {{1, 3, 4, 2}}},
    {.name = "BatchToSpaceNd",
     .build =
         [](In in) {
           return batch_to_space_nd(in[0], {2, 2}, {{1, 0}, {0, 1}});
         },
     .inputs = {{4, 2, 2, 2}}},
    {.name = "SpaceToDepth",
     .build = [](In in) { return space_to_depth(in[0], 2); },
     .inputs = {{2, 4, 2, 3}}},
    {.name = "DepthToSpace",
     .build = [](In in) { return depth_to_space(in[0], 2); },
     .inputs = {{2, 1, 2, 8}}},
    {.name = "SpaceToDepthOfChannelsFirst",
     .build = [](In in) { return space_to_depth(in[0], 2, {.data_format = "NCHW"}); },
     .inputs = {{1, 2, 4, 2}}},
};
INSTANTIATE_TEST_SUITE_P(Blocks, OpCaseTest, ::testing::ValuesIn(kBlocksCases), case_name);

class BlocksTest : public ::testing::Test {
 protected:
  Output counted(const Shape& shape) const { return reshape(range(shape.element_count()), shape); }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(BlocksTest, MovesBlocksAsTensorFlow) {
  const Output batch = space_to_batch_nd(counted({1, 3, 4, 1}), {2, 2}, {{1, 0}, {0, 2}});
  EXPECT_EQ(batch.shape(), Shape({4, 2, 3, 1}));
  expect_near(run(batch),
              {0, 0, 0, 4, 6, 0, 0, 0, 0, 5, 7, 0, 0, 2, 0, 8, 10, 0, 1, 3, 0, 9, 11, 0});
  EXPECT_EQ(run(batch_to_space_nd(batch, {2, 2}, {{1, 0}, {0, 2}})), run(counted({1, 3, 4, 1})));
  const Numbers mixed = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};
  expect_near(run(space_to_depth(counted({1, 2, 4, 2}), 2)), mixed);
  expect_near(run(depth_to_space(counted({1, 1, 2, 8}), 2)), mixed);
  const Output first = counted({1, 2, 4, 6});
  EXPECT_EQ(run(depth_to_space(space_to_depth(first, 2, {.data_format = "NCHW"}), 2,
                               {.data_format = "NCHW"})),
            run(first));
}

TEST_F(BlocksTest, MovesBlocksOfSizesOfTheRun) {
  const Output x = placeholder(float32, {-1, -1, -1, 2});
  const Output batch = space_to_batch_nd(x, {2, 3}, {{0, 0}, {1, 1}});
  const Output back = batch_to_space_nd(batch, {2, 3}, {{0, 0}, {1, 1}});
  const Tensor value = wave(float32, {2, 4, 7, 2});
  EXPECT_EQ(run(back, {{x, value}}), value);
  EXPECT_EQ(run(depth_to_space(space_to_depth(x, 2), 2), {{x, wave(float32, {1, 2, 4, 2})}}),
            wave(float32, {1, 2, 4, 2}));
  EXPECT_ERROR(run(space_to_depth(x, 2), {{x, Tensor(float32, {1, 3, 4, 2})}}),
               InvalidArgumentError, shape_incompatible, "");
}

TEST_F(BlocksTest, RefusesBlocksThatDoNotDivide) {
  EXPECT_ERROR(space_to_batch_nd(zeros({1, 3, 4, 1}), {2, 2}, {{0, 0}, {0, 0}}), ValueError,
               shape_incompatible, "A padded axis of size 3 is not divisible by 2");
  EXPECT_ERROR(space_to_batch_nd(zeros({1, 4, 4, 1}), {2, 2}, {{0, 0}}), ValueError,
               shape_incompatible, "paddings must be one pair an axis");
  EXPECT_ERROR(space_to_batch_nd(zeros({1, 4, 4, 1}), {2, 0}, {{0, 0}, {0, 0}}), ValueError,
               bad_argument, "must be positive");
  EXPECT_ERROR(batch_to_space_nd(zeros({3, 4, 4, 1}), {2, 2}, {{0, 0}, {0, 0}}), ValueError,
               shape_incompatible, "The batch of size 3 is not divisible by 4");
  EXPECT_ERROR(batch_to_space_nd(zeros({4, 1, 1, 1}), {2, 2}, {{2, 1}, {0, 0}}), ValueError,
               shape_incompatible, "crops take 3 from an axis of size 2");
  EXPECT_ERROR(space_to_depth(zeros({1, 3, 4, 1}), 2), ValueError, shape_incompatible,
               "The height of size 3");
  EXPECT_ERROR(depth_to_space(zeros({1, 3, 4, 6}), 2), ValueError, shape_incompatible, "The depth");
  EXPECT_ERROR(depth_to_space(zeros({1, 3, 4, 6}), 1), ValueError, bad_argument,
               "block_size must be at least 2");
}

TEST_F(BlocksTest, HaveAnyNumberOfAxes) {
  const Output even = space_to_batch_nd(counted({2, 4}), {2}, {{0, 0}});
  EXPECT_EQ(even.shape(), Shape({4, 2}));
  expect_near(run(even), {0, 2, 4, 6, 1, 3, 5, 7});
  expect_near(run(space_to_batch_nd(counted({1, 3, 2}), {2}, {{1, 0}})), {0, 0, 2, 3, 0, 1, 4, 5});
  expect_near(run(batch_to_space_nd(counted({4, 1, 2}), {2}, {{1, 0}})), {4, 5, 6, 7});
  const Output none = space_to_batch_nd(counted({1, 4}), {}, Sides{});
  EXPECT_EQ(run(none), run(counted({1, 4})));
}

TEST_F(BlocksTest, MayBeEmptyOrTheWholeImage) {
  EXPECT_EQ(run(space_to_batch_nd(zeros({0, 4, 4, 1}), {2, 2}, {{0, 0}, {0, 0}})).shape(),
            Shape({0, 2, 2, 1}));
  EXPECT_EQ(run(space_to_batch_nd(zeros({1, 0, 4, 1}), {2, 2}, {{0, 0}, {0, 0}})).shape(),
            Shape({4, 0, 2, 1}));
  expect_near(run(space_to_batch_nd(zeros({1, 0, 4, 1}), {2, 2}, {{1, 1}, {0, 0}})),
              Numbers(8, 0.0));
  EXPECT_EQ(run(batch_to_space_nd(counted({4, 1, 2}), {2}, {{1, 1}})).shape(), Shape({2, 0, 2}));
  EXPECT_EQ(run(space_to_depth(zeros({0, 4, 4, 3}), 2)).shape(), Shape({0, 2, 2, 12}));
  EXPECT_EQ(run(depth_to_space(zeros({2, 0, 4, 4}), 2)).shape(), Shape({2, 0, 8, 1}));
  const Output whole = space_to_depth(counted({1, 3, 3, 1}), 3);
  EXPECT_EQ(whole.shape(), Shape({1, 1, 1, 9}));
  expect_near(run(whole), {0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_F(BlocksTest, PaddingsAndCropsMayBeOfTheRun) {
  const Output sides = placeholder(int32, {1, 2});
  const Output batch = space_to_batch_nd(counted({1, 3, 2}), {2}, sides);
  const Output back = batch_to_space_nd(batch, {2}, sides);
  const Feeds before = {{sides, Tensor({{1, 0}})}}, after = {{sides, Tensor({{0, 1}})}};
  expect_near(run(batch, before), {0, 0, 2, 3, 0, 1, 4, 5});
  expect_near(run(batch, after), {0, 1, 4, 5, 2, 3, 0, 0});
  EXPECT_EQ(run(back, before), run(counted({1, 3, 2})));
  EXPECT_ERROR(run(batch, {{sides, Tensor({{1, 1}})}}), InvalidArgumentError, shape_incompatible,
               "");
  EXPECT_ERROR(space_to_batch_nd(counted({1, 3, 2}), {2}, placeholder(int32, {2, 2})), ValueError,
               shape_incompatible, "paddings must have shape (1, 2), not (2, 2)");
}

TEST_F(BlocksTest, RefusesImagesOfOtherRanks) {
  EXPECT_ERROR(space_to_batch_nd(zeros({4}), {2}, {{0, 0}}), ValueError, shape_incompatible,
               "input must have rank >= 2, but has shape (4,)");
  EXPECT_ERROR(space_to_batch_nd(zeros({1, 4}), {2}, {{-1, 1}}), ValueError, bad_argument,
               "paddings must be non-negative: -1, 1");
  EXPECT_ERROR(space_to_depth(zeros({4, 4, 1}), 2), ValueError, shape_incompatible, "rank 4");
  EXPECT_ERROR(depth_to_space(placeholder(float32), 2), UnimplementedError, bad_argument,
               "The rank of the image must be known");
}

}  // namespace
}  // namespace tenon::testing
