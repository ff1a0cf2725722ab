// Reading files of protobuf messages: what is no such message is an error that names the file.
#pragma once

#include <protozero/exception.hpp>
#include <string_view>

#include "core/base/check.h"

namespace tenon::internal {

// What `read` answers. Throws DataLossError (corrupt_file) where it meets bytes that are no
// message: "model.pb is no <kind> (...)".
template <typename Read>
auto reading(std::string_view file, std::string_view kind, const Read& read) {
  try {
    return read();
  } catch (const protozero::exception& error) {
    fail<DataLossError>(ErrorKind::corrupt_file, file, " is no ", kind, " (", error.what(), ')');
  }
}

}  // namespace tenon::internal
