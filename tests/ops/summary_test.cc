// Summaries: the very bytes that TensorFlow 2.21 gives for the same values, and its names.
#include "tenon/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/event_reader.h"

namespace tenon {
namespace {

using test::ProtoFields;
using ::testing::ElementsAre;

std::string hex(const std::string& bytes) {
  static const char* const digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<uint8_t>(c) >> 4];
    text += digits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

class SummaryTest : public ::testing::Test {
 protected:
  static std::string bytes(const Output& summary) {
    return Session().run(summary).scalar<std::string>();
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
};

TEST_F(SummaryTest, OfAScalarIsTensorFlows) {
  EXPECT_EQ(hex(bytes(summary::scalar("loss", 2.5f))), "0a0b0a046c6f73731500002040");
  EXPECT_EQ(hex(bytes(summary::scalar("k", constant(0.0f)))), "0a080a016b1500000000");
  EXPECT_EQ(hex(bytes(summary::scalar("l", constant(3)))), "0a080a016c1500004040");
  EXPECT_EQ(hex(bytes(summary::scalar("m", constant(Tensor(3.0))))), "0a080a016d1500004040");
}

TEST_F(SummaryTest, NamesAndTagsAreTensorFlows) {
  Output x, y, z, h;
  {
    auto scope = name_scope("a");
    x = summary::scalar("b c", constant(1.0f));
    y = summary::scalar("b c", constant(1.0f));
    z = summary::scalar("/d", constant(1.0f), {.family = "fam"});
    h = summary::histogram("h", constant({1.0f, 2.0f}), {.family = "fam"});
  }
  const Output all = summary::merge_all(), mine = summary::merge({x, y}, {.name = "mine"});
  EXPECT_EQ(x.name(), "a/b_c:0");
  EXPECT_EQ(x.op().input(0).name(), "a/b_c/tags:0");
  EXPECT_EQ(y.name(), "a/b_c_1:0");
  EXPECT_EQ(z.name(), "a/fam/d:0");
  EXPECT_EQ(h.op().input(0).name(), "a/fam/h/tag:0");
  EXPECT_EQ(all.name(), "Merge/MergeSummary:0");
  EXPECT_EQ(mine.name(), "mine/mine:0");
  EXPECT_THAT(get_collection<Output>(GraphKeys::SUMMARIES), ElementsAre(x, y, z, h));
  EXPECT_EQ(hex(bytes(x)), "0a0c0a05612f625f63150000803f");
  EXPECT_EQ(hex(bytes(y)), "0a0e0a07612f625f635f31150000803f");
  EXPECT_EQ(hex(bytes(z)), "0a120a0b66616d2f612f66616d2f64150000803f");
  EXPECT_EQ(bytes(all), bytes(x) + bytes(y) + bytes(z) + bytes(h));
  EXPECT_EQ(bytes(mine), bytes(x) + bytes(y));
}

TEST_F(SummaryTest, OfAHistogramIsTensorFlows) {
  const auto of = [](Input values) { return hex(bytes(summary::histogram("h", values))); };
  EXPECT_EQ(
      of(constant({0.0f, 1.0f, 1.05f, -3.5f, 2e30f, -1e-13f, 1e-12f})),
      "0ad7010a01682ad101090000000000000cc01100000040593e3946190000000000001c402100000040593e39"
      "462980ecd0eee4e9834c325081444bf80ba70ec075f872caaddd0bc011ea2d81999771bd0000000000000000"
      "11ea2d819997713d08996919155aed3f2b14facdbe24f03f6349c61505c2f13f4c549f0223831544ffffffff"
      "ffffef7f3a500000000000000000000000000000f03f0000000000000000000000000000f03f000000000000"
      "00400000000000000000000000000000f03f000000000000f03f0000000000000000000000000000f03f");
}

TEST_F(SummaryTest, OfHistogramsAtTheEdgesAreTensorFlows) {
  const Output none = summary::histogram("h", zeros({0}));
  EXPECT_EQ(hex(bytes(none)),
            "0a2b0a01682a2609ffffffffffffef7f11ffffffffffffefff3208ffffffffffffef7f3a08000000000000"
            "0000");
  const Graph second;
  const auto second_default = second.as_default();
  EXPECT_EQ(
      hex(bytes(summary::histogram("h", zeros({3})))),
      "0a420a01682a3d1900000000000008403218000000000000000011ea2d819997713dffffffffffffef7f3a18"
      "000000000000000000000000000008400000000000000000");
  const Graph third;
  const auto third_default = third.as_default();
  EXPECT_EQ(hex(bytes(summary::histogram("h", constant({{1, 2}, {2, 300}})))),
            "0aa7010a01682aa10109000000000000f03f110000000000c0724019000000000000104021000000000010"
            "7340290000000090f9f540323808996919155aed3f2b14facdbe24f03fdc94cd2e8d75ff3fe011f10c744d"
            "01408e443a118e747140694bf31269337340ffffffffffffef7f3a380000000000000000000000000000f0"
            "3f000000000000000000000000000000400000000000000000000000000000f03f0000000000000000");
}

TEST_F(SummaryTest, RefusesAHistogramOfWhatIsntFinite) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_ERROR(bytes(summary::histogram("h", constant({inf - inf}))), InvalidArgumentError,
               bad_argument, "Nan in summary histogram for: h");
  EXPECT_ERROR(bytes(summary::histogram("i", constant({1.0f, -inf}))), InvalidArgumentError,
               bad_argument, "Infinity in summary histogram for: i");
}

TEST_F(SummaryTest, RefusesAVectorForAScalar) {
  EXPECT_ERROR(summary::scalar("l", constant({1.0f, 2.0f})), InvalidArgumentError,
               shape_incompatible, "tags and values are not the same shape: () != (2,) (tag 'l')");
  const Output x = placeholder(float32, Shape::unknown());
  const Output later = summary::scalar("m", x);
  EXPECT_ERROR(Session().run(later, {{x, Tensor({1.0f})}}), InvalidArgumentError,
               shape_incompatible, "tags and values are not the same shape: () != (1,) (tag 'm')");
  EXPECT_ERROR(summary::scalar("n", constant("text")), TypeError, dtype_incompatible, "string");
}

TEST_F(SummaryTest, MergingRefusesATagThatIsThereTwice) {
  const Output x = summary::scalar("b", 1.0f);
  EXPECT_ERROR(bytes(summary::merge({x, x})), InvalidArgumentError, bad_argument,
               "Duplicate tag b found in summary inputs");
  EXPECT_ERROR(bytes(summary::merge({constant("no summary")})), InvalidArgumentError, bad_argument,
               "Could not parse one of the summary inputs");
}

TEST_F(SummaryTest, MergingAllTakesACollectionOrNothing) {
  EXPECT_FALSE(summary::merge_all());
  const Output x = summary::scalar("b", 1.0f), y = summary::scalar("c", 1.0f, {{{"mine"}}});
  EXPECT_EQ(bytes(summary::merge_all()), bytes(x));
  EXPECT_EQ(bytes(summary::merge_all("mine")), bytes(y));
  EXPECT_FALSE(summary::merge_all(GraphKeys::SUMMARIES, "c"));
}

TEST_F(SummaryTest, OfTextIsTensorFlows) {
  EXPECT_EQ(hex(bytes(summary::text("t", constant(Tensor({std::string("a"), std::string("bc")}))))),
            "0a1e0a0174420f0807120412020802420161420262634a080a060a0474657874");
  EXPECT_EQ(hex(bytes(summary::text("u", "hello"))),
            "0a1a0a0175420b08071200420568656c6c6f4a080a060a0474657874");
  EXPECT_ERROR(summary::text("v", constant(1.0f)), ValueError, dtype_incompatible,
               "to have dtype string, got float32");
}

// A picture of a summary: its tag, and what is in the file.
struct Shown {
  std::string tag;
  test::Picture picture;
};

std::vector<Shown> shown(const Output& summary) {
  const ProtoFields fields(Session().run(summary).scalar<std::string>());
  std::vector<Shown> all;
  for (const std::string& bytes : fields.all(1)) {
    const ProtoFields value(bytes), image(value.bytes(4));
    all.push_back({value.bytes(1), test::read_png(image.bytes(4))});
    EXPECT_EQ(image.integer(1), all.back().picture.height);
    EXPECT_EQ(image.integer(2), all.back().picture.width);
    EXPECT_EQ(image.integer(3), all.back().picture.channels);
  }
  return all;
}

template <typename T>
Output picture(const std::vector<T>& numbers, const Shape& shape,
               const summary::ImageOptions& options = {}) {
  return summary::image("im", constant(Tensor::from<T>(numbers, shape)), options);
}

TEST_F(SummaryTest, ShowsTheFirstPicturesOfABatch) {
  std::vector<uint8_t> numbers(12);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<uint8_t>(i);
  const Output two = picture<uint8_t>(numbers, {2, 2, 3, 1});
  EXPECT_EQ(two.op().input(0).name(), "im/tag:0");
  const auto grey = shown(two);
  ASSERT_EQ(grey.size(), 2u);
  EXPECT_EQ(grey[0].tag, "im/image/0");
  EXPECT_EQ(grey[1].tag, "im/image/1");
  EXPECT_EQ(grey[1].picture.height, 2);
  EXPECT_EQ(grey[1].picture.width, 3);
  EXPECT_THAT(grey[1].picture.pixels, ElementsAre(6, 7, 8, 9, 10, 11));
  const auto coloured = shown(picture<uint8_t>(numbers, {2, 1, 2, 3}, {.max_outputs = 1}));
  ASSERT_EQ(coloured.size(), 1u);
  EXPECT_EQ(coloured[0].tag, "im_1/image");
  EXPECT_THAT(coloured[0].picture.pixels, ElementsAre(0, 1, 2, 3, 4, 5));
  const auto opaque = shown(picture<uint8_t>(numbers, {1, 1, 3, 4}));
  EXPECT_EQ(opaque[0].picture.channels, 4);
  EXPECT_EQ(opaque[0].picture.pixels.size(), 12u);
  EXPECT_TRUE(shown(picture<uint8_t>({}, {0, 2, 2, 1})).empty());
  EXPECT_EQ(shown(picture<uint8_t>({0}, {1, 1, 1, 1}, {.family = "f"}))[0].tag, "f/f/im/image/0");
}

TEST_F(SummaryTest, ScalesFloatingPicturesAsTensorFlow) {
  const auto pixels = [](const Output& image) { return shown(image)[0].picture.pixels; };
  EXPECT_THAT(pixels(picture<float>({0, 0.25f, 0.5f, 2}, {1, 2, 2, 1})),
              ElementsAre(0, 31, 63, 255));
  EXPECT_THAT(pixels(picture<float>({0, -0.25f, 0.5f, -2}, {1, 2, 2, 1})),
              ElementsAre(128, 112, 159, 1));
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_THAT(pixels(picture<float>({0, inf - inf, 0.5f, 1, inf, 1}, {1, 1, 2, 3})),
              ElementsAre(255, 0, 0, 255, 0, 0));
  EXPECT_THAT(pixels(picture<float>({0, 1e-8f}, {1, 2, 1, 1})), ElementsAre(0, 0));
  EXPECT_THAT(pixels(picture<double>({0, 0.3, 0.7, 1}, {1, 2, 2, 1})),
              ElementsAre(0, 76, 178, 255));
  const Output half =
      cast(constant(Tensor::from<float>({0, 0.3f, 0.7f, 1}, {1, 2, 2, 1})), float16);
  EXPECT_THAT(pixels(summary::image("half", half)), ElementsAre(0, 76, 178, 255));
}

TEST_F(SummaryTest, RefusesWhatIsNoPicture) {
  EXPECT_ERROR(picture<uint8_t>({0}, {1, 1, 1}), InvalidArgumentError, shape_incompatible,
               "Tensor must be 4-D with last dim 1, 3, or 4, not (1, 1, 1)");
  EXPECT_ERROR(picture<uint8_t>({0, 0}, {1, 1, 1, 2}), InvalidArgumentError, shape_incompatible,
               "Tensor must be 4-D with last dim 1, 3, or 4, not (1, 1, 1, 2)");
  EXPECT_ERROR(picture<uint8_t>({0}, {1, 1, 1, 1}, {.max_outputs = 0}), ValueError, bad_argument,
               "Attr 'max_images' of 'ImageSummary' Op passed 0 less than minimum 1.");
  EXPECT_ERROR(picture<int32_t>({0}, {1, 1, 1, 1}), TypeError, dtype_incompatible, "int32");
}

}  // namespace
}  // namespace tenon
