#include "cuda/code_cache.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace tenon::cuda {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using ::testing::AnyOf;

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path().string());
  return files;
}

uint64_t bytes_in(const std::string& folder) {
  uint64_t bytes = 0;
  for (const std::string& file : files_in(folder)) bytes += fs::file_size(file);
  return bytes;
}

// As another value of an environment variable, or none, while it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) { value != nullptr ? setenv(name_, value, 1) : unsetenv(name_); }
  const char* const name_;
  std::optional<std::string> before_;
};

TEST(CodeCacheTest, GivesWhatAnotherProcessKept) {
  const TemporaryFolder folder;
  const std::string code("\0code\n", 6);
  CodeCache(folder / "new/er").keep("key", code);
  const CodeCache later(folder / "new/er");
  EXPECT_EQ(later.find("key"), code);
  EXPECT_EQ(later.find("ke"), "");
  EXPECT_EQ(later.find("key "), "");
  EXPECT_EQ(later.find(""), "");
  EXPECT_EQ(files_in(folder / "new/er").size(), 1u);
  EXPECT_EQ(fs::status(folder / "new/er").permissions(), fs::perms::owner_all);
}

TEST(CodeCacheTest, ReplacesAndKeepsNothingOfNoBytes) {
  const TemporaryFolder folder;
  CodeCache cache(folder.path());
  cache.keep("key", "one");
  cache.keep("key", "other");
  cache.keep("key", "");
  EXPECT_EQ(cache.find("key"), "other");
}

TEST(CodeCacheTest, FindsNothingInDamagedFiles) {
  const TemporaryFolder folder;
  CodeCache cache(folder.path());
  cache.keep("the key", "the code");
  const std::string path = files_in(folder.path()).at(0), whole = test::file_contents(path);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    test::put_file(path, damaged);
    EXPECT_EQ(cache.find("the key"), "") << i;
    test::put_file(path, whole.substr(0, i));
    EXPECT_EQ(cache.find("the key"), "") << i;
  }
  test::put_file(path, whole + "more");
  EXPECT_EQ(cache.find("the key"), "");
  cache.keep("the key", "the code");
  EXPECT_EQ(cache.find("the key"), "the code");
}

TEST(CodeCacheTest, DoesWithoutAFolderThatCantBeWritten) {
  const TemporaryFolder folder;
  test::put_file(folder / "file", "");
  for (const std::string& path : {folder / "file", folder / "file/below", std::string()}) {
    CodeCache cache(path);
    cache.keep("key", "code");
    EXPECT_EQ(cache.find("key"), "");
  }
  EXPECT_EQ(files_in(folder.path()).size(), 1u);
}

TEST(CodeCacheTest, DropsWhatWasUsedLongestAgo) {
  const TemporaryFolder folder;
  test::put_file(folder / "another's", std::string(10000, ' '));
  CodeCache cache(folder.path(), 4000);
  const std::string code(1000, 'c');
  const auto key = [](int i) { return std::string(1, static_cast<char>('a' + i)); };
  for (int i = 0; i < 9; ++i) {
    cache.keep(key(i), code);
    EXPECT_EQ(cache.find(key(0)), code) << i;  // so that it was used last
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(cache.find(key(1)), "");
  EXPECT_EQ(cache.find(key(8)), code);
  EXPECT_LE(bytes_in(folder.path()), 10000u + 4000 + 4000 / 8 + 1100);
  EXPECT_TRUE(fs::exists(folder / "another's"));
}

TEST(CodeCacheTest, ConcurrentProcessesShareAFolder) {
  const TemporaryFolder folder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      CodeCache cache(folder.path(), 20000);
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(i % 20), code = std::string(100, key.back());
        EXPECT_THAT(cache.find(key), AnyOf("", code));
        cache.keep(key, code);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files_in(folder.path()).size(), 20u);
}

TEST(CodeCacheTest, LiesWhereTheUserSays) {
  const Variable cache("TENON_KERNEL_CACHE", nullptr), xdg("XDG_CACHE_HOME", nullptr),
      home("HOME", "/home/me");
  EXPECT_EQ(CodeCache::folder_of_user(), "/home/me/.cache/tenon");
  {
    const Variable relative("XDG_CACHE_HOME", "caches");
    EXPECT_EQ(CodeCache::folder_of_user(), "/home/me/.cache/tenon");
  }
  const Variable caches("XDG_CACHE_HOME", "/caches");
  EXPECT_EQ(CodeCache::folder_of_user(), "/caches/tenon");
  for (const auto& [asked, folder] : {std::pair("/here", "/here"), {"0", ""}, {"", ""}}) {
    const Variable named("TENON_KERNEL_CACHE", asked);
    EXPECT_EQ(CodeCache::folder_of_user(), folder);
  }
  const Variable nowhere("XDG_CACHE_HOME", nullptr), homeless("HOME", nullptr);
  EXPECT_EQ(CodeCache::folder_of_user(), "");
}

}  // namespace
}  // namespace tenon::cuda
