// Which checkpoint a path means, and which format.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/io/bundle.h"
#include "core/io/file.h"
#include "core/io/npz.h"
#include "core/io/safetensors.h"
#include "core/io/shard_name.h"
#include "core/io/table.h"
#include "core/io/tensor_sink.h"
#include "core/io/tensor_source.h"
#include "core/io/v1_source.h"
#include "core/io/zip.h"
#include "tenon/checkpoint.h"

namespace tenon::internal {

namespace {

constexpr std::string_view kSafetensorsSuffix = ".safetensors", kNpzSuffix = ".npz";

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string without(const std::string& text, std::string_view end) {
  return text.substr(0, text.size() - end.size());
}

// The prefix of the V2 checkpoint that has a file of this name, or is called so.
std::optional<std::string> bundle_prefix(const std::string& path) {
  std::vector<std::string> prefixes = {path};
  for (const std::string_view end : {".index", ".meta"}) {
    if (ends_with(path, end)) prefixes.push_back(without(path, end));
  }
  if (const ShardName name = shard_name(path); name.is_data) prefixes.push_back(name.prefix);
  for (const std::string& prefix : prefixes) {
    if (file_exists(bundle_index(prefix))) return prefix;
  }
  return {};
}

// The files of a V1 checkpoint of that name in shards; none where a shard is missing.
std::vector<std::string> v1_shards(const std::string& path) {
  const ShardName given = shard_name(path);
  const std::string prefix = given.shards != 0 && !given.is_data ? given.prefix : path;
  std::vector<std::string> files;
  int32_t shards = 0;
  for (const std::string& file : names_in(folder_of(prefix))) {
    const ShardName name = shard_name(file);
    if (name.shards == 0 || name.is_data || name.prefix != name_of(prefix)) continue;
    shards = name.shards;
    files.push_back(joined_path(folder_of(prefix), file));
  }
  return static_cast<int32_t>(files.size()) == shards ? files : std::vector<std::string>();
}

std::unique_ptr<TensorSource> open_folder(const std::string& folder) {
  const std::string latest = train::latest_checkpoint(folder, {}, {});
  if (!latest.empty()) return open_checkpoint(latest);
  std::vector<std::string> prefixes;
  for (const std::string& name : names_in(folder)) {
    if (ends_with(name, ".index")) prefixes.push_back(joined_path(folder, without(name, ".index")));
  }
  require<NotFoundError>(!prefixes.empty(), ErrorKind::no_such_file, "There is no checkpoint in ",
                         folder);
  require<NotFoundError>(prefixes.size() == 1, ErrorKind::no_such_file, "There are ",
                         prefixes.size(), " checkpoints in ", folder,
                         ", and no file `checkpoint` that says which is the latest: name one of ",
                         join(prefixes));
  // An index without a name, `folder/.index`, has the prefix `folder/`.
  return std::make_unique<BundleSource>(
      ends_with(folder, "/") || prefixes[0] != folder ? prefixes[0] : folder + '/');
}

}  // namespace

std::unique_ptr<TensorSink> make_sink(const std::string& path,
                                      const std::vector<train::StoredVariable>& variables) {
  if (ends_with(path, kSafetensorsSuffix)) {
    return std::make_unique<SafetensorsSink>(path, variables);
  }
  if (ends_with(path, kNpzSuffix)) return std::make_unique<NpzSink>(path);
  return std::make_unique<BundleSink>(path);
}

std::unique_ptr<TensorSource> open_checkpoint(const std::string& path) {
  if (const auto prefix = bundle_prefix(path)) return std::make_unique<BundleSource>(*prefix);
  if (folder_exists(path)) return open_folder(path);
  if (const auto shards = v1_shards(path); !shards.empty()) {
    return std::make_unique<V1Source>(path, shards);
  }
  require<NotFoundError>(file_exists(path), ErrorKind::no_such_file, "There is no checkpoint ",
                         path, ": neither ", bundle_index(path), " nor ", path, " is there");
  const InputFile file(path);
  if (ends_with(path, kSafetensorsSuffix)) return std::make_unique<SafetensorsSource>(path);
  if (is_zip(file) || ends_with(path, kNpzSuffix)) return std::make_unique<NpzSource>(path);
  require<DataLossError>(Table::is_table(file), ErrorKind::corrupt_file, path, " is no checkpoint");
  return std::make_unique<V1Source>(path, std::vector<std::string>{path});
}

}  // namespace tenon::internal
