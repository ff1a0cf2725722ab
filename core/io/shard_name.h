// The names of a checkpoint's files: model.index, model.data-00001-of-00004; of V1 files
// model.ckpt, model.ckpt-00001-of-00004.
#pragma once

#include <cstdint>
#include <string>

namespace tenon::internal {

std::string bundle_index(const std::string& prefix);
std::string bundle_data(const std::string& prefix, int32_t shard, int32_t shards);

// What a name or path with a shard's number in it says; shards is 0 of any other.
struct ShardName {
  std::string prefix;
  bool is_data = false;  // a V2 data file; else a V1 file
  int32_t shard = 0, shards = 0;
};
ShardName shard_name(const std::string& path);

}  // namespace tenon::internal
