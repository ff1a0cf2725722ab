// Kernels that move elements: slices, transposes, joins, gathers, and the like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using testing::elements;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::run_kernel;

// 0, 1, 2, ... of that shape.
Tensor counted(const Shape& shape) {
  Tensor x(int32, shape);
  std::iota(x.mutable_data<int32_t>().begin(), x.mutable_data<int32_t>().end(), 0);
  return x;
}

KernelCase moving(const std::string& op, const std::vector<Tensor>& inputs, const Shape& output,
                  const internal::AttrMap& attrs = {}) {
  return {.op = op,
          .dtype = int32,
          .inputs = inputs,
          .outputs = {{inputs[0].dtype(), output}},
          .attrs = attrs};
}

TEST(CpuTransposeTest, PermutesAxes) {
  for (const Shape& shape : {Shape{2, 3, 4}, Shape{1, 70, 40}, Shape{5, 0, 2}, Shape{33, 65, 1}}) {
    const Tensor x = counted(shape);
    for (const std::vector<int32_t>& perm : std::vector<std::vector<int32_t>>{
             {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
      const Shape out = {shape[perm[0]], shape[perm[1]], shape[perm[2]]};
      const Tensor y = launch(moving("Transpose", {x, Tensor::from<int32_t>(perm, {3})}, out));
      std::vector<int32_t> expected;
      int64_t at[3] = {};
      for (at[0] = 0; at[0] < out[0]; ++at[0])
        for (at[1] = 0; at[1] < out[1]; ++at[1])
          for (at[2] = 0; at[2] < out[2]; ++at[2]) {
            int64_t from[3] = {};
            for (size_t i = 0; i < 3; ++i) from[perm[i]] = at[i];
            expected.push_back(
                static_cast<int32_t>((from[0] * shape[1] + from[1]) * shape[2] + from[2]));
          }
      ASSERT_THAT(y.data<int32_t>(), ElementsAreArray(expected)) << ::testing::PrintToString(perm);
    }
  }
}

TEST(CpuTransposeTest, InvertsPermutationsAndRejectsOthers) {
  const Tensor y = launch(moving("InvertPermutation", {Tensor({2, 0, 1})}, {3}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(1, 2, 0));
  EXPECT_THROW(launch(moving("InvertPermutation", {Tensor({1, 1})}, {2})), InvalidArgumentError);
  EXPECT_THROW(launch(moving("InvertPermutation", {Tensor({0, 2})}, {2})), InvalidArgumentError);
}

TEST(CpuSliceTest, TakesABox) {
  const Tensor y =
      launch(moving("Slice", {counted({3, 4}), Tensor({1, 1}), Tensor({2, -1})}, {2, 3}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(5, 6, 7, 9, 10, 11));
}

internal::AttrMap masks(int64_t begin, int64_t end, int64_t ellipsis, int64_t new_axis,
                        int64_t shrink) {
  return {{"begin_mask", begin},
          {"end_mask", end},
          {"ellipsis_mask", ellipsis},
          {"new_axis_mask", new_axis},
          {"shrink_axis_mask", shrink}};
}

TEST(CpuStridedSliceTest, TakesStepsRowsAndAllInBetween) {
  const Tensor x = counted({3, 4});
  // x[::-1, 1::2]
  Tensor y = launch(moving("StridedSlice", {x, Tensor({0, 1}), Tensor({0, 0}), Tensor({-1, 2})},
                           {3, 2}, masks(1, 3, 0, 0, 0)));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(9, 11, 5, 7, 1, 3));
  // x[-1]
  y = launch(moving("StridedSlice", {x, Tensor({-1}), Tensor({0}), Tensor({1})}, {4},
                    masks(0, 0, 0, 0, 1)));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(8, 9, 10, 11));
  // x[..., newaxis, 2]
  y = launch(moving("StridedSlice", {x, Tensor({0, 0, 2}), Tensor({0, 0, 3}), Tensor({1, 1, 1})},
                    {3, 1}, masks(0, 0, 1, 2, 4)));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(2, 6, 10));
  // x[2:1]
  y = launch(moving("StridedSlice", {x, Tensor({2}), Tensor({1}), Tensor({1})}, {0, 4},
                    masks(0, 0, 0, 0, 0)));
  EXPECT_EQ(y.element_count(), 0);
}

TEST(CpuStridedSliceTest, TheGradientGoesBackAmongZeros) {
  const Tensor y = launch({.op = "StridedSliceGrad",
                           .dtype = int32,
                           .inputs = {Tensor({3, 2}), Tensor({0, 1}), Tensor({3, 2}),
                                      Tensor({2, 1}), Tensor({{7}, {8}})},
                           .outputs = {{int32, {3, 2}}},
                           .attrs = masks(0, 0, 0, 0, 0)});
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(0, 7, 0, 0, 0, 8));
}

