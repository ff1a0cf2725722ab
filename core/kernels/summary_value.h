// Values of the protobuf message Summary, which TensorBoard shows.
#pragma once

#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

namespace tenon::internal {

// Adds a value to a summary; `write` writes what it is besides its tag.
template <typename Write>
void add_summary_value(std::string& summary, std::string_view tag, const Write& write) {
  protozero::pbf_writer message(summary);
  protozero::pbf_writer value(message, 1);
  value.add_string(1, tag.data(), tag.size());
  write(value);
}

inline void add_summary_scalar(std::string& summary, std::string_view tag, float number) {
  add_summary_value(summary, tag, [&](auto& value) { value.add_float(2, number); });
}

}  // namespace tenon::internal
