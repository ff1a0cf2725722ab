// What all readers and writers of protobuf messages share.
//
// Reading throws protozero::exception for bytes that are no such message; whoever knows the file
// turns that into a DataLossError.
#pragma once

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/types.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace tenon::internal {

// A field by its number and how it must be written, for a switch: protozero takes it as given that
// a field is read as it was written.
constexpr uint32_t varint_field(uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::varint);
}
constexpr uint32_t bytes_field(uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::length_delimited);
}
constexpr uint32_t fixed32_field(uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::fixed32);
}

inline protozero::pbf_reader reader_of(std::string_view bytes) {
  return protozero::pbf_reader(bytes.data(), bytes.size());
}

inline std::string_view view_of(protozero::pbf_reader& message) {
  const protozero::data_view view = message.get_view();
  return {view.data(), view.size()};
}

// The bytes of field `number`, the last where there are several; empty where there is none.
inline std::string_view message_field(std::string_view bytes, uint32_t number) {
  std::string_view found;
  protozero::pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(number)) {
      found = view_of(message);
    } else {
      message.skip();
    }
  }
  return found;
}

// An entry of a map: its key (field 1) and the bytes of its value (field 2).
inline std::pair<std::string_view, std::string_view> decode_entry(protozero::pbf_reader entry) {
  std::pair<std::string_view, std::string_view> pair;
  while (entry.next()) {
    switch (entry.tag_and_type()) {
      case bytes_field(1):
        pair.first = view_of(entry);
        break;
      case bytes_field(2):
        pair.second = view_of(entry);
        break;
      default:
        entry.skip();
    }
  }
  return pair;
}

inline void add_entry(protozero::pbf_writer& message, uint32_t field, const std::string& key,
                      const std::string& value) {
  protozero::pbf_writer entry(message, field);
  entry.add_string(1, key);
  entry.add_bytes(2, value);
}

// A field that holds one message: where it is there several times, they are one message with the
// fields of all.
class MessageField {
 public:
  MessageField() = default;
  MessageField(const MessageField&) = delete;  // it may view its own bytes
  MessageField& operator=(const MessageField&) = delete;

  void add(std::string_view bytes) {
    if (!given_) {
      bytes_ = bytes;
      given_ = true;
      return;
    }
    joined_ = std::string(bytes_) + std::string(bytes);
    bytes_ = joined_;
  }
  bool given() const { return given_; }
  std::string_view bytes() const { return bytes_; }  // until the field is added to or gone

 private:
  bool given_ = false;
  std::string_view bytes_;
  std::string joined_;
};

}  // namespace tenon::internal
