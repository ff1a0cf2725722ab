// PNG, by libpng, which reports an error by a jump: what is between its calls and where that goes
// owns nothing.
#include <png.h>

#include <algorithm>
#include <bit>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/base/check.h"
#include "core/io/picture_file.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

constexpr size_t kMessageSize = 200;

class PngReader {
 public:
  // Of 8 or 16 bits a channel, if the file has more than 8.
  PngReader(std::string_view bytes, int64_t channels, bool is_wide)
      : bytes_(bytes), channels_(static_cast<int>(channels)), is_wide_(is_wide) {}
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Reads what comes before the pixels. Both give false where libpng has left, for the reason that
  // message() says.
  bool begin() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, leave, ignore);
    if (png_ == nullptr || setjmp(png_jmpbuf(png_)) != 0) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) png_error(png_, "there is no memory for it");
    png_set_read_fn(png_, this, take);
    png_read_info(png_, info_);
    choose_channels();
    choose_bits();
    passes_ = png_set_interlace_handling(png_);
    choose_colors();
    png_read_update_info(png_, info_);
    const size_t row = static_cast<size_t>(width()) * static_cast<size_t>(channels_) * bytes_each();
    if (png_get_rowbytes(png_, info_) != row) png_error(png_, "its rows have other channels");
    return true;
  }

  // Reads the rows of pixels, each `row` bytes.
  bool read(uint8_t* pixels, size_t row) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    for (int pass = 0; pass < passes_; ++pass) {
      for (int64_t i = 0; i < height(); ++i) {
        png_read_row(png_, pixels + static_cast<size_t>(i) * row, nullptr);
      }
    }
    png_read_end(png_, nullptr);
    return true;
  }

  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t width() const { return png_get_image_width(png_, info_); }
  int64_t channels() const { return channels_; }
  size_t bytes_each() const { return png_get_bit_depth(png_, info_) == 16 ? 2 : 1; }
  const char* message() const { return message_; }

 private:
  [[noreturn]] static void leave(png_structp png, png_const_charp message) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(reader->message_, message, kMessageSize - 1);
    png_longjmp(png, 1);
  }
  static void ignore(png_structp, png_const_charp) {}
  static void take(png_structp png, png_bytep to, size_t count) {
    std::string_view& bytes = static_cast<PngReader*>(png_get_io_ptr(png))->bytes_;
    if (count > bytes.size()) png_error(png, "it ends too soon");
    std::memcpy(to, bytes.data(), count);
    bytes.remove_prefix(count);
  }

  bool has(int color) const { return (png_get_color_type(png_, info_) & color) != 0; }
  bool is_transparent() const { return png_get_valid(png_, info_, PNG_INFO_tRNS) != 0; }

  // Opacity is the last of an even number of channels.
  void choose_channels() {
    if (channels_ == 0) {
      channels_ =
          has(PNG_COLOR_MASK_PALETTE) ? (is_transparent() ? 4 : 3) : png_get_channels(png_, info_);
    }
    const bool has_opacity = has(PNG_COLOR_MASK_ALPHA), wants_it = channels_ % 2 == 0;
    if (wants_it && !has_opacity && is_transparent()) png_set_tRNS_to_alpha(png_);
    if (wants_it && !has_opacity && !is_transparent()) {
      const unsigned opaque = (1U << png_get_bit_depth(png_, info_)) - 1;
      png_set_add_alpha(png_, opaque, PNG_FILLER_AFTER);
    }
    if (!wants_it && (has_opacity || is_transparent())) png_set_strip_alpha(png_);
  }
  void choose_bits() {
    if (png_get_bit_depth(png_, info_) > 8 && !is_wide_) png_set_strip_16(png_);
    png_set_packing(png_);
    if (is_wide_ && std::endian::native == std::endian::little) png_set_swap(png_);
  }
  void choose_colors() {
    if (has(PNG_COLOR_MASK_PALETTE)) png_set_palette_to_rgb(png_);
    const bool is_grey = !has(PNG_COLOR_MASK_COLOR), wants_grey = channels_ < 3;
    if (is_grey && png_get_bit_depth(png_, info_) < 8) png_set_expand_gray_1_2_4_to_8(png_);
    constexpr double kRed = 0.299, kGreen = 0.587;  // what they count for brightness
    if (wants_grey && !is_grey) png_set_rgb_to_gray(png_, PNG_ERROR_ACTION_NONE, kRed, kGreen);
    if (!wants_grey && is_grey) png_set_gray_to_rgb(png_);
  }

  std::string_view bytes_;  // that weren't read yet
  int channels_;
  const bool is_wide_;
  int passes_ = 1;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char message_[kMessageSize] = {};
};

// 0xAB as 0xABAB, so that white is white.
Tensor widened(const Tensor& narrow) {
  Tensor wide = uninitialized_tensor(DType::uint16, narrow.shape());
  const auto* from = static_cast<const uint8_t*>(narrow.raw());
  std::transform(from, from + narrow.element_count(), static_cast<uint16_t*>(wide.raw()),
                 [](uint8_t value) { return static_cast<uint16_t>(value * 0x101); });
  return wide;
}

}  // namespace

Tensor decode_png(std::string_view bytes, int64_t channels, DType dtype) {
  PngReader reader(bytes, channels, dtype == DType::uint16);
  const auto check = [&](bool is_read) {
    require(is_read, ErrorKind::bad_argument,
            "The picture is no PNG file, or is broken: ", reader.message());
  };
  check(reader.begin());
  constexpr int64_t kMostPixels = int64_t{1} << 29;
  const int64_t height = reader.height(), width = reader.width();
  require(height * width < kMostPixels, ErrorKind::bad_argument, "The picture has ", height, " by ",
          width, " pixels, which are too many");
  const DType found = reader.bytes_each() == 2 ? DType::uint16 : DType::uint8;
  Tensor pixels = uninitialized_tensor(found, {height, width, reader.channels()});
  const size_t row = pixels.bytes() / static_cast<size_t>(height);
  check(reader.read(static_cast<uint8_t*>(pixels.raw()), row));
  return found == dtype ? pixels : widened(pixels);
}

}  // namespace tenon::internal
