// Files of pictures: what can't be decoded. What can, a recorded graph does (control_flow_test.cc).
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/graph/builder.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using internal::add_output;

class PicturesTest : public testing::Test {
 protected:
  Output decoded(const char* type, const std::string& bytes, const internal::AttrMap& attrs = {}) {
    return add_output(type, {constant(Tensor(bytes))}, {.attrs = attrs});
  }
  void refuses(const Output& picture, const char* message) {
    EXPECT_ERROR(session_.run(picture), InvalidArgumentError, bad_argument, message);
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Session session_;
};

const std::string kJpeg = "\xFF\xD8\xFF\xE0 and more", kPng = "\x89PNG\r\n\x1A\n and more";

// Of grey pixels, `width` by `height`.
std::string bmp(int8_t width, int8_t height, const std::string& pixels) {
  std::string bytes = std::string("BM") + std::string(52, '\0');
  bytes[10] = 54;
  bytes[18] = static_cast<char>(width);
  bytes[22] = static_cast<char>(height);
  for (size_t i = 23; i < 26; ++i) bytes[i] = static_cast<char>(height < 0 ? -1 : 0);
  bytes[28] = 8;
  return bytes + pixels;
}

TEST_F(PicturesTest, AreRefusedWhereTheirFilesAreBroken) {
  for (const char* type : {"DecodeJpeg", "DecodePng", "DecodeImage"}) {
    refuses(decoded(type, kJpeg), "The picture is no JPEG file, or is broken: ");
    refuses(decoded(type, kPng), "The picture is no PNG file, or is broken: ");
    refuses(decoded(type, "hello"), "Unknown image file format");
    refuses(decoded(type, ""), "Unknown image file format");
  }
  refuses(decoded("DecodeBmp", "BM"), "Incomplete bmp content");
  refuses(decoded("DecodeBmp", bmp(4, 2, "1234")), "Input size should be 62 but is 58");
  refuses(decoded("DecodeBmp", bmp(0, 2, "")), "A bmp picture can't have 2 by 0 pixels");
}

TEST_F(PicturesTest, AreOfTheKindsThatAnOperationDecodes) {
  refuses(decoded("DecodeBmp", kPng), "DecodeBmp was given what is no BMP file");
  refuses(decoded("DecodePng", bmp(4, 1, "1234")), "Trying to decode BMP format using a wrong op");
  refuses(decoded("DecodeJpeg", kJpeg, {{"channels", int64_t{4}}}),
          "JPEG does not support 4 channels");
  EXPECT_ERROR(session_.run(decoded("DecodeImage", "GIF89a")), UnimplementedError, no_kernel,
               "GIF files can't be decoded");
}

TEST_F(PicturesTest, HaveAttributesThatMeanSomething) {
  EXPECT_ERROR(decoded("DecodePng", kPng, {{"channels", int64_t{2}}}), ValueError, bad_argument,
               "`channels` must be 0, 1, 3 or 4 but got 2");
  EXPECT_ERROR(decoded("DecodeJpeg", kJpeg, {{"ratio", int64_t{3}}}), ValueError, bad_argument,
               "ratio must be 1, 2, 4, or 8, got 3");
  EXPECT_ERROR(decoded("DecodeJpeg", kJpeg, {{"dct_method", std::string("FLOAT")}}), ValueError,
               bad_argument, "dct_method must be one of");
  EXPECT_EQ(decoded("DecodePng", kPng, {{"channels", int64_t{3}}}).shape(), Shape({-1, -1, 3}));
}

TEST_F(PicturesTest, MayStandOnTheirHeads) {
  const Tensor up = session_.run(decoded("DecodeBmp", bmp(2, 2, "ab..cd..")));
  const Tensor down = session_.run(decoded("DecodeBmp", bmp(2, -2, "ab..cd..")));
  EXPECT_EQ(up, Tensor::from<uint8_t>({'c', 'd', 'a', 'b'}, {2, 2, 1}));
  EXPECT_EQ(down, Tensor::from<uint8_t>({'a', 'b', 'c', 'd'}, {2, 2, 1}));
}

}  // namespace
}  // namespace tenon
