#include "cuda/code_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/strings.h"

namespace tenon::cuda {
namespace {

namespace fs = std::filesystem;
using internal::str;

constexpr std::string_view kPrefix = "kernel-";  // of our files: the folder may hold others
constexpr std::string_view kMagic = "TENON-K1";

void append(std::string& to, uint64_t number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// A file: what it is, how long the key is, key, code, and a hash of all that.
std::string file_of(std::string_view key, std::string_view code) {
  std::string file(kMagic);
  append(file, key.size());
  file.append(key).append(code);
  append(file, hash_of(file));
  return file;
}

// The code in such a file, if it is whole and of that key.
std::string code_in(std::string_view file, std::string_view key) {
  std::string head(kMagic);
  append(head, key.size());
  head.append(key);
  if (!file.starts_with(head) || file.size() < head.size() + sizeof(uint64_t)) return {};
  const std::string_view hashed = file.substr(0, file.size() - sizeof(uint64_t));
  uint64_t hash = 0;
  std::memcpy(&hash, hashed.data() + hashed.size(), sizeof hash);
  return hash == hash_of(hashed) ? std::string(hashed.substr(head.size())) : std::string();
}

// Not synced: what a crash leaves of it is found to be damaged.
bool write_whole(const std::string& path, const std::string& contents) {
  std::string temporary = path + ".XXXXXX";
  const int descriptor = ::mkstemp(temporary.data());
  if (descriptor < 0) return false;
  ::close(descriptor);
  std::ofstream file(temporary, std::ios::binary);
  file << contents;
  file.close();
  std::error_code error;
  if (file.good()) fs::rename(temporary, path, error);
  if (file.good() && !error) return true;
  fs::remove(temporary, error);
  return false;
}

// Nobody else may put code there that this user would run.
void make_private_folder(const std::string& folder) {
  if (fs::create_directories(folder)) fs::permissions(folder, fs::perms::owner_all);
}

}  // namespace

uint64_t hash_of(std::string_view bytes, uint64_t hash) {
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

CodeCache::CodeCache(std::string folder, uint64_t most_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes), untrimmed_(most_bytes) {}

std::string CodeCache::folder_of_user() {
  if (const char* asked = std::getenv("TENON_KERNEL_CACHE")) {
    return std::string_view(asked) == "0" ? "" : asked;
  }
  // A relative path is to be ignored, says the standard that defines XDG_CACHE_HOME.
  const char* caches = std::getenv("XDG_CACHE_HOME");
  if (caches != nullptr && *caches == '/') return str(caches, "/tenon");
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? str(home, "/.cache/tenon") : "";
}

std::string CodeCache::path_of(std::string_view key) const {
  std::ostringstream name;
  name << folder_ << '/' << kPrefix << std::hex << hash_of(key);
  return name.str();
}

std::string CodeCache::find(std::string_view key) const noexcept try {
  if (folder_.empty()) return {};
  const std::string path = path_of(key);
  std::ostringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  std::string code = code_in(contents.view(), key);
  std::error_code ignored;  // a folder that only can be read serves as well
  if (!code.empty()) fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  return code;
} catch (const std::exception&) {
  return {};
}

void CodeCache::keep(std::string_view key, std::string_view code) noexcept try {
  if (folder_.empty() || code.empty()) return;
  make_private_folder(folder_);
  const std::string file = file_of(key, code);
  if (!write_whole(path_of(key), file)) return;
  std::lock_guard lock(mutex_);
  untrimmed_ += file.size();
  if (untrimmed_ < most_bytes_ / 8) return;
  untrimmed_ = 0;
  trim();
} catch (const std::exception&) {
  // It is compiled again when it is needed again.
}

void CodeCache::trim() {
  struct Kept {
    fs::file_time_type used;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<Kept> files;
  std::error_code gone;  // by another process, meanwhile
  uint64_t bytes = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    const Kept kept = {entry.last_write_time(gone), entry.file_size(gone), entry.path()};
    if (gone) continue;
    bytes += kept.bytes;
    files.push_back(kept);
  }
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& kept : files) {
    if (bytes <= most_bytes_) return;
    fs::remove(kept.path, gone);
    bytes -= kept.bytes;
  }
}

}  // namespace tenon::cuda
