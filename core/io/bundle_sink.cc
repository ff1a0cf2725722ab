#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/io/bundle.h"
#include "core/io/checkpoint_protos.h"
#include "core/io/crc32c.h"
#include "core/io/shard_name.h"
#include "core/io/string_tensor.h"
#include "core/io/table_writer.h"

namespace tenon::internal {

namespace {

constexpr size_t kPiece = size_t{1} << 20;  // written from the cache, where its checksum left it

// The shards of a prefix that a data file's name speaks of; 0 where it isn't one of that prefix.
int32_t shards_in(const std::string& file, const std::string& prefix_name) {
  const ShardName name = shard_name(file);
  return name.prefix == prefix_name && name.is_data ? name.shards : 0;
}

}  // namespace

BundleSink::BundleSink(std::string prefix, int32_t shards)
    : prefix_(std::move(prefix)), shards_(shards) {
  std::set<int32_t> taken;
  for (const std::string& file : names_in(folder_of(prefix_))) {
    taken.insert(shards_in(file, name_of(prefix_)));
  }
  while (taken.count(shards_) > 0) ++shards_;
  for (shard_ = 0; shard_ < shards_; ++shard_) data_file();  // an empty one is there, too
  shard_ = 0;
}

BundleSink::~BundleSink() {
  if (finished_) return;
  for (const std::string& file : files_) {
    try {
      remove_file(file);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the first error is the one to tell
    }
  }
}

OutputFile& BundleSink::data_file() {
  std::unique_ptr<OutputFile>& file = data_[shard_];
  if (!file) file = std::make_unique<OutputFile>(bundle_data(prefix_, shard_, shards_));
  return *file;
}

void BundleSink::add(const std::string& name, const Tensor& tensor) {
  require<ValueError>(entries_.count(name) == 0 && !name.empty(), ErrorKind::bad_argument,
                      "A checkpoint can't hold two tensors of name '", name, "', nor one without");
  OutputFile& file = data_file();
  BundleEntry entry;
  entry.dtype = static_cast<int32_t>(tensor.dtype());
  entry.shape = tensor.shape();
  entry.shard = shard_;
  entry.offset = static_cast<int64_t>(file.size());
  if (tensor.dtype() == DType::string) {
    const StoredStrings strings = encode_strings(tensor);
    file.write(strings.bytes);
    entry.crc = masked_crc(strings.crc);
  } else {
    std::string_view bytes(static_cast<const char*>(tensor.raw()), tensor.bytes());
    uint32_t crc = 0;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kPiece);
      crc = extend_crc32c(crc, piece);
      file.write(piece);
      bytes.remove_prefix(piece.size());
    }
    entry.crc = masked_crc(crc);
  }
  entry.size = static_cast<int64_t>(file.size()) - entry.offset;
  entries_[name] = std::move(entry);
}

void BundleSink::add_slice(const std::string& name, const Shape& full, const TensorSlice& slice,
                           const Tensor& tensor) {
  if (slice.resolved(full) == TensorSlice::whole(full)) return add(name, tensor);
  BundleEntry& whole = entries_[name];
  require<ValueError>(whole.dtype == 0 || (!whole.slices.empty() && whole.shape == full &&
                                           whole.dtype == static_cast<int32_t>(tensor.dtype())),
                      ErrorKind::bad_argument, "Part ", slice.to_string(), " of ", name,
                      " doesn't fit the parts before it");
  whole.dtype = static_cast<int32_t>(tensor.dtype());
  whole.shape = full;
  whole.slices.push_back(slice);
  add(slice_key(name, slice), tensor);
}

void BundleSink::finish() {
  std::map<std::string, std::string> table = {{"", encode(BundleHeader{.shards = shards_})}};
  for (const auto& [key, entry] : entries_) table[key] = encode(entry);
  for (const auto& [shard, file] : data_) {
    file->commit();
    files_.push_back(bundle_data(prefix_, shard, shards_));
  }
  OutputFile index(bundle_index(prefix_));
  write_table(index, table);
  sync_folder_of(prefix_);  // the data files are there before an index says so
  index.commit();
  finished_ = true;
  files_.push_back(bundle_index(prefix_));
  sync_folder_of(prefix_);
  remove_old_data();
}

// What the index before this one spoke of, and data files whose index was never written.
void BundleSink::remove_old_data() const {
  const std::string folder = folder_of(prefix_), name = name_of(prefix_);
  for (const std::string& file : names_in(folder)) {
    const int32_t shards = shards_in(file, name);
    if (shards != 0 && shards != shards_) remove_file(joined_path(folder, file));
  }
}

}  // namespace tenon::internal
