// Pictures as files have them, decoded: tensors [height, width, channels].
//
// Decoding throws InvalidArgumentError (bad_argument) for bytes that are no such file, or that have
// pictures of absurd sizes.
#pragma once

#include <cstdint>
#include <string_view>

#include "tenon/tensor.h"

namespace tenon::internal {

enum class PictureKind : uint8_t { kUnknown, kPng, kJpeg, kGif, kBmp, kWebp };

// By the first bytes.
PictureKind kind_of_picture(std::string_view bytes);

// `channels`, in all of these, is the number wanted; 0 takes what the file has.

struct JpegOptions {
  int64_t channels = 0;
  int64_t ratio = 1;  // 1, 2, 4 or 8: how much smaller the picture is made
  bool fancy_upscaling = true;
  bool try_recover_truncated = false;  // goes on with what there is
  double acceptable_fraction = 1;      // of the rows must be there; the others are black
  bool accurate = false;               // by a slower transform
};
// Of uint8, with one channel or three.
Tensor decode_jpeg(std::string_view bytes, const JpegOptions& options);

// Of uint8 or uint16, with one to four channels.
Tensor decode_png(std::string_view bytes, int64_t channels, DType dtype);

// Of uint8, with one, three or four channels.
Tensor decode_bmp(std::string_view bytes, int64_t channels);

}  // namespace tenon::internal
