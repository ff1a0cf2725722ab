// JPEG, by libjpeg, which reports an error by a jump: what is between its calls and where that goes
// owns nothing.
#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

// Behind <cstdio>, whose names it takes.
#include <jerror.h>
#include <jpeglib.h>

#include "core/base/check.h"
#include "core/io/picture_file.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

constexpr int64_t kMostJpegBytes = int64_t{1} << 29;
constexpr int kMostRereads = 1 << 24;
constexpr JOCTET kEndOfJpeg[] = {0xFF, JPEG_EOI};

struct JpegErrors : jpeg_error_mgr {
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave_jpeg(j_common_ptr jpeg) {
  auto* errors = static_cast<JpegErrors*>(jpeg->err);
  errors->format_message(jpeg, errors->message);
  std::longjmp(errors->back, 1);
}
void print_nothing(j_common_ptr) {}

[[noreturn]] void leave_jpeg(j_decompress_ptr jpeg, int why) {
  jpeg->err->msg_code = why;
  leave_jpeg(reinterpret_cast<j_common_ptr>(jpeg));
}

// The bytes of a file in memory.
struct JpegSource : jpeg_source_mgr {
  bool recovers;
  int rereads;
};

void do_nothing(j_decompress_ptr) {}

// There are no more bytes behind those that are being read, which are in the buffer until they have
// been. As TensorFlow, a reader that goes on where the file is cut reads these again, and then the
// end of a file; else the rows end here.
boolean find_more(j_decompress_ptr jpeg) {
  auto* source = static_cast<JpegSource*>(jpeg->src);
  if (source->bytes_in_buffer > 0) {
    return source->recovers && ++source->rereads < kMostRereads ? TRUE : FALSE;
  }
  if (!source->recovers) leave_jpeg(jpeg, JERR_INPUT_EOF);
  source->next_input_byte = kEndOfJpeg;
  source->bytes_in_buffer = sizeof kEndOfJpeg;
  return TRUE;
}

void skip(j_decompress_ptr jpeg, long count) {  // NOLINT(google-runtime-int): libjpeg's type
  jpeg_source_mgr& source = *jpeg->src;
  if (count <= 0) return;
  if (static_cast<size_t>(count) > source.bytes_in_buffer) {
    source.bytes_in_buffer = 0;
    find_more(jpeg);
    return;
  }
  source.next_input_byte += count;
  source.bytes_in_buffer -= static_cast<size_t>(count);
}

// Cyan, magenta, yellow and black as red, green and blue. Adobe's programs write them inverted.
void convert_row(const uint8_t* from, bool is_inverted, int64_t width, uint8_t* to) {
  for (int64_t i = 0; i < width; ++i, from += 4, to += 3) {
    const auto light = [&](int c) { return is_inverted ? int{from[c]} : 255 - from[c]; };
    for (int c = 0; c < 3; ++c) to[c] = static_cast<uint8_t>(light(3) * light(c) / 255);
  }
}

class JpegReader {
 public:
  JpegReader(std::string_view bytes, const JpegOptions& options) : options_(options) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = leave_jpeg;
    errors_.output_message = print_nothing;
    source_.init_source = do_nothing;
    source_.fill_input_buffer = find_more;
    source_.skip_input_data = skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = do_nothing;
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.bytes_in_buffer = bytes.size();
    source_.recovers = options.try_recover_truncated;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Reads what comes before the pixels. Both give false where libjpeg has left, for the reason that
  // message() says.
  bool begin() {
    if (setjmp(errors_.back) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.src = &source_;
    if (jpeg_read_header(&jpeg_, TRUE) != JPEG_HEADER_OK) leave_jpeg(&jpeg_, JERR_INPUT_EOF);
    const bool is_grey =
        options_.channels == 1 || (options_.channels == 0 && jpeg_.num_components < 3);
    const bool has_black = jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK;
    jpeg_.out_color_space = is_grey ? JCS_GRAYSCALE : has_black ? JCS_CMYK : JCS_RGB;
    jpeg_.do_fancy_upsampling = options_.fancy_upscaling ? TRUE : FALSE;
    jpeg_.scale_num = 1;
    jpeg_.scale_denom = static_cast<unsigned>(options_.ratio);
    jpeg_.dct_method = options_.accurate ? JDCT_ISLOW : JDCT_IFAST;
    jpeg_calc_output_dimensions(&jpeg_);
    if (height() * width() * jpeg_.num_components >= kMostJpegBytes) {
      leave_jpeg(&jpeg_, JERR_WIDTH_OVERFLOW);
    }
    if (jpeg_start_decompress(&jpeg_) == FALSE) leave_jpeg(&jpeg_, JERR_INPUT_EOF);
    return true;
  }

  // Reads the rows of pixels; `row` has room for one of four channels.
  bool read(uint8_t* pixels, uint8_t* row) {
    if (setjmp(errors_.back) != 0) return false;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      uint8_t* to = pixels + int64_t{jpeg_.output_scanline} * width() * channels();
      JSAMPROW read = has_black() ? row : to;
      if (jpeg_read_scanlines(&jpeg_, &read, 1) == 0) break;
      if (has_black()) convert_row(row, jpeg_.saw_Adobe_marker == TRUE, width(), to);
    }
    if (rows() == height()) jpeg_finish_decompress(&jpeg_);
    return true;
  }

  int64_t rows() const { return jpeg_.output_scanline; }  // that were read
  int64_t height() const { return jpeg_.output_height; }
  int64_t width() const { return jpeg_.output_width; }
  int64_t channels() const { return jpeg_.out_color_space == JCS_GRAYSCALE ? 1 : 3; }
  const char* message() const { return errors_.message; }

 private:
  bool has_black() const { return jpeg_.out_color_space == JCS_CMYK; }

  const JpegOptions options_;
  JpegErrors errors_ = {};
  JpegSource source_ = {};
  jpeg_decompress_struct jpeg_ = {};
};

}  // namespace

Tensor decode_jpeg(std::string_view bytes, const JpegOptions& options) {
  JpegReader reader(bytes, options);
  const auto check = [&](bool is_read) {
    require(is_read, ErrorKind::bad_argument,
            "The picture is no JPEG file, or is broken: ", reader.message());
  };
  check(reader.begin());
  Tensor pixels =
      uninitialized_tensor(DType::uint8, {reader.height(), reader.width(), reader.channels()});
  std::vector<uint8_t> row(static_cast<size_t>(reader.width()) * 4);
  auto* to = static_cast<uint8_t*>(pixels.raw());
  check(reader.read(to, row.data()));
  const auto rows = static_cast<double>(reader.rows()), all = static_cast<double>(reader.height());
  require(rows / all >= std::min(1.0, options.acceptable_fraction), ErrorKind::bad_argument,
          "The picture is broken: only ", rows, " of its ", all, " rows are there");
  const int64_t found = reader.rows() * reader.width() * reader.channels();
  std::fill(to + found, to + pixels.element_count(), uint8_t{0});
  return pixels;
}

}  // namespace tenon::internal
