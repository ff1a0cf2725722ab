// The zip archives that NumPy's .npz files are: members stored or deflated, of any size (zip64).
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/file.h"

namespace tenon::internal {

// What an archive's directory says of a member.
struct ZipMember {
  std::string name;
  bool deflated = false;
  uint32_t crc = 0;
  uint64_t stored_bytes = 0, bytes = 0;
  uint64_t offset = 0;  // of its local header
};

// Whether the file begins as an archive, or as an empty one.
bool is_zip(const InputFile& file);

// The directory. Throws DataLossError (corrupt_file) where it can't be read, or names what lies
// beyond the file; UnimplementedError (bad_argument) for members that are encrypted or compressed
// otherwise.
std::vector<ZipMember> zip_members(const InputFile& file);

// Reads a member from its beginning to its end, which must come where the directory says, with the
// checksum that it says; else DataLossError (corrupt_file).
class ZipMemberReader {
 public:
  ZipMemberReader(const InputFile& file, const ZipMember& member);
  ~ZipMemberReader();
  ZipMemberReader(const ZipMemberReader&) = delete;
  ZipMemberReader& operator=(const ZipMemberReader&) = delete;

  void read(void* to, size_t bytes);
  // That nothing is left, and the checksum.
  void finish();
  // Passes over what is left, and checks the same.
  void skip_to_end();
  // The bytes that haven't been read yet.
  uint64_t left() const { return left_; }

 private:
  void refill();
  void inflate_into(char* to, size_t bytes);
  [[noreturn]] void fail_member(std::string_view problem) const;

  const InputFile& file_;
  const ZipMember& member_;
  uint64_t at_ = 0;           // in the file
  uint64_t stored_left_ = 0;  // from there on
  uint64_t left_ = 0;
  uint32_t crc_ = 0;
  std::string chunk_;
  z_stream stream_ = {};
};

// Writes an archive of stored members.
class ZipWriter {
 public:
  explicit ZipWriter(const std::string& path) : file_(path) {}
  // A member whose contents are `first` and then `second`.
  void add(const std::string& name, std::string_view first, std::string_view second);
  void commit();

 private:
  OutputFile file_;
  std::vector<ZipMember> members_;
};

}  // namespace tenon::internal
