// Images of another size. Values are TensorFlow 2.21's.
#include "tenon/image_ops.h"

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

struct ResizeRow {
  std::string name;
  Output (*resize)(Input, Integers, const image::ResizeOptions&);
  bool align_corners, half_pixel_centers;
  Numbers larger;    // of [[1, 5, 2], [8, 3, 9]], of size [3, 5]
  Numbers gradient;  // of the sum of those, each times its number
  Numbers smaller;   // of size [1, 2]
};
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const ResizeRow& row, std::ostream* out) { *out << row.name; }

const ResizeRow kResizeRows[] = {
    {"Nearest",
     image::resize_nearest_neighbor,
     false,
     false,
     {1, 1, 5, 5, 2, 1, 1, 5, 5, 2, 8, 8, 3, 3, 9},
     {12, 20, 13, 21, 25, 14},
     {1, 5}},
    {"NearestAligned",
     image::resize_nearest_neighbor,
     true,
     false,
     {1, 5, 5, 2, 2, 8, 3, 3, 9, 9, 8, 3, 3, 9, 9},
     {0, 3, 7, 15, 36, 44},
     {1, 2}},
    {"NearestCentered",
     image::resize_nearest_neighbor,
     false,
     true,
     {1, 1, 5, 2, 2, 8, 8, 3, 9, 9, 8, 8, 3, 9, 9},
     {1, 2, 7, 32, 19, 44},
     {8, 9}},
    {"Bilinear",
     image::resize_bilinear,
     false,
     false,
     {1, 3.4, 4.3999996, 2.6, 2, 5.666667, 4.4666667, 4.266667, 6.0666666, 6.666667, 8, 5,
      4.2000003, 7.8, 9},
     {2.8666666, 6.399999, 12.4, 19.333334, 26.000002, 38.000004},
     {1, 3.5}},
    {"BilinearAligned",
     image::resize_bilinear,
     true,
     false,
     {1, 3, 5, 3.5, 2, 4.5, 4.25, 4, 4.75, 5.5, 8, 5.5, 3, 6, 9},
     {4.5, 11, 12, 19.5, 31, 27},
     {1, 2}},
    {"BilinearCentered",
     image::resize_bilinear,
     false,
     true,
     {1, 2.6000001, 5, 3.1999996, 2, 4.5, 4.3, 4, 4.9, 5.5, 8, 6, 3, 6.600001, 9},
     {4.8999996, 9.899999, 12.700002, 20.899998, 27.9, 28.700003},
     {4.375, 5.125}},
    {"Bicubic",
     image::resize_bicubic,
     false,
     false,
     {1, 3.7701597, 4.855607, 2.6247442, 1.6761057, 5.7987647, 4.129532, 3.979023, 6.188095,
      7.140996, 8.777778, 4.352626, 3.4348505, 8.400177, 10.533531},
     {0.7344383, 4.08148, 9.523597, 18.663399, 30.077578, 41.91951},
     {1, 3.875}},
    {"BicubicAligned",
     image::resize_bicubic,
     true,
     false,
     {1, 3.28125, 5, 3.875, 2, 4.5, 4.109375, 4, 4.703125, 5.5, 8, 4.9375, 3, 5.53125, 9},
     {3.84375, 12.03125, 11.625, 17.90625, 33.90625, 25.6875},
     {1, 2}},
    {"BicubicCentered",
     image::resize_bicubic,
     false,
     true,
     {0.19188917, 2.3129263, 5.1317773, 3.006563, 1.2674147, 4.5377626, 4.257148, 4, 4.9507847,
      5.6132884, 8.8836355, 6.2013683, 2.868222, 6.8950047, 9.95916},
     {3.8635743, 7.944346, 12.397636, 22.871685, 26.517004, 31.405746},
     {4.3722625, 5.2043796}},
};

