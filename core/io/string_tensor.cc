#include "core/io/string_tensor.h"

#include <cstring>
#include <limits>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>
#include <string>
#include <vector>

#include "core/io/crc32c.h"

namespace tenon::internal {

namespace {

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// The checksum counts a length as four bytes, one that needs more as eight.
uint32_t extend_by_length(uint32_t crc, uint64_t length) {
  if (length > std::numeric_limits<uint32_t>::max()) return extend_crc32c(crc, bytes_of(length));
  return extend_crc32c(crc, bytes_of(static_cast<uint32_t>(length)));
}

}  // namespace

StoredStrings encode_strings(const Tensor& tensor) {
  StoredStrings stored;
  for (const std::string& text : tensor.data<std::string>()) {
    protozero::write_varint(std::back_inserter(stored.bytes), text.size());
    stored.crc = extend_by_length(stored.crc, text.size());
  }
  const uint32_t lengths_crc = masked_crc(stored.crc);
  stored.bytes += bytes_of(lengths_crc);
  stored.crc = extend_crc32c(stored.crc, bytes_of(lengths_crc));
  for (const std::string& text : tensor.data<std::string>()) {
    stored.bytes += text;
    stored.crc = extend_crc32c(stored.crc, text);
  }
  return stored;
}

bool decode_strings(std::string_view bytes, Tensor& tensor, uint32_t& crc) {
  const auto strings = tensor.mutable_data<std::string>();
  std::vector<uint64_t> lengths;
  const char *at = bytes.data(), *end = bytes.data() + bytes.size();
  crc = 0;
  try {
    for (size_t i = 0; i < strings.size(); ++i) {
      lengths.push_back(protozero::decode_varint(&at, end));
      crc = extend_by_length(crc, lengths.back());
    }
  } catch (const protozero::exception&) {
    return false;
  }
  uint32_t lengths_crc = 0;
  if (static_cast<size_t>(end - at) < sizeof lengths_crc) return false;
  std::memcpy(&lengths_crc, at, sizeof lengths_crc);
  at += sizeof lengths_crc;
  if (lengths_crc != masked_crc(crc)) return false;
  crc = extend_crc32c(crc, bytes_of(lengths_crc));
  for (size_t i = 0; i < strings.size(); ++i) {
    if (lengths[i] > static_cast<uint64_t>(end - at)) return false;
    strings[i].assign(at, lengths[i]);
    crc = extend_crc32c(crc, strings[i]);
    at += lengths[i];
  }
  return at == end;
}

}  // namespace tenon::internal
