#include "core/io/table.h"

#include <snappy.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/io/crc32c.h"
#include "tenon/error.h"

namespace tenon::internal {

namespace {

constexpr size_t kFooterBytes = 48;
constexpr size_t kMagicBytes = 8;
constexpr uint64_t kTableMagic = 0xdb4775248b80fb57u;
constexpr size_t kTrailerBytes = 5;    // of a block: how it is compressed, and its checksum
constexpr size_t kMostExpansion = 32;  // Snappy makes at most 64 bytes of 3
enum class Compression : char { kNone = 0, kSnappy = 1 };

template <typename T>
T load(const char* at) {
  T value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint64_t take_varint(std::string_view& bytes) {
  const char* at = bytes.data();
  const uint64_t value = protozero::decode_varint(&at, bytes.data() + bytes.size());
  bytes.remove_prefix(static_cast<size_t>(at - bytes.data()));
  return value;
}

}  // namespace

bool Table::is_table(const InputFile& file) {
  if (file.size() < kFooterBytes) return false;
  char magic[kMagicBytes];
  file.read(file.size() - kMagicBytes, magic, sizeof magic);
  return load<uint64_t>(magic) == kTableMagic;
}

Table::Table(const std::string& path) : file_(path) {
  Handle metadata, index;
  read_footer(metadata, index);
  for_each_in(read_block(metadata), metadata, [](std::string_view, std::string_view) {});
  for_each_in(read_block(index), index, [this](std::string_view key, std::string_view value) {
    blocks_.push_back({std::string(key), decode_handle(value)});
  });
}

// The footer is written as it can only be written: no bit of it may differ.
void Table::read_footer(Handle& metadata, Handle& index) const {
  require<DataLossError>(is_table(file_), ErrorKind::corrupt_file, path(),
                         " is no table of a checkpoint: it doesn't end as one");
  char footer[kFooterBytes];
  file_.read(file_.size() - kFooterBytes, footer, sizeof footer);
  std::string_view rest(footer, kFooterBytes - kMagicBytes);
  metadata = decode_handle(rest);
  index = decode_handle(rest);
  std::string canonical;
  for (const uint64_t number : {metadata.offset, metadata.size, index.offset, index.size}) {
    protozero::write_varint(std::back_inserter(canonical), number);
  }
  canonical.resize(kFooterBytes - kMagicBytes, '\0');
  require<DataLossError>(canonical == std::string_view(footer, canonical.size()),
                         ErrorKind::corrupt_file, path(), " is corrupt: its footer, the last ",
                         kFooterBytes, " bytes, isn't what was written");
}

// Checked against the size of the file.
Table::Handle Table::decode_handle(std::string_view& bytes) const {
  Handle handle;
  try {
    handle.offset = take_varint(bytes);
    handle.size = take_varint(bytes);
  } catch (const protozero::exception&) {
    fail<DataLossError>(ErrorKind::corrupt_file, path(),
                        " is corrupt: what says where a block lies can't be read");
  }
  const uint64_t most = file_.size() - kFooterBytes;
  if (handle.size > most || handle.offset > most - handle.size ||
      most - handle.size - handle.offset < kTrailerBytes) {
    fail_block(handle, "lies outside of the file");
  }
  return handle;
}

void Table::fail_block(const Handle& handle, std::string_view problem) const {
  fail<DataLossError>(ErrorKind::corrupt_file, path(), " is corrupt: the block of ", handle.size,
                      " bytes at byte ", handle.offset, " ", problem);
}

std::string Table::read_block(const Handle& handle) const {
  std::string bytes(handle.size + kTrailerBytes, '\0');
  file_.read(handle.offset, bytes.data(), bytes.size());
  const char* trailer = bytes.data() + handle.size;
  if (masked_crc(crc32c({bytes.data(), handle.size + 1})) != load<uint32_t>(trailer + 1)) {
    fail_block(handle, "doesn't match its checksum");
  }
  const auto compression = static_cast<Compression>(*trailer);
  bytes.resize(handle.size);
  if (compression == Compression::kNone) return bytes;
  if (compression != Compression::kSnappy) fail_block(handle, "is compressed in an unknown way");
  return uncompressed(bytes, handle);
}

std::string Table::uncompressed(std::string_view bytes, const Handle& handle) const {
  size_t size = 0;
  const bool plausible = snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size) &&
                         size / kMostExpansion <= bytes.size();
  std::string contents(plausible ? size : 0, '\0');
  if (!plausible || !snappy::RawUncompress(bytes.data(), bytes.size(), contents.data())) {
    fail_block(handle, "can't be uncompressed");
  }
  return contents;
}

// A block is entries, then where entries begin that repeat nothing of the key before, and how many
// these are.
void Table::for_each_in(std::string_view contents, const Handle& handle, const Use& use) const {
  if (contents.size() < sizeof(uint32_t)) fail_block(handle, "is too short");
  const uint64_t restarts = load<uint32_t>(contents.data() + contents.size() - sizeof(uint32_t));
  if (restarts > contents.size() / sizeof(uint32_t) - 1) {
    fail_block(handle, "has more restarts than it has room for");
  }
  contents.remove_suffix((restarts + 1) * sizeof(uint32_t));
  std::string key;
  while (!contents.empty()) {
    uint64_t shared = 0, more = 0, size = 0;
    try {
      shared = take_varint(contents);
      more = take_varint(contents);
      size = take_varint(contents);
    } catch (const protozero::exception&) {
      fail_block(handle, "has an entry that can't be read");
    }
    if (shared > key.size() || more > contents.size() || size > contents.size() - more) {
      fail_block(handle, "has an entry that is longer than the block");
    }
    key.resize(shared);
    key += contents.substr(0, more);
    const std::string_view value = contents.substr(more, size);
    contents.remove_prefix(more + size);
    use(key, value);
  }
}

void Table::for_each(const Use& use) const {
  for (const Block& block : blocks_) for_each_in(read_block(block.handle), block.handle, use);
}

std::optional<std::string> Table::find(std::string_view wanted) const {
  const auto block =
      std::lower_bound(blocks_.begin(), blocks_.end(), wanted,
                       [](const Block& b, std::string_view key) { return b.last_key < key; });
  if (block == blocks_.end()) return {};
  std::optional<std::string> found;
  for_each_in(read_block(block->handle), block->handle,
              [&](std::string_view key, std::string_view value) {
                if (key == wanted) found = std::string(value);
              });
  return found;
}

}  // namespace tenon::internal
