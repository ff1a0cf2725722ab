// Pictures as PNG files.
#pragma once

#include <cstdint>
#include <string>

namespace tenon::cpu {

// Of 8 bits a channel: grey (1), red, green, blue (3), or these and opacity (4); rows from the top.
std::string encode_png(const uint8_t* pixels, int64_t height, int64_t width, int64_t channels);

}  // namespace tenon::cpu
