// Numbers as files hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tenon::internal {

// The lowest `count` bytes of a number, the lowest first.
inline void append_little_endian(std::string& bytes, uint64_t number, size_t count) {
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace tenon::internal
