// Compiled code on disk: what one process compiled, later ones load.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace tenon::cuda {

// A 64-bit hash that is the same in every process (FNV-1a); `hash` is that of what comes before.
uint64_t hash_of(std::string_view bytes, uint64_t hash = 0xcbf29ce484222325);

// Files in a folder that several processes may share. Nothing here throws: what can't be kept or
// read isn't there. Thread-safe.
class CodeCache {
 public:
  static constexpr uint64_t kMostBytes = uint64_t{64} << 20;

  // The folder is made when something is kept; "": nothing is.
  explicit CodeCache(std::string folder, uint64_t most_bytes = kMostBytes);
  // What TENON_KERNEL_CACHE names ("" and "0": none), else tenon/ in the user's folder for caches:
  // XDG_CACHE_HOME, or ~/.cache.
  static std::string folder_of_user();

  // The code kept under that very key; "" where there is none, or the file is damaged.
  std::string find(std::string_view key) const noexcept;
  // Gives the code its name only when all of it is written. Drops what was used longest ago where
  // all together is more than `most_bytes`.
  void keep(std::string_view key, std::string_view code) noexcept;

 private:
  std::string path_of(std::string_view key) const;
  void trim();

  const std::string folder_;
  const uint64_t most_bytes_;
  std::mutex mutex_;
  uint64_t untrimmed_;  // bytes kept since the folder was last looked at
};

}  // namespace tenon::cuda
