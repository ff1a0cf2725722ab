#include "core/io/mapped_file.h"

#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "core/base/check.h"
#include "core/io/file.h"

namespace tenon::internal {

MappedFile::MappedFile(const std::string& path) {
  const InputFile file(path);
  size_ = static_cast<size_t>(file.size());
  if (size_ == 0) return;
  data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (data_ == MAP_FAILED) {
    data_ = nullptr;
    fail<RuntimeError>(ErrorKind::file_failed, "Cannot map ", path, ": ",
                       std::error_code(errno, std::generic_category()).message());
  }
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(data_, size_);
}

}  // namespace tenon::internal
