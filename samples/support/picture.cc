#include "support/picture.h"

#include <png.h>
#include <tenon/tenon.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace samples {
namespace {

png_image image_of(const Picture& picture) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = png_uint_32(picture.width);
  image.height = png_uint_32(picture.height);
  image.format = PNG_FORMAT_RGB;
  return image;
}

[[noreturn]] void fail(const std::string& what, const png_image& image) {
  throw tenon::InvalidArgumentError(tenon::ErrorKind::bad_argument,
                                    what + ": " + std::string(image.message));
}

std::string base64(const std::vector<uint8_t>& bytes) {
  static constexpr char kLetters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < count ? bytes[i + j] : 0u);
    for (size_t j = 0; j < 4; ++j) text += j <= count ? kLetters[bits >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

struct Tap {
  int from;
  double weight;
};

// What each of `to` pixels in a row takes of `from` pixels: as OpenCV's INTER_AREA, the mean of
// what it covers, or between two pixels where the row grows.
std::vector<std::vector<Tap>> taps(int from, int to) {
  const double scale = double(from) / to;
  std::vector<std::vector<Tap>> all(to);
  for (int i = 0; i < to; ++i) {
    const double begin = i * scale, end = std::min<double>(begin + scale, from);
    const int first = int(begin);
    if (scale < 1) {
      const double next = std::max(0., i + 1 - (first + 1) / scale);
      all[i] = {{first, 1 - next}, {std::min(first + 1, from - 1), next}};
      continue;
    }
    for (int j = first; j < end; ++j) {
      const double covered = std::min<double>(j + 1, end) - std::max<double>(j, begin);
      all[i].push_back({j, covered / (end - begin)});
    }
  }
  return all;
}

}  // namespace

Picture read_png(const std::string& path) {
  png_image image = image_of({});
  if (png_image_begin_read_from_file(&image, path.c_str()) == 0) {
    fail("Can't read the picture " + path, image);
  }
  image.format = PNG_FORMAT_RGB;
  Picture picture = {int(image.width), int(image.height), {}};
  picture.rgb.resize(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, picture.rgb.data(), 0, nullptr) == 0) {
    fail("Can't read the picture " + path, image);
  }
  return picture;
}

void write_png(const Picture& picture, const std::string& path) {
  png_image image = image_of(picture);
  if (png_image_write_to_file(&image, path.c_str(), 0, picture.rgb.data(), 0, nullptr) == 0) {
    fail("Can't write the picture " + path, image);
  }
}

std::string data_url(const Picture& picture) {
  png_image image = image_of(picture);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<uint8_t> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.rgb.data(), 0, nullptr) ==
      0) {
    fail("Can't write a picture", image);
  }
  bytes.resize(size);
  return "data:image/png;base64," + base64(bytes);
}

void draw_frame(Picture& picture, int x, int y, int width, int height, int thick,
                std::array<uint8_t, 3> colour) {
  for (int j = std::max(y, 0); j < std::min(y + height, picture.height); ++j) {
    for (int i = std::max(x, 0); i < std::min(x + width, picture.width); ++i) {
      const int depth = std::min({i - x, j - y, x + width - 1 - i, y + height - 1 - j});
      if (depth < thick) std::memcpy(picture.pixel(i, j), colour.data(), 3);
    }
  }
}

void draw_disc(Picture& picture, int x, int y, int radius, std::array<uint8_t, 3> colour) {
  for (int j = std::max(y - radius, 0); j <= std::min(y + radius, picture.height - 1); ++j) {
    for (int i = std::max(x - radius, 0); i <= std::min(x + radius, picture.width - 1); ++i) {
      const int square = (i - x) * (i - x) + (j - y) * (j - y);
      if (square <= radius * radius) std::memcpy(picture.pixel(i, j), colour.data(), 3);
    }
  }
}

void resample(const Picture& picture, int x, int y, int from_width, int from_height, int width,
              int height, float* values) {
  const auto columns = taps(from_width, width), rows = taps(from_height, height);
  for (const auto& column : columns) {
    for (const auto& row : rows) {
      double sums[3] = {};
      for (const Tap& across : column) {
        const int i = x + across.from;
        if (i < 0 || i >= picture.width) continue;
        for (const Tap& down : row) {
          const int j = y + down.from;
          if (j < 0 || j >= picture.height) continue;
          const uint8_t* pixel = picture.pixel(i, j);
          for (int k = 0; k < 3; ++k) sums[k] += across.weight * down.weight * pixel[k];
        }
      }
      for (const double sum : sums) *values++ = float((sum - 127.5) / 128);
    }
  }
}

}  // namespace samples
