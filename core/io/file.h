// Files, read where they lie and written so that nothing is lost: a file has its name only once all
// of it is on the disk.
//
// Whatever the system refuses throws, naming the file and the system's own reason: NotFoundError
// (no_such_file), and as file_failed PermissionDeniedError, ResourceExhaustedError (a full disk) or
// RuntimeError.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::internal {

// A file that is open for reading. It is read by pread, not mapped: a file that somebody else cuts
// short is then an error, where a mapped one would end the process. Thread-safe.
class InputFile {
 public:
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  int descriptor() const { return descriptor_; }  // the system's, as long as this lives
  // Reads `bytes` bytes from `offset` on. Throws DataLossError (corrupt_file) where the file ends
  // before: check lengths that come from a file against size() before memory is taken for them.
  void read(uint64_t offset, void* to, size_t bytes) const;

 private:
  std::string path_;
  uint64_t size_ = 0;
  int descriptor_ = -1;
};

// A file while it is written: under a temporary name beside its own, and removed if it is never
// committed.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  uint64_t size() const { return size_; }
  // Puts all of it on the disk, then gives the file its name. The name itself is on the disk after
  // sync_folder_of(path).
  void commit();

 private:
  void flush();

  std::string path_, temporary_;
  std::string waiting_;  // short writes are put together
  uint64_t size_ = 0;
  uint64_t started_ = 0;  // so many bytes are on their way to the disk
  int descriptor_ = -1;
};

// A new file under its own name that others read while it grows.
class GrowingFile {
 public:
  explicit GrowingFile(std::string path);
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  void write(std::string_view bytes);

 private:
  std::string path_;
  int descriptor_ = -1;
};

// The calls by which files are written; tests put failing ones in their place.
struct FileCalls {
  ssize_t (*write)(int descriptor, const void* bytes, size_t count);
  int (*fsync)(int descriptor);
  int (*rename)(const char* from, const char* to);
};
FileCalls& file_calls();

// A small file's contents, and the same written as OutputFile does, its name on the disk too.
std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view contents);

bool file_exists(const std::string& path);
bool folder_exists(const std::string& path);
// False if it wasn't there.
bool remove_file(const std::string& path);
void sync_folder_of(const std::string& path);
// Makes the folder and those above it where they are missing.
void make_folder(const std::string& path);
// The names in a folder, in order; none where there is no such folder.
std::vector<std::string> names_in(const std::string& folder);

// "a/b" of "a/b/c", "." of "c", "/" of "/c"; "c" of both. "a/b/" is the empty name in a/b.
std::string folder_of(const std::string& path);
std::string name_of(const std::string& path);
std::string joined_path(const std::string& folder, const std::string& name);

}  // namespace tenon::internal