TEST(CpuConcatTest, JoinsAlongAnAxisStringsToo) {
  Tensor y = launch(moving("ConcatV2", {counted({2, 1}), counted({2, 2}), Tensor(1)}, {2, 3}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(0, 0, 1, 1, 2, 3));
  y = launch(moving("ConcatV2", {counted({1, 2}), Tensor(int32, {0, 2}), Tensor(-2)}, {1, 2}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(0, 1));
  const std::string text = "a name that is longer than fits into a string itself";
  y = launch(moving("ConcatV2", {Tensor({text}), Tensor({std::string("b")}), Tensor(0)}, {2}));
  EXPECT_THAT(y.data<std::string>(), ElementsAre(text, "b"));
}

TEST(CpuStackTest, PacksAndUnpacks) {
  const internal::AttrMap axis = {{"axis", int64_t{1}}};
  const Tensor packed = launch(moving("Pack", {Tensor({1, 2}), Tensor({3, 4})}, {2, 2}, axis));
  EXPECT_THAT(packed.data<int32_t>(), ElementsAre(1, 3, 2, 4));
  KernelCase c = moving("Unpack", {packed}, {2}, axis);
  c.outputs.push_back(c.outputs[0]);
  const auto run = run_kernel(c);
  EXPECT_THAT(run.outputs[0].data<int32_t>(), ElementsAre(1, 2));
  EXPECT_THAT(run.outputs[1].data<int32_t>(), ElementsAre(3, 4));
  const Tensor text =
      launch(moving("Pack", {Tensor("x"), Tensor("yy")}, {2}, {{"axis", int64_t{0}}}));
  EXPECT_THAT(text.data<std::string>(), ElementsAre("x", "yy"));
}

TEST(CpuSplitTest, CutsIntoEqualOrGivenPieces) {
  KernelCase c = {.op = "Split",
                  .dtype = int32,
                  .inputs = {Tensor(1), counted({2, 4})},
                  .outputs = {{int32, {2, 2}}, {int32, {2, 2}}}};
  auto run = run_kernel(c);
  EXPECT_THAT(run.outputs[0].data<int32_t>(), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(run.outputs[1].data<int32_t>(), ElementsAre(2, 3, 6, 7));
  c = {.op = "SplitV",
       .dtype = int32,
       .inputs = {counted({2, 4}), Tensor({1, 3}), Tensor(1)},
       .outputs = {{int32, {2, 1}}, {int32, {2, 3}}}};
  run = run_kernel(c);
  EXPECT_THAT(run.outputs[0].data<int32_t>(), ElementsAre(0, 4));
  EXPECT_THAT(run.outputs[1].data<int32_t>(), ElementsAre(1, 2, 3, 5, 6, 7));
}

TEST(CpuTileTest, RepeatsAlongEachAxis) {
  const Tensor y = launch(moving("Tile", {counted({2, 2}), Tensor({2, 3})}, {4, 6}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3,  //
                                             0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3));
}

TEST(CpuPadTest, PutsZerosOrAValueAround) {
  const Tensor paddings({{1, 0}, {0, 2}});
  Tensor y = launch(moving("Pad", {Tensor({{1, 2}}), paddings}, {2, 4}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(0, 0, 0, 0, 1, 2, 0, 0));
  y = launch(moving("PadV2", {Tensor({{1, 2}}), paddings, Tensor(9)}, {2, 4}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(9, 9, 9, 9, 1, 2, 9, 9));
}

TEST(CpuMirrorPadTest, MirrorsWithAndWithoutTheEdge) {
  const Tensor x({1, 2, 3}), paddings({{2, 1}});
  const internal::AttrMap reflect = {{"mode", std::string("REFLECT")}},
                          symmetric = {{"mode", std::string("SYMMETRIC")}};
  EXPECT_THAT(elements<int32_t>(launch(moving("MirrorPad", {x, paddings}, {6}, reflect))),
              ElementsAre(3, 2, 1, 2, 3, 2));
  EXPECT_THAT(elements<int32_t>(launch(moving("MirrorPad", {x, paddings}, {6}, symmetric))),
              ElementsAre(2, 1, 1, 2, 3, 3));
  const Tensor ones({1, 1, 1, 1, 1, 1});
  EXPECT_THAT(elements<int32_t>(launch(moving("MirrorPadGrad", {ones, paddings}, {3}, reflect))),
              ElementsAre(1, 3, 2));
}

TEST(CpuGatherTest, TakesRowsAlongAnyAxisAndOfEachBatch) {
  const Tensor x = counted({2, 3});
  Tensor y = launch(moving("GatherV2", {x, Tensor({1, 0, 1}), Tensor(0)}, {3, 3}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(3, 4, 5, 0, 1, 2, 3, 4, 5));
  y = launch(moving("GatherV2", {x, Tensor({{2, 0}}), Tensor(1)}, {2, 1, 2}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(2, 0, 5, 3));
  y = launch(
      moving("GatherV2", {x, Tensor({{2}, {0}}), Tensor(1)}, {2, 1}, {{"batch_dims", int64_t{1}}}));
  EXPECT_THAT(y.data<int32_t>(), ElementsAre(2, 3));
  y = launch(moving("GatherV2",
                    {Tensor({std::string("a"), std::string("b")}), Tensor({1}), Tensor(0)}, {1}));
  EXPECT_THAT(y.data<std::string>(), ElementsAre("b"));
}

TEST(CpuGatherTest, RejectsIndicesOutOfRange) {
  for (const int32_t index : {3, -1}) {
    expect_error<InvalidArgumentError>(
        [&] {
          launch(moving("GatherV2", {counted({3}), Tensor({0, index}), Tensor(0)}, {2}));
        },
        ErrorKind::index_out_of_range, internal::str("indices[1] = ", index, " is not in [0, 3)"));
  }
}

TEST(CpuIndexedSlicesTest, SumsRowsOfTheSameIndex) {
  const KernelCase c = {.op = "_IndexedSlices",
                        .dtype = float32,
                        .inputs = {Tensor({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, 6.0f}}),
                                   Tensor({2, 0, 2}), Tensor(float32, {3, 2})},
                        .outputs = {{float32, {3, 2}}}};
  EXPECT_THAT(elements<float>(launch(c)), ElementsAre(3, 4, 0, 0, 6, 8));
}

TEST(CpuFillTest, FillsCountsAndMarks) {
  EXPECT_THAT(elements<float>(launch({.op = "Fill",
                                      .dtype = float32,
                                      .inputs = {Tensor({2}), Tensor(1.5f)},
                                      .outputs = {{float32, {2}}}})),
              ElementsAre(1.5f, 1.5f));
  EXPECT_THAT(elements<double>(launch({.op = "Range",
                                       .dtype = float64,
                                       .inputs = {Tensor(1.0), Tensor(2.0), Tensor(0.25)},
                                       .outputs = {{float64, {4}}}})),
              ElementsAre(1, 1.25, 1.5, 1.75));
  EXPECT_THAT(
      elements<float>(launch({.op = "OneHot",
                              .dtype = float32,
                              .inputs = {Tensor({1, 5, -1}), Tensor(2), Tensor(1.0f), Tensor(0.0f)},
                              .outputs = {{float32, {3, 2}}},
                              .attrs = {{"axis", int64_t{-1}}}})),
      ElementsAre(0, 1, 0, 0, 0, 0));
  EXPECT_THAT(elements<int32_t>(launch({.op = "OneHot",
                                        .dtype = int32,
                                        .inputs = {Tensor({1, 0}), Tensor(3), Tensor(7), Tensor(2)},
                                        .outputs = {{int32, {3, 2}}},
                                        .attrs = {{"axis", int64_t{0}}}})),
              ElementsAre(2, 7, 7, 2, 2, 2));
  EXPECT_THAT(elements<bool>(launch({.op = "OnesLike",
                                     .dtype = bool_,
                                     .inputs = {Tensor({false, false})},
                                     .outputs = {{bool_, {2}}}})),
              ElementsAre(true, true));
}

TEST(CpuShapeTest, WritesShapeSizeAndRank) {
  const Tensor x(float32, {2, 0, 3});
  EXPECT_THAT(elements<int64_t>(launch({.op = "Shape", .inputs = {x}, .outputs = {{int64, {3}}}})),
              ElementsAre(2, 0, 3));
  EXPECT_EQ(launch({.op = "Size", .inputs = {x}, .outputs = {{int32, {}}}}).scalar<int32_t>(), 0);
  EXPECT_EQ(launch({.op = "Rank", .inputs = {x}, .outputs = {{int32, {}}}}).scalar<int32_t>(), 3);
}

TEST(CpuWhereTest, ListsTheTrueElements) {
  const Tensor y = launch({.op = "Where",
                           .dtype = bool_,
                           .inputs = {Tensor({{true, false}, {true, true}})},
                           .outputs = {{int64, {3, 2}}}});
  EXPECT_THAT(y.data<int64_t>(), ElementsAre(0, 0, 1, 0, 1, 1));
}

TEST(CpuSelectTest, ChoosesElementsRowsOrAll) {
  const Tensor a({{1, 2}, {3, 4}}), b({{5, 6}, {7, 8}});
  const auto select = [&](const Tensor& condition) {
    const Tensor y = launch({.op = "Select",
                             .dtype = int32,
                             .inputs = {condition, a, b},
                             .outputs = {{int32, {2, 2}}}});
    return std::vector<int32_t>(y.data<int32_t>().begin(), y.data<int32_t>().end());
  };
  EXPECT_THAT(select(Tensor({{true, false}, {false, true}})), ElementsAre(1, 6, 7, 4));
  EXPECT_THAT(select(Tensor({true, false})), ElementsAre(1, 2, 7, 8));
  EXPECT_THAT(select(Tensor(false)), ElementsAre(5, 6, 7, 8));
  expect_error<InvalidArgumentError>(
      [&] {
        select(Tensor({true, false, true}));
      },
      ErrorKind::shape_incompatible, "Inputs to operation Select");
}

TEST(CpuCheckNumericsTest, CopiesFiniteNumbersAndNamesOthers) {
  const auto check = [](const Tensor& x) {
    return launch({.op = "CheckNumerics",
                   .dtype = float32,
                   .inputs = {x},
                   .outputs = {{float32, x.shape()}},
                   .attrs = {{"message", std::string("here")}}});
  };
  EXPECT_THAT(elements<float>(check(Tensor({1.0f, -2.0f}))), ElementsAre(1, -2));
  const auto expect = [&](const Tensor& x, const char* text) {
    expect_error<InvalidArgumentError>([&] { check(x); }, ErrorKind::bad_argument, text);
  };
  expect(Tensor({1.0f, INFINITY}), "here : Tensor had Inf values");
  expect(Tensor({NAN}), "here : Tensor had NaN values");
  expect(Tensor({NAN, -INFINITY}), "here : Tensor had Inf and NaN values");
}

}  // namespace
}  // namespace tenon
