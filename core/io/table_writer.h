// Writing LevelDB's table.
#pragma once

#include <map>
#include <string>

#include "core/io/file.h"

namespace tenon::internal {

// Writes the entries as a table into the file, which the caller commits.
void write_table(OutputFile& file, const std::map<std::string, std::string>& entries);

}  // namespace tenon::internal
