#include "cpu_fallback/png.h"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"

namespace tenon::cpu {

namespace {

using internal::require;

void add_big_endian(std::string& bytes, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<unsigned char>(number >> shift));
  }
}

// A chunk: its length, and its checksum over type and contents.
void add_chunk(std::string& file, std::string_view type, std::string_view contents) {
  add_big_endian(file, static_cast<uint32_t>(contents.size()));
  const size_t begin = file.size();
  file += type;
  file += contents;
  const auto* bytes = reinterpret_cast<const Bytef*>(file.data() + begin);
  add_big_endian(file, static_cast<uint32_t>(crc32_z(0, bytes, file.size() - begin)));
}

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string to(size, '\0');
  const int status =
      compress2(reinterpret_cast<Bytef*>(to.data()), &size,
                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_DEFAULT_COMPRESSION);
  require<ResourceExhaustedError>(status == Z_OK, ErrorKind::resource_exhausted,
                                  "zlib can't compress a picture of ", bytes.size(), " bytes");
  to.resize(size);
  return to;
}

}  // namespace

std::string encode_png(const uint8_t* pixels, int64_t height, int64_t width, int64_t channels) {
  constexpr char grey = 0, colours = 2, with_opacity = 6;
  std::string header;
  add_big_endian(header, static_cast<uint32_t>(width));
  add_big_endian(header, static_cast<uint32_t>(height));
  header += '\x08';  // bits a channel
  header += channels == 1 ? grey : channels == 3 ? colours : with_opacity;
  header.append(3, '\0');  // deflated, filtered, not interlaced
  const auto row = static_cast<size_t>(width * channels);
  std::string rows;
  rows.reserve((row + 1) * static_cast<size_t>(height));
  for (int64_t y = 0; y < height; ++y, pixels += row) {
    rows += '\0';  // the filter of the row: none
    rows.append(reinterpret_cast<const char*>(pixels), row);
  }
  std::string file = "\x89PNG\r\n\x1a\n";
  add_chunk(file, "IHDR", header);
  add_chunk(file, "IDAT", deflated(rows));
  add_chunk(file, "IEND", {});
  return file;
}

}  // namespace tenon::cpu
