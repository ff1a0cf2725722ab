// x[...], Python's whole syntax. Values and names are those of TensorFlow 2.21.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using ::testing::ElementsAre;
using In = const std::vector<Output>&;

// The gradient is that of the square, so that each element's own counts.
OpCase taken(const char* name, std::vector<Index> index, std::vector<Shape> inputs) {
  return {.name = name,
          .build = [index = std::move(index)](In in) { return square(in[0][index]); },
          .inputs = std::move(inputs)};
}

const OpCases kSlicingCases = {
    taken("Position", {1}, {{3, 4}}),
    taken("PositionFromTheEnd", {Slice{}, -1}, {{3, 4}}),
    taken("SteppedSlice", {Slice{1, -1, 2}}, {{6, 2}}),
    taken("ReversedSlices", {Slice{.step = -1}, Slice{-1, 0, -2}}, {{3, 4}}),
    taken("EllipsisAndNewAxis", {newaxis, ellipsis, newaxis, 1}, {{2, 3, 2}}),
    taken("EmptySlice", {Slice{2, 1}}, {{3, 4}}),
};
INSTANTIATE_TEST_SUITE_P(Slicing, OpCaseTest, ::testing::ValuesIn(kSlicingCases), case_name);

class SlicingTest : public ::testing::Test {
 protected:
  std::vector<float> values(const Output& output, const Feeds& feeds = {}) {
    const Tensor value = Session(graph_).run(output, feeds);
    return {value.data<float>().begin(), value.data<float>().end()};
  }
  // 3 rows of 4: 0 to 11.
  static Output matrix() { return reshape(cast(range(12), float32), {3, 4}); }

 private:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(SlicingTest, TakesPositions) {
  const Output x = matrix();
  EXPECT_THAT(values(x[1]), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(values(x[{1, 2}]), ElementsAre(6));
  EXPECT_THAT(values(x[{-1, -4}]), ElementsAre(8));
  EXPECT_EQ((x[{1, 2}].shape()), Shape({}));
  EXPECT_THAT(values(cast(shape(x)[1], float32)), ElementsAre(4));
  EXPECT_THAT(values(x[size_t{2}]), ElementsAre(8, 9, 10, 11));
  EXPECT_EQ(x[std::vector<Index>()].shape(), Shape({3, 4}));
}

TEST_F(SlicingTest, TakesSlicesAsPythonDoes) {
  const Output x = matrix();
  EXPECT_THAT(values(x[{Slice{}, Slice{1, -1}}]), ElementsAre(1, 2, 5, 6, 9, 10));
  EXPECT_THAT(values(x[{0, Slice{.step = -1}}]), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(values(x[{0, Slice{-2, {}, -1}}]), ElementsAre(2, 1, 0));
  EXPECT_THAT(values(x[{Slice{.begin = 2}, Slice{.end = 100, .step = 3}}]), ElementsAre(8, 11));
  EXPECT_THAT(values(x[{Slice{5, 7}, 0}]), ElementsAre());
  EXPECT_EQ((x[{newaxis, 0, newaxis, ellipsis}].shape()), Shape({1, 1, 4}));
  EXPECT_EQ((x[{ellipsis, newaxis, 1}].shape()), Shape({3, 1}));
}

TEST_F(SlicingTest, TakesTensorsAsPositionsAndBounds) {
  const Output x = matrix(), one = placeholder(int32, {}), two = placeholder(int64, {});
  const Feeds feeds = {{one, Tensor(1)}, {two, Tensor(int64_t{2})}};
  EXPECT_THAT(values(x[{one, Slice{two}}], feeds), ElementsAre(6, 7));
  EXPECT_THAT(values(x[{Slice{.end = one}, Slice{.step = two}}], feeds), ElementsAre(0, 2));
  EXPECT_EQ((x[{one, Slice{}}].shape()), Shape({4}));
}

TEST_F(SlicingTest, NamesItsOperationsAsTensorFlowDoes) {
  const Output x = placeholder(float32, {3, 4});
  EXPECT_EQ(x[0].name(), "strided_slice:0");
  const Output again = x[{Slice{1}, 0}];
  EXPECT_EQ(again.name(), "strided_slice_1:0");
  EXPECT_EQ(again.op().input(1).name(), "strided_slice_1/stack:0");
  EXPECT_EQ(again.op().input(3).name(), "strided_slice_1/stack_2:0");
}

TEST_F(SlicingTest, RejectsWhatIsNoIndexOfTheTensor) {
  const Output x = matrix();
  EXPECT_ERROR(x[3], ValueError, index_out_of_range, "slice index 3 of dimension 0 out of bounds");
  EXPECT_ERROR((x[{0, -5}]), ValueError, index_out_of_range, "slice index -5 of dimension 1");
  EXPECT_ERROR((x[{0, 0, 0}]), ValueError, index_out_of_range, "input has only 2 dims");
  EXPECT_ERROR((x[{ellipsis, ellipsis}]), ValueError, bad_argument, "Multiple ellipses");
  EXPECT_ERROR((x[Slice{.step = 0}]), ValueError, bad_argument, "strides[0] must be non-zero");
  EXPECT_ERROR(x[constant(1.5F)], TypeError, dtype_incompatible, "Only integers, slices");
  EXPECT_ERROR(x[constant({0, 1})], TypeError, dtype_incompatible, "of shape (2,)");
  const Output index = placeholder(int32, {});
  EXPECT_ERROR(Session().run(x[index], {{index, Tensor(3)}}), InvalidArgumentError,
               index_out_of_range, "slice index 3 of dimension 0 out of bounds");
}

}  // namespace
}  // namespace tenon::testing
