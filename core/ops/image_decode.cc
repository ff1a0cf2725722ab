// Pictures out of files: DecodeJpeg, DecodePng, DecodeBmp and DecodeImage. Each but DecodeBmp takes
// what the others do, as TensorFlow's.
#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/io/picture_file.h"
#include "core/ops/host_op.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

int64_t channels_wanted(const AttrMap& attrs) {
  const auto channels = attrs.get<int64_t>("channels");
  require<ValueError>(channels == 0 || channels == 1 || channels == 3 || channels == 4,
                      ErrorKind::bad_argument, "`channels` must be 0, 1, 3 or 4 but got ",
                      channels);
  return channels;
}

Shapes picture_shape(const ShapeContext& context) {
  with_rank(context.inputs[0], 0, "contents");
  const int64_t channels = channels_wanted(context.attrs);
  return {Shape{kUnknown, kUnknown, channels == 0 ? kUnknown : channels}};
}

Shapes jpeg_picture_shape(const ShapeContext& context) {
  const auto ratio = context.attrs.get<int64_t>("ratio");
  require<ValueError>(ratio == 1 || ratio == 2 || ratio == 4 || ratio == 8, ErrorKind::bad_argument,
                      "ratio must be 1, 2, 4, or 8, got ", ratio);
  const auto method = context.attrs.get<std::string>("dct_method");
  require<ValueError>(method.empty() || method == "INTEGER_FAST" || method == "INTEGER_ACCURATE",
                      ErrorKind::bad_argument,
                      "dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}, not '",
                      method, "'");
  return picture_shape(context);
}

// Of DecodeImage, which may have several pictures in TensorFlow.
Shapes any_picture_shape(const ShapeContext& context) {
  picture_shape(context);
  return {Shape::unknown()};
}

Tensor jpeg_picture(const HostCall& call, std::string_view bytes, int64_t channels) {
  require(channels != 4, ErrorKind::bad_argument, "JPEG does not support 4 channels");
  JpegOptions options = {.channels = channels};
  if (call.node().type() == "DecodeJpeg") {
    options.ratio = call.attr<int64_t>("ratio");
    options.fancy_upscaling = call.attr<bool>("fancy_upscaling");
    options.try_recover_truncated = call.attr<bool>("try_recover_truncated");
    options.acceptable_fraction = call.attr<double>("acceptable_fraction");
    options.accurate = call.attr<std::string>("dct_method") == "INTEGER_ACCURATE";
  }
  return decode_jpeg(bytes, options);
}

// As another dtype: to the left in 16 bits, or as a part of the most that there is.
template <typename From, typename To, typename Convert>
Tensor converted(const Tensor& pixels, DType dtype, const Convert& convert) {
  Tensor result = uninitialized_tensor(dtype, pixels.shape());
  const auto* from = static_cast<const From*>(pixels.raw());
  std::transform(from, from + pixels.element_count(), static_cast<To*>(result.raw()), convert);
  return result;
}

template <typename From>
Tensor as_parts(const Tensor& pixels) {
  const float unit = 1.0F / float{std::numeric_limits<From>::max()};
  return converted<From, float>(pixels, float32,
                                [=](From value) { return static_cast<float>(value) * unit; });
}

Tensor as_wanted(const Tensor& pixels, DType dtype) {
  if (dtype == pixels.dtype()) return pixels;
  if (pixels.dtype() == DType::uint16) return as_parts<uint16_t>(pixels);
  if (dtype == float32) return as_parts<uint8_t>(pixels);
  return converted<uint8_t, uint16_t>(
      pixels, dtype, [](uint8_t value) { return static_cast<uint16_t>(value << 8); });
}

std::vector<Tensor> decode_picture(HostCall& call) {
  const Tensor contents = call.input(0);
  require(contents.shape().rank() == 0, ErrorKind::shape_incompatible,
          "`contents` must be scalar but got shape ", contents.shape());
  const std::string& bytes = *static_cast<const std::string*>(contents.raw());
  const int64_t channels = channels_wanted(call.node().attrs);
  const DType dtype = call.node().output_dtypes[0];
  const std::string_view type = call.node().type();
  const PictureKind kind = kind_of_picture(bytes);
  require(type != "DecodeBmp" || kind == PictureKind::kBmp, ErrorKind::bad_argument,
          "DecodeBmp was given what is no BMP file");
  switch (kind) {
    case PictureKind::kJpeg:
      return {as_wanted(jpeg_picture(call, bytes, channels), dtype)};
    case PictureKind::kPng:
      // All of its bits, before it becomes parts.
      return {as_wanted(decode_png(bytes, channels, dtype == DType::uint8 ? dtype : DType::uint16),
                        dtype)};
    case PictureKind::kBmp:
      require(type == "DecodeBmp" || type == "DecodeImage", ErrorKind::bad_argument,
              "Trying to decode BMP format using a wrong op. Use `decode_bmp` or `decode_image` "
              "instead. Op used: ",
              type);
      require(channels != 1, ErrorKind::bad_argument,
              "`channels` must be 0, 3 or 4 for BMP, but got 1");
      return {as_wanted(decode_bmp(bytes, channels), dtype)};
    case PictureKind::kGif:
    case PictureKind::kWebp:
      fail<UnimplementedError>(ErrorKind::no_kernel, kind == PictureKind::kGif ? "GIF" : "WebP",
                               " files can't be decoded");
    case PictureKind::kUnknown:
      break;
  }
  fail(ErrorKind::bad_argument, "Unknown image file format. One of JPEG, PNG, BMP required.");
}

}  // namespace

void register_image_decode(OpRegistry& ops) {
  const std::vector<std::string> contents = {"contents: string"}, bytes = {"image: uint8"},
                                 any = {"image: dtype"};
  const int64_t all = 0;
  ops.add(host_op({.name = "DecodeJpeg",
                   .inputs = contents,
                   .outputs = bytes,
                   .defaults = {{"channels", all},
                                {"ratio", int64_t{1}},
                                {"fancy_upscaling", true},
                                {"try_recover_truncated", false},
                                {"acceptable_fraction", 1.0},
                                {"dct_method", std::string()}},
                   .shape = jpeg_picture_shape,
                   .host = decode_picture}));
  ops.add(host_op({.name = "DecodePng",
                   .inputs = contents,
                   .outputs = any,
                   .defaults = {{"channels", all}, {"dtype", DType::uint8}},
                   .types = {{"dtype", {DType::uint8, DType::uint16}}},
                   .shape = picture_shape,
                   .host = decode_picture}));
  ops.add(host_op({.name = "DecodeBmp",
                   .inputs = contents,
                   .outputs = bytes,
                   .defaults = {{"channels", all}},
                   .shape = picture_shape,
                   .host = decode_picture}));
  ops.add(host_op(
      {.name = "DecodeImage",
       .inputs = contents,
       .outputs = any,
       .defaults = {{"channels", all}, {"dtype", DType::uint8}, {"expand_animations", true}},
       .types = {{"dtype", {DType::uint8, DType::uint16, float32}}},
       .shape = any_picture_shape,
       .host = decode_picture}));
}

}  // namespace tenon::internal
