// How TensorFlow's V2 checkpoints store strings: the lengths, a checksum of these, the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/tensor.h"

namespace tenon::internal {

// The strings' bytes in a file, and their checksum, which isn't one over just these bytes.
struct StoredStrings {
  std::string bytes;
  uint32_t crc = 0;  // not masked
};
StoredStrings encode_strings(const Tensor& tensor);

// Puts the strings into the tensor and gives their checksum to `crc`. False when the bytes aren't
// those of so many strings.
bool decode_strings(std::string_view bytes, Tensor& tensor, uint32_t& crc);

}  // namespace tenon::internal
