// Philox 4x32-10: random blocks of 128 bits by their number, keyed as TensorFlow keys them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace tenon::internal {

struct RandomBlock {
  uint32_t words[4];
  TENON_HOST_DEVICE uint32_t operator[](size_t i) const { return words[i]; }
};

class Philox {
 public:
  // The stream of a graph's seed and an operation's seed.
  Philox(uint64_t seed, uint64_t seed2)
      : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}, high_(seed2) {}

  // Block number `index` of the stream.
  TENON_HOST_DEVICE RandomBlock block(uint64_t index) const {
    RandomBlock counter = {{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                            static_cast<uint32_t>(high_), static_cast<uint32_t>(high_ >> 32)}};
    uint32_t key[2] = {key_[0], key_[1]};
    for (int round = 0; round < 10; ++round) {
      const uint64_t a = uint64_t{0xD2511F53} * counter[0], b = uint64_t{0xCD9E8D57} * counter[2];
      counter = {{static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
                  static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)}};
      key[0] += 0x9E3779B9;
      key[1] += 0xBB67AE85;
    }
    return counter;
  }

 private:
  uint32_t key_[2];
  uint64_t high_;  // the upper half of the counter
};

// Numbers in [0, 1) from random bits: the mantissa is filled with them.
TENON_HOST_DEVICE inline float unit_float(uint32_t bits) {
  return bits_as<float>(0x3f800000u | (bits & 0x7fffffu)) - 1.0f;
}
TENON_HOST_DEVICE inline double unit_double(uint32_t high, uint32_t low) {
  const uint64_t mantissa = uint64_t{high & 0xfffffu} << 32 | low;
  return bits_as<double>(uint64_t{1023} << 52 | mantissa) - 1.0;
}

}  // namespace tenon::internal
