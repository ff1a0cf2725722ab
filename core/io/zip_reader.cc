#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/io/zip.h"

namespace tenon::internal {

namespace {

constexpr uint32_t kLocalSignature = 0x04034b50, kDirectorySignature = 0x02014b50,
                   kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                   kLocatorSignature = 0x07064b50;
constexpr size_t kLocalBytes = 30, kDirectoryBytes = 46, kEndBytes = 22, kEnd64Bytes = 56,
                 kLocatorBytes = 20;
constexpr uint32_t kIn64 = 0xffffffff;  // the number stands in the field for zip64
constexpr size_t kInflateAtOnce = size_t{1} << 18;
constexpr uint64_t kMostDeflation = 1032;  // bytes of one

template <typename T>
T number_at(std::string_view bytes, size_t at) {
  T number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

[[noreturn]] void fail_zip(const InputFile& file, std::string_view problem) {
  fail<DataLossError>(ErrorKind::corrupt_file, file.path(), " is no whole zip archive: ", problem);
}

std::string read_bytes(const InputFile& file, uint64_t at, uint64_t count) {
  if (count > file.size() || at > file.size() - count) fail_zip(file, "it is cut short");
  std::string bytes(count, '\0');
  file.read(at, bytes.data(), bytes.size());
  return bytes;
}

struct Directory {
  uint64_t entries = 0, offset = 0, bytes = 0;
};

// The end of the directory is at the end of the file, behind it only a comment.
Directory find_directory(const InputFile& file) {
  const uint64_t tail_bytes = std::min<uint64_t>(file.size(), kEndBytes + UINT16_MAX);
  const uint64_t tail_at = file.size() - tail_bytes;
  const std::string tail = read_bytes(file, tail_at, tail_bytes);
  if (tail.size() < kEndBytes) fail_zip(file, "it is too short");
  size_t end = tail.size() - kEndBytes;
  while (number_at<uint32_t>(tail, end) != kEndSignature ||
         end + kEndBytes + number_at<uint16_t>(tail, end + 20) != tail.size()) {
    if (end-- == 0) fail_zip(file, "it has no directory");
  }
  Directory directory{number_at<uint16_t>(tail, end + 10), number_at<uint32_t>(tail, end + 16),
                      number_at<uint32_t>(tail, end + 12)};
  if (end >= kLocatorBytes && number_at<uint32_t>(tail, end - kLocatorBytes) == kLocatorSignature) {
    const auto at = number_at<uint64_t>(tail, end - kLocatorBytes + 8);
    const std::string end64 = read_bytes(file, at, kEnd64Bytes);
    if (number_at<uint32_t>(end64, 0) != kEnd64Signature)
      fail_zip(file, "its directory is damaged");
    directory = {number_at<uint64_t>(end64, 32), number_at<uint64_t>(end64, 48),
                 number_at<uint64_t>(end64, 40)};
  }
  return directory;
}

// The sizes that don't fit into four bytes stand in an extra field, in this order.
void read_zip64(std::string_view extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const auto id = number_at<uint16_t>(extra, 0);
    const size_t size = number_at<uint16_t>(extra, 2);
    if (size > extra.size() - 4) return;
    std::string_view field = extra.substr(4, size);
    extra.remove_prefix(4 + size);
    if (id != 1) continue;
    for (uint64_t* number : {&member.bytes, &member.stored_bytes, &member.offset}) {
      if (*number != kIn64 || field.size() < 8) continue;
      *number = number_at<uint64_t>(field, 0);
      field.remove_prefix(8);
    }
  }
}

void check_member(const InputFile& file, const ZipMember& member, uint16_t flags, uint16_t method) {
  require<UnimplementedError>((flags & 1) == 0 && (method == 0 || method == Z_DEFLATED),
                              ErrorKind::bad_argument, "Member ", member.name, " of ", file.path(),
                              " is encrypted, or compressed in a way that Tenon doesn't read");
  const uint64_t most =
      member.deflated ? member.stored_bytes * kMostDeflation + kMostDeflation : member.stored_bytes;
  if (member.stored_bytes > file.size() || member.offset > file.size() || member.bytes > most) {
    fail_zip(file, "member " + member.name + " lies beyond its end");
  }
}

}  // namespace

bool is_zip(const InputFile& file) {
  if (file.size() < kEndBytes) return false;
  uint32_t signature = 0;
  file.read(0, &signature, sizeof signature);
  return signature == kLocalSignature || signature == kEndSignature;
}

std::vector<ZipMember> zip_members(const InputFile& file) {
  const Directory directory = find_directory(file);
  const std::string bytes = read_bytes(file, directory.offset, directory.bytes);
  std::string_view rest = bytes;
  std::vector<ZipMember> members;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    if (rest.size() < kDirectoryBytes || number_at<uint32_t>(rest, 0) != kDirectorySignature) {
      fail_zip(file, "its directory is damaged");
    }
    const size_t name = number_at<uint16_t>(rest, 28), extra = number_at<uint16_t>(rest, 30),
                 comment = number_at<uint16_t>(rest, 32);
    if (rest.size() - kDirectoryBytes < name + extra + comment) {
      fail_zip(file, "its directory is damaged");
    }
    ZipMember member{.name = std::string(rest.substr(kDirectoryBytes, name)),
                     .deflated = number_at<uint16_t>(rest, 10) != 0,
                     .crc = number_at<uint32_t>(rest, 16),
                     .stored_bytes = number_at<uint32_t>(rest, 20),
                     .bytes = number_at<uint32_t>(rest, 24),
                     .offset = number_at<uint32_t>(rest, 42)};
    read_zip64(rest.substr(kDirectoryBytes + name, extra), member);
    check_member(file, member, number_at<uint16_t>(rest, 8), number_at<uint16_t>(rest, 10));
    members.push_back(std::move(member));
    rest.remove_prefix(kDirectoryBytes + name + extra + comment);
  }
  return members;
}

