#include "core/io/shard_name.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tenon::internal {

namespace {

constexpr std::string_view kShardSuffix = "-#####-of-#####";  // # is a digit
constexpr std::string_view kDataWord = ".data";

std::string shard_suffix(int32_t shard, int32_t shards) {
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, "-%05d-of-%05d", shard, shards);
  return suffix;
}

}  // namespace

std::string bundle_index(const std::string& prefix) { return prefix + ".index"; }

std::string bundle_data(const std::string& prefix, int32_t shard, int32_t shards) {
  return prefix + std::string(kDataWord) + shard_suffix(shard, shards);
}

ShardName shard_name(const std::string& path) {
  if (path.size() < kShardSuffix.size()) return {};
  const size_t end = path.size() - kShardSuffix.size();
  for (size_t i = 0; i < kShardSuffix.size(); ++i) {
    const char c = path[end + i];
    if (kShardSuffix[i] == '#' ? c < '0' || c > '9' : c != kShardSuffix[i]) return {};
  }
  ShardName name;
  name.prefix = path.substr(0, end);
  name.shard = std::atoi(path.c_str() + end + kShardSuffix.find('#'));
  name.shards = std::atoi(path.c_str() + end + kShardSuffix.rfind('-') + 1);
  if (name.prefix.size() >= kDataWord.size() &&
      name.prefix.compare(name.prefix.size() - kDataWord.size(), kDataWord.size(), kDataWord) ==
          0) {
    name.is_data = true;
    name.prefix.resize(name.prefix.size() - kDataWord.size());
  }
  return name;
}

}  // namespace tenon::internal
