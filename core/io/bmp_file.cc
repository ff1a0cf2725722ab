// BMP, not compressed and without a palette; and which kind of picture a file has.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/check.h"
#include "core/io/picture_file.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// Where the numbers stand in a file that we need, and how long it is at least.
constexpr size_t kPixelsAt = 10, kWidthAt = 18, kHeightAt = 22, kBitsAt = 28, kHeaderSize = 32;

uint32_t number_at(std::string_view bytes, size_t at, size_t count) {
  uint32_t number = 0;
  for (size_t i = count; i > 0; --i) {
    number = number << 8 | static_cast<uint8_t>(bytes[at + i - 1]);
  }
  return number;
}

// Blue, green, red and perhaps opacity, or one grey, as the channels that are wanted.
void convert_pixel(const uint8_t* from, int64_t has, uint8_t* to, int64_t wants) {
  const bool is_grey = has == 1;
  to[0] = from[is_grey ? 0 : 2];
  if (wants == 1) return;
  to[1] = from[is_grey ? 0 : 1];
  to[2] = from[0];
  if (wants == 4) to[3] = has == 4 ? from[3] : uint8_t{255};
}

}  // namespace

PictureKind kind_of_picture(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF")) return PictureKind::kJpeg;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return PictureKind::kPng;
  if (bytes.starts_with("GIF8")) return PictureKind::kGif;
  if (bytes.starts_with("BM")) return PictureKind::kBmp;
  const bool is_webp =
      bytes.starts_with("RIFF") && bytes.size() > 12 && bytes.substr(8).starts_with("WEBP");
  return is_webp ? PictureKind::kWebp : PictureKind::kUnknown;
}

Tensor decode_bmp(std::string_view bytes, int64_t channels) {
  require(bytes.size() >= kHeaderSize, ErrorKind::bad_argument,
          "Incomplete bmp content, requires at least ", kHeaderSize, " bytes, got ", bytes.size(),
          " bytes");
  const auto number = [&](size_t at) {
    return int64_t{static_cast<int32_t>(number_at(bytes, at, 4))};
  };
  const int64_t begin = number(kPixelsAt), width = number(kWidthAt),
                signed_height = number(kHeightAt);
  const int64_t height = std::abs(signed_height);
  const int64_t has = int64_t{static_cast<int16_t>(number_at(bytes, kBitsAt, 2))} / 8;
  require(has == 1 || has == 3 || has == 4, ErrorKind::bad_argument,
          "Number of channels inherent in the image must be 1, 3 or 4, was ", has);
  constexpr int64_t kMostPixels = int64_t{1} << 28;
  require(width > 0 && height > 0 && begin >= 0 && height <= kMostPixels / width,
          ErrorKind::bad_argument, "A bmp picture can't have ", height, " by ", width, " pixels");
  const int64_t row = (has * width + 3) / 4 * 4;  // what is behind the pixels is padding
  require(static_cast<int64_t>(bytes.size()) == begin + row * height, ErrorKind::bad_argument,
          "Input size should be ", begin + row * height, " but is ", bytes.size());
  const int64_t wants = channels == 0 ? has : channels;
  Tensor pixels = uninitialized_tensor(DType::uint8, {height, width, wants});
  const auto* from = reinterpret_cast<const uint8_t*>(bytes.data()) + begin;
  auto* to = static_cast<uint8_t*>(pixels.raw());
  for (int64_t i = 0; i < height; ++i) {
    const int64_t place = signed_height < 0 ? i : height - 1 - i;  // else from the bottom up
    for (int64_t j = 0; j < width; ++j, to += wants) {
      convert_pixel(from + place * row + j * has, has, to, wants);
    }
  }
  return pixels;
}

}  // namespace tenon::internal