ZipMemberReader::ZipMemberReader(const InputFile& file, const ZipMember& member)
    : file_(file), member_(member), stored_left_(member.stored_bytes), left_(member.bytes) {
  const std::string local = read_bytes(file, member.offset, kLocalBytes);
  if (number_at<uint32_t>(local, 0) != kLocalSignature) fail_member("isn't where it should be");
  at_ =
      member.offset + kLocalBytes + number_at<uint16_t>(local, 26) + number_at<uint16_t>(local, 28);
  if (at_ > file.size() || stored_left_ > file.size() - at_) fail_member("is cut short");
  // Raw: without a header of zlib's.
  if (member.deflated && inflateInit2(&stream_, -MAX_WBITS) != Z_OK) fail_member("can't be read");
}

ZipMemberReader::~ZipMemberReader() {
  if (member_.deflated) inflateEnd(&stream_);
}

void ZipMemberReader::fail_member(std::string_view problem) const {
  fail_zip(file_, str("member ", member_.name, ' ', problem));
}

void ZipMemberReader::refill() {
  if (stored_left_ == 0) fail_member("ends too early");
  chunk_.resize(std::min<uint64_t>(stored_left_, kInflateAtOnce));
  file_.read(at_, chunk_.data(), chunk_.size());
  at_ += chunk_.size();
  stored_left_ -= chunk_.size();
  stream_.next_in = reinterpret_cast<Bytef*>(chunk_.data());
  stream_.avail_in = static_cast<uInt>(chunk_.size());
}

void ZipMemberReader::inflate_into(char* to, size_t bytes) {
  stream_.next_out = reinterpret_cast<Bytef*>(to);
  stream_.avail_out = static_cast<uInt>(bytes);
  while (stream_.avail_out > 0) {
    if (stream_.avail_in == 0) refill();
    const int answer = inflate(&stream_, Z_NO_FLUSH);
    if (answer == Z_STREAM_END && stream_.avail_out > 0) fail_member("ends too early");
    if (answer != Z_OK && answer != Z_STREAM_END) fail_member("can't be uncompressed");
  }
}

void ZipMemberReader::read(void* to, size_t bytes) {
  if (bytes > left_) fail_member("is too short");
  auto* next = static_cast<char*>(to);
  for (size_t count = 0; bytes > 0; next += count, bytes -= count) {
    count = std::min(bytes, kInflateAtOnce);
    if (member_.deflated) {
      inflate_into(next, count);
    } else {
      file_.read(at_, next, count);
      at_ += count;
    }
    crc_ = static_cast<uint32_t>(
        crc32(crc_, reinterpret_cast<Bytef*>(next), static_cast<uInt>(count)));
    left_ -= count;
  }
}

void ZipMemberReader::skip_to_end() {
  std::string passed;
  while (left_ > 0) {
    passed.resize(std::min<uint64_t>(left_, kInflateAtOnce));
    read(passed.data(), passed.size());
  }
  finish();
}

void ZipMemberReader::finish() {
  if (left_ != 0) fail_member("is too long");
  if (crc_ != member_.crc) fail_member("doesn't match its checksum");
}

}  // namespace tenon::internal
