// CRC-32C (Castagnoli), the checksum of TensorFlow's checkpoints and event files.
#pragma once

#include <cstdint>
#include <string_view>

namespace tenon::internal {

// The checksum of what `crc` is the checksum of, followed by these bytes.
uint32_t extend_crc32c(uint32_t crc, std::string_view bytes);
inline uint32_t crc32c(std::string_view bytes) { return extend_crc32c(0, bytes); }
// The checksum of two stretches behind each other, from that of each.
uint32_t joined_crc32c(uint32_t first, uint32_t second, uint64_t bytes_of_second);

// The same by tables alone, as where the processor has no instruction for it.
uint32_t extend_crc32c_by_tables(uint32_t crc, std::string_view bytes);

// A checksum that is stored beside its data is masked, so that a checksum over both isn't a
// constant.
inline uint32_t masked_crc(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace tenon::internal