class ResizeTest : public ::testing::TestWithParam<ResizeRow> {
 protected:
  Output resized(const Input& images, const Integers& size) const {
    return GetParam().resize(images, size,
                             {.align_corners = GetParam().align_corners,
                              .half_pixel_centers = GetParam().half_pixel_centers});
  }
  Output image() const {
    return reshape(Tensor({1.0f, 5.0f, 2.0f, 8.0f, 3.0f, 9.0f}), {1, 2, 3, 1});
  }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_P(ResizeTest, GivesWhatTensorFlowGives) {
  const Output larger = resized(image(), {3, 5});
  EXPECT_EQ(larger.shape(), Shape({1, 3, 5, 1}));
  expect_near(run(larger), GetParam().larger, 2e-6);
  expect_near(run(resized(image(), {1, 2})), GetParam().smaller, 2e-6);
  expect_near(run(resized(image(), {2, 3})), {1, 5, 2, 8, 3, 9}, 2e-6);
}

TEST_P(ResizeTest, HasTensorFlowsGradient) {
  const Output x = image(), y = resized(x, {3, 5});
  const Output weights = cast(reshape(range(15), {1, 3, 5, 1}), float32);
  expect_near(run(gradients({y * weights}, {x})[0]), GetParam().gradient, 1e-5);
}

// <resized(x), v> = <x, gradient(v)>, and the gradient of that is the resizing of it.
TEST_P(ResizeTest, HasItsTransposedForGradient) {
  const Output x = constant(wave(float32, {2, 4, 3, 3})),
               v = constant(wave(float32, {2, 7, 5, 3}, 2));
  const Output y = resized(x, {7, 5});
  const Output back = gradients({y}, {x}, {.grad_ys = {v}})[0];
  expect_near(run(reduce_sum(y * v)), numbers(run(reduce_sum(x * back))), 1e-4);
  const Output again = gradients({back * x}, {v})[0];
  expect_near(run(again), numbers(run(y)), 1e-4);
}

TEST_P(ResizeTest, TakesSizesOfTheRun) {
  const Output size = placeholder(int32, {2}), x = placeholder(float32, {-1, -1, -1, 2});
  const Tensor images = wave(float32, {1, 3, 4, 2});
  const Output y = resized(x, size);
  EXPECT_EQ(y.shape(), Shape({-1, -1, -1, 2}));
  Session session(graph_);
  EXPECT_EQ(session.run(y, {{x, images}, {size, Tensor({5, 2})}}),
            session.run(resized(images, {5, 2})));
  EXPECT_EQ(session.run(gradients({y}, {x})[0], {{x, images}, {size, Tensor({5, 2})}}).shape(),
            Shape({1, 3, 4, 2}));
}

TEST_P(ResizeTest, ResizesAlikeWithAnyNumberOfThreads) {
  const Output x = placeholder(float32, {3, 40, 30, 4});
  const Output y = resized(x, {55, 71});
  const std::vector<Output> both = {y, gradients({y * y}, {x})[0]};
  const Feeds feeds = {{x, wave(float32, {3, 40, 30, 4})}};
  const auto one = Session(graph_, {.threads = 1}).run(both, feeds);
  const auto four = Session(graph_, {.threads = 4}).run(both, feeds);
  EXPECT_EQ(one[0], four[0]);
  EXPECT_EQ(one[1], four[1]);
}

TEST_P(ResizeTest, RefusesImagesWithoutPixels) {
  const Output x = placeholder(float32), size = placeholder(int32, {2});
  EXPECT_ERROR(resized(zeros({1, 2, 3}), {2, 2}), ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(resized(image(), {2, 2, 2}), ValueError, shape_incompatible, "size");
  EXPECT_ERROR(resized(image(), {0, 2}), ValueError, bad_argument,
               "output dimensions must be positive");
  EXPECT_ERROR(run(resized(x, size), {{x, Tensor(float32, {1, 0, 3, 1})}, {size, Tensor({2, 2})}}),
               InvalidArgumentError, shape_incompatible, "Images must have pixels");
}

INSTANTIATE_TEST_SUITE_P(Ways, ResizeTest, ::testing::ValuesIn(kResizeRows),
                         [](const auto& row) { return row.param.name; });

TEST(ResizeDtypesTest, ArePixelsOrFloat32) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  for (const DType dtype : {float16, bfloat16, float64, int8, uint8, int16, uint16, int32, int64}) {
    const Output x = cast(reshape(Tensor({4, 8}), {1, 1, 2, 1}), dtype);
    const Output nearest = image::resize_nearest_neighbor(x, {1, 4});
    EXPECT_EQ(nearest.dtype(), dtype);
    expect_near(run(cast(nearest, float32)), {4, 4, 8, 8});
    const Output bilinear = image::resize_bilinear(x, {1, 4});
    EXPECT_EQ(bilinear.dtype(), float32);
    expect_near(run(bilinear), {4, 6, 8, 8});
    if (is_floating(dtype)) {
      expect_near(run(cast(gradients({bilinear}, {x})[0], float32)), {1.5, 2.5});
    } else {
      EXPECT_FALSE(gradients({bilinear}, {x})[0]);
    }
  }
  EXPECT_ERROR(image::resize_bilinear(zeros({1, 1, 1, 1}), {1, 1},
                                      {.align_corners = true, .half_pixel_centers = true}),
               ValueError, bad_argument, "align_corners must be false");
}

}  // namespace
}  // namespace tenon::testing
