// The headers that sources of generated kernels include, as text that travels in the module.
#pragma once

namespace tenon::cuda {

struct GeneratedHeader {
  const char* name;  // as it is included
  const char* text;
};
// Made by CMake (cuda/CMakeLists.txt), which says which file stands for which name.
extern const GeneratedHeader kGeneratedHeaders[18];

}  // namespace tenon::cuda
