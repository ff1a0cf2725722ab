// Reading files of protobuf messages: what is no such message is an error that names the file.
#pragma once

#include <protozero/exception.hpp>
#include <string_view>

#include "core/base/check.h"
#include "core/io/file_kind.h"

namespace tenon::internal {

// Throws DataLossError (corrupt_file): "model.pb is no <kind> (<why>)", and what it is, where that
// can be seen.
[[noreturn]] inline void fail_reading(std::string_view file, std::string_view bytes,
                                      std::string_view kind, std::string_view why) {
  const std::string_view other = kind_of_file(bytes);
  fail<DataLossError>(ErrorKind::corrupt_file, file, " is no ", kind, " (", why, ')',
                      other.empty() ? "" : ": it is ", other);
}

// What `read` answers. Throws as fail_reading does where it meets bytes that are no message.
template <typename Read>
auto reading(std::string_view file, std::string_view bytes, std::string_view kind,
             const Read& read) {
  try {
    return read();
  } catch (const protozero::exception& error) {
    fail_reading(file, bytes, kind, error.what());
  }
}

}  // namespace tenon::internal
