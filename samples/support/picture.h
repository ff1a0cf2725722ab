// Pictures in colour: read from and written to PNG files by libpng, cut out and brought to size.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace samples {

struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // row by row

  uint8_t* pixel(int x, int y) { return &rgb[(size_t(y) * width + x) * 3]; }
  const uint8_t* pixel(int x, int y) const { return &rgb[(size_t(y) * width + x) * 3]; }
};

// Both throw tenon::Error (bad_argument), with libpng's words, when the file can't be read or
// written.
Picture read_png(const std::string& path);
void write_png(const Picture& picture, const std::string& path);

// The picture as the `src` of an HTML image.
std::string data_url(const Picture& picture);

// A frame inside of the rectangle's edge, as many pixels thick. What lies beyond the picture isn't
// drawn.
void draw_frame(Picture& picture, int x, int y, int width, int height, int thick,
                std::array<uint8_t, 3> colour);
void draw_disc(Picture& picture, int x, int y, int radius, std::array<uint8_t, 3> colour);

// The rectangle of a picture, brought to width x height pixels: where it shrinks a pixel is the
// mean of the area that it covers. What lies beyond the picture is black. Values are (grey - 127.5)
// / 128, three for each pixel, column by column: the order in which MTCNN was trained.
void resample(const Picture& picture, int x, int y, int from_width, int from_height, int width,
              int height, float* values);

}  // namespace samples
