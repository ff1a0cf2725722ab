// A file's bytes, without reading them first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::internal {

// The pages of a file that are read when they are looked at. Unlike InputFile it can't tell when
// somebody else cuts the file short meanwhile: for files that nobody writes, as models are. Throws
// as InputFile does.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tenon::internal
