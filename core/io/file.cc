#include "core/io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tenon/error.h"

namespace tenon::internal {

namespace {

constexpr size_t kShortWrite = size_t{1} << 18;
constexpr uint64_t kStartedAtOnce = uint64_t{8} << 20;
constexpr size_t kMostAtOnce = size_t{1} << 30;  // the system takes no more than 2 GiB in one call

[[noreturn]] void fail_file(int error, std::string_view doing, const std::string& path) {
  const std::string message = str("Cannot ", doing, " ", path, ": ",
                                  std::error_code(error, std::generic_category()).message());
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      fail<NotFoundError>(ErrorKind::no_such_file, message);
    case EACCES:
    case EPERM:
    case EROFS:
      fail<PermissionDeniedError>(ErrorKind::file_failed, message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      fail<ResourceExhaustedError>(ErrorKind::file_failed, message);
    default:
      fail<RuntimeError>(ErrorKind::file_failed, message);
  }
}

int open_or_fail(const std::string& path, int flags, std::string_view doing) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) fail_file(errno, doing, path);
  return descriptor;
}

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put =
        file_calls().write(descriptor, bytes.data(), std::min(bytes.size(), kMostAtOnce));
    if (put < 0) {
      if (errno == EINTR) continue;
      fail_file(errno, "write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

// Has the system put on the disk what was written, while the rest is made. It is a hint: what fails
// by it is told by fsync.
void start_sync([[maybe_unused]] int descriptor, [[maybe_unused]] uint64_t from,
                [[maybe_unused]] uint64_t to) {
#ifdef __linux__
  ::sync_file_range(descriptor, static_cast<off64_t>(from), static_cast<off64_t>(to - from),
                    SYNC_FILE_RANGE_WRITE);
#endif
}

}  // namespace

FileCalls& file_calls() {
  static FileCalls calls = {::write, ::fsync, std::rename};
  return calls;
}

GrowingFile::GrowingFile(std::string path) : path_(std::move(path)) {
  descriptor_ = open_or_fail(path_, O_WRONLY | O_CREAT | O_EXCL, "create");
}

GrowingFile::~GrowingFile() { ::close(descriptor_); }

void GrowingFile::write(std::string_view bytes) { write_all(descriptor_, bytes, path_); }

InputFile::InputFile(std::string path) : path_(std::move(path)) {
  descriptor_ = open_or_fail(path_, O_RDONLY, "open");
  struct stat about = {};
  const bool known = ::fstat(descriptor_, &about) == 0;
  if (known && S_ISREG(about.st_mode)) {
    size_ = static_cast<uint64_t>(about.st_size);
    return;
  }
  const int error = known ? EISDIR : errno;
  ::close(descriptor_);
  if (known && !S_ISDIR(about.st_mode)) {
    fail<RuntimeError>(ErrorKind::file_failed, "Cannot read ", path_, ": it is no plain file");
  }
  fail_file(error, "read", path_);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(uint64_t offset, void* to, size_t bytes) const {
  auto* next = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got =
        ::pread(descriptor_, next, std::min(bytes, kMostAtOnce), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      fail_file(errno, "read", path_);
    }
    require<DataLossError>(got > 0, ErrorKind::corrupt_file, "The file ", path_, " ends at byte ",
                           offset, ", ", bytes, " bytes short of what it should hold");
    next += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
}

OutputFile::OutputFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".temp") {
  descriptor_ = open_or_fail(temporary_, O_WRONLY | O_CREAT | O_TRUNC, "create");
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void OutputFile::flush() {
  write_all(descriptor_, waiting_, path_);
  waiting_.clear();
}

void OutputFile::write(std::string_view bytes) {
  size_ += bytes.size();
  if (waiting_.size() + bytes.size() > kShortWrite) flush();
  if (bytes.size() <= kShortWrite) {
    waiting_ += bytes;
    return;
  }
  write_all(descriptor_, bytes, path_);
  if (size_ - started_ < kStartedAtOnce) return;
  start_sync(descriptor_, started_, size_);
  started_ = size_;
}

void OutputFile::commit() {
  flush();
  if (file_calls().fsync(descriptor_) != 0) fail_file(errno, "write", path_);
  if (file_calls().rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail_file(errno, "write", path_);
  }
  ::close(std::exchange(descriptor_, -1));
}

std::string read_file(const std::string& path) {
  const InputFile file(path);
  std::string contents(file.size(), '\0');
  file.read(0, contents.data(), contents.size());
  return contents;
}

void write_file(const std::string& path, std::string_view contents) {
  OutputFile file(path);
  file.write(contents);
  file.commit();
  sync_folder_of(path);
}

bool file_exists(const std::string& path) {
  struct stat about = {};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

bool folder_exists(const std::string& path) {
  struct stat about = {};
  return ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

bool remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail_file(errno, "remove", path);
  return false;
}

void sync_folder_of(const std::string& path) {
  const std::string folder = folder_of(path);
  const int descriptor = open_or_fail(folder, O_RDONLY | O_DIRECTORY, "write to folder");
  const int error = file_calls().fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // Some file systems don't sync folders, and say so.
  if (error != 0 && error != EINVAL) fail_file(error, "write to folder", folder);
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail_file(error.value(), "make folder", path);
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator at(folder, error);
  while (!error && at != std::filesystem::directory_iterator()) {
    names.push_back(at->path().filename().string());
    at.increment(error);
  }
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    fail_file(error.value(), "list folder", folder);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string joined_path(const std::string& folder, const std::string& name) {
  if (folder.empty() || folder == "." || (!name.empty() && name[0] == '/')) return name;
  return folder.back() == '/' ? folder + name : folder + '/' + name;
}

}  // namespace tenon::internal
