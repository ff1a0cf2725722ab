#include "core/saver/kept_checkpoints.h"

#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/wall_clock.h"
#include "core/io/file.h"
#include "core/io/shard_name.h"
#include "tenon/checkpoint.h"
#include "tenon/error.h"

namespace tenon::internal {

namespace {

constexpr double kSecondsPerHour = 3600;

// The files of a checkpoint that somebody else wrote, its index first, with its MetaGraph.
std::vector<std::string> files_of(const std::string& prefix) {
  std::vector<std::string> files;
  for (const std::string& file : {bundle_index(prefix), prefix, prefix + ".meta"}) {
    if (file_exists(file)) files.push_back(file);
  }
  for (const std::string& file : names_in(folder_of(prefix))) {
    const ShardName name = shard_name(file);
    if (name.shards == 0 || name.prefix != name_of(prefix)) continue;
    files.push_back(joined_path(folder_of(prefix), file));
  }
  return files;
}

// When the newest of these was written.
double written_at(const std::vector<std::string>& files) {
  double time = 0;
  for (const std::string& file : files) {
    struct stat about = {};
    if (::stat(file.c_str(), &about) == 0) {
      time = std::max(time, static_cast<double>(about.st_mtim.tv_sec) +
                                1e-9 * static_cast<double>(about.st_mtim.tv_nsec));
    }
  }
  return time;
}

}  // namespace

KeptCheckpoints::KeptCheckpoints(int most, double hours)
    : most_(most), hours_(hours), next_kept_time_(seconds_since_1970() + hours * kSecondsPerHour) {}

void KeptCheckpoints::add(const std::string& path, std::vector<std::string> files) {
  if (most_ <= 0) return;
  kept_.erase(std::remove_if(kept_.begin(), kept_.end(),
                             [&](const Checkpoint& c) { return c.path == path; }),
              kept_.end());
  // The index goes first: then there is never one whose values are gone.
  std::reverse(files.begin(), files.end());
  kept_.push_back({path, seconds_since_1970(), std::move(files)});
  if (kept_.size() > static_cast<size_t>(most_)) {
    doomed_.push_back(std::move(kept_.front()));
    kept_.erase(kept_.begin());
  }
}

void KeptCheckpoints::remove_old() {
  if (doomed_.empty()) return;
  const Checkpoint old = std::move(doomed_.front());
  doomed_.erase(doomed_.begin());
  if (old.time > next_kept_time_) {
    next_kept_time_ += hours_ * kSecondsPerHour;
    return;
  }
  for (const std::string& file : old.files) {
    try {
      remove_file(file);
    } catch (
        const Error&) {  // NOLINT(bugprone-empty-catch): the new checkpoint is there all the same
    }
  }
}

std::vector<std::string> KeptCheckpoints::paths() const {
  std::vector<std::string> paths;
  for (const Checkpoint& checkpoint : kept_) paths.push_back(checkpoint.path);
  return paths;
}

void KeptCheckpoints::set(const std::vector<std::string>& paths, bool only_if_there) {
  kept_.clear();
  for (const std::string& path : paths) {
    if (only_if_there && !train::checkpoint_exists(path, {})) continue;
    std::vector<std::string> files = files_of(path);
    const double time = written_at(files);
    kept_.push_back({path, time, std::move(files)});
  }
}

}  // namespace tenon::internal
