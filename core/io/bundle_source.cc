#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <protozero/exception.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/io/bundle.h"
#include "core/io/crc32c.h"
#include "core/io/dtype_numbers.h"
#include "core/io/shard_name.h"
#include "core/io/string_tensor.h"
#include "core/io/table.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

namespace {

constexpr int32_t kBundleVersion = 1;  // of TensorFlow's format, which hasn't changed since
constexpr size_t kReadAtOnce = size_t{1} << 18;     // stays in the cache until it is checked
constexpr size_t kSharedStretch = size_t{1} << 21;  // what one thread reads of a tensor at a time

// Whether the sizes that an entry has go together, and are those of values.
bool has_elements(const BundleEntry& entry) {
  const std::optional<int64_t> count = count_said(entry.shape);
  if (!count) return false;
  if (!entry.slices.empty()) return true;  // the parts have the values
  if (entry.offset < 0 || entry.size < 0 || entry.shard < 0) return false;
  const DType dtype = dtype_of_number(entry.dtype);
  if (dtype == DType::invalid) return true;
  if (dtype == DType::string) return *count <= entry.size;  // a byte at least for each length
  const auto bytes = static_cast<int64_t>(size_of(dtype));
  return entry.size % bytes == 0 && entry.size / bytes == *count;
}

}  // namespace

BundleSource::BundleSource(const std::string& prefix) : TensorSource(prefix) {
  const Table table(bundle_index(prefix));
  std::map<std::string, BundleEntry> all;  // by key, those of parts too
  BundleHeader header;
  bool has_header = false;
  table.for_each([&](std::string_view key, std::string_view value) {
    try {
      if (key.empty()) {
        header = decode_bundle_header(value);
        has_header = true;
      } else {
        all[std::string(key)] = decode_bundle_entry(value);
      }
    } catch (const protozero::exception& error) {
      fail<DataLossError>(ErrorKind::corrupt_file, table.path(), " is corrupt: entry '", key,
                          "' can't be read (", error.what(), ")");
    }
  });
  require<DataLossError>(has_header && header.shards > 0, ErrorKind::corrupt_file, table.path(),
                         " is no index of a checkpoint: it has no header");
  require<UnimplementedError>(header.little_endian && header.min_consumer <= kBundleVersion,
                              ErrorKind::bad_argument, table.path(),
                              header.little_endian
                                  ? " was written for a newer version of its format"
                                  : " was written on a big-endian machine",
                              ", which Tenon doesn't read");
  shards_ = header.shards;
  for (const auto& [key, entry] : all) {
    if (key[0] != '\0') add_entry(key, entry, all);
  }
  finish();
}

void BundleSource::add_entry(const std::string& name, const BundleEntry& entry,
                             const std::map<std::string, BundleEntry>& all) {
  if (!has_elements(entry)) fail_tensor(name, entry, "has sizes that don't fit together");
  std::vector<Piece> pieces;
  if (entry.slices.empty()) {
    pieces.push_back({TensorSlice::whole(entry.shape), entries_.size()});
    entries_.push_back(entry);
  }
  for (const TensorSlice& slice : entry.slices) {
    const auto part = all.find(slice_key(name, slice));
    if (part == all.end()) fail_tensor(name, entry, "lacks its part " + slice.to_string());
    if (!has_elements(part->second) || part->second.dtype != entry.dtype ||
        !part->second.slices.empty() || !slice.fits(entry.shape) ||
        slice.resolved(entry.shape).shape() != part->second.shape) {
      fail_tensor(name, part->second, "has a part that doesn't fit, " + slice.to_string());
    }
    pieces.push_back({slice, entries_.size()});
    entries_.push_back(part->second);
  }
  add({name, dtype_of_number(entry.dtype), entry.shape, dtype_name_of_number(entry.dtype)},
      std::move(pieces));
}

void BundleSource::fail_tensor(const std::string& name, const BundleEntry& entry,
                               std::string_view problem) const {
  const auto begin = static_cast<uint64_t>(entry.offset), size = static_cast<uint64_t>(entry.size);
  fail<DataLossError>(ErrorKind::corrupt_file, "Checkpoint ", path(), " is corrupt: tensor ", name,
                      ' ', problem, " (bytes ", begin, " to ", begin + size, " of ",
                      bundle_data(path(), entry.shard, shards_), ')');
}

const InputFile& BundleSource::data_file(int32_t shard) const {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<InputFile>& file = files_[shard];
  if (!file) file = std::make_unique<InputFile>(bundle_data(path(), shard, shards_));
  return *file;
}

Tensor BundleSource::read_piece(const train::StoredVariable& variable, const Piece& piece,
                                const Reading& reading) const {
  const BundleEntry& entry = entries_[piece.id];
  const InputFile& file = data_file(entry.shard);
  const auto size = static_cast<uint64_t>(entry.size), offset = static_cast<uint64_t>(entry.offset);
  if (size > file.size() || offset > file.size() - size) {
    fail_tensor(variable.name, entry, "lies beyond the end of its file");
  }
  Tensor tensor = reading.allocate(variable.dtype, entry.shape);
  if (variable.dtype == DType::string) {
    read_strings(entry, file, tensor, variable.name);
  } else {
    read_numbers(entry, file, tensor, variable.name, reading.threads);
  }
  return tensor;
}

void BundleSource::read_strings(const BundleEntry& entry, const InputFile& file, Tensor& tensor,
                                const std::string& name) const {
  std::string bytes(static_cast<size_t>(entry.size), '\0');
  file.read(static_cast<uint64_t>(entry.offset), bytes.data(), bytes.size());
  uint32_t crc = 0;
  if (!decode_strings(bytes, tensor, crc) || masked_crc(crc) != entry.crc) {
    fail_tensor(name, entry, "doesn't match its checksum");
  }
}

void BundleSource::read_numbers(const BundleEntry& entry, const InputFile& file, Tensor& tensor,
                                const std::string& name, ThreadPool* threads) const {
  auto* bytes = static_cast<char*>(tensor.raw());
  const auto size = static_cast<size_t>(entry.size);
  const auto length_of = [&](size_t at) { return std::min(kSharedStretch, size - at); };
  std::vector<uint32_t> checksums((size + kSharedStretch - 1) / kSharedStretch);
  const auto read_stretch = [&](int64_t i) {
    const size_t begin = static_cast<size_t>(i) * kSharedStretch, end = begin + length_of(begin);
    uint32_t crc = 0;
    for (size_t at = begin; at < end; at += kReadAtOnce) {
      const size_t count = std::min(kReadAtOnce, end - at);
      file.read(static_cast<uint64_t>(entry.offset) + at, bytes + at, count);
      crc = extend_crc32c(crc, {bytes + at, count});
    }
    checksums[static_cast<size_t>(i)] = crc;
  };
  const auto stretches = static_cast<int64_t>(checksums.size());
  if (threads != nullptr) {
    threads->for_each(stretches, read_stretch);
  } else {
    for (int64_t i = 0; i < stretches; ++i) read_stretch(i);
  }
  uint32_t crc = 0;
  for (size_t i = 0; i < checksums.size(); ++i) {
    crc = joined_crc32c(crc, checksums[i], length_of(i * kSharedStretch));
  }
  if (masked_crc(crc) != entry.crc) fail_tensor(name, entry, "doesn't match its checksum");
}

}  // namespace tenon::internal
