// Where a fuzzer puts the files that it has read.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

// A folder of the process's own.
inline const std::string& folder() {
  static const std::string path = [] {
    const std::string made =
        (std::filesystem::temp_directory_path() / ("tenon-fuzz-" + std::to_string(getpid())))
            .string();
    std::filesystem::create_directories(made);
    return made;
  }();
  return path;
}
