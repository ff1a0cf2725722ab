// Saving to a disk that is full, and to a folder that may not be written: on file systems that a
// process of its own mounts, where it is allowed to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

#include "tenon/checkpoint.h"
#include "tenon/tenon.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

constexpr int64_t kElements = 100000;  // 400 KB, of which a disk of 600 KB holds one copy

// A small disk over the folder, which only this process sees. False where it may not mount any.
bool mount_disk(const std::string& folder) {
  if (unshare(CLONE_NEWNS) != 0) return false;
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=600k") == 0;
}

// The next file that grows beyond 200 KB can't be written.
void limit_files() {
  const rlimit limit = {200000, 200000};
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, SIG_IGN);
}

void forbid_writing(const std::string& folder) {
  chmod(folder.c_str(), 0555);
  if (geteuid() == 0 && seteuid(65534) != 0) std::cerr << "still root\n";
}

// Saves ones, lets `spoil` have the disk, and says what saving twos throws and what there is then.
[[noreturn]] void save_twice(const std::string& folder, const std::function<void(bool)>& spoil) {
  const bool mounted = mount_disk(folder);
  const Variable w(Tensor::ones({kElements}), {.name = "w"});
  Session session;
  session.run(global_variables_initializer());
  Saver saver({.max_to_keep = 1});
  saver.save(session, folder + "/m", {.global_step = 1, .write_meta_graph = false});
  session.run(w.assign(Tensor::full({kElements}, 2.0f)));
  spoil(mounted);
  try {
    saver.save(session, folder + "/m", {.global_step = 2, .write_meta_graph = false});
    std::cerr << "saved\n";
  } catch (const Error& error) {
    std::cerr << "threw " << to_string(error.kind()) << ": " << error.what() << '\n';
  }
  const Output sum = reduce_sum(w);
  std::cerr << "sum in the session: " << session.run(sum).scalar<float>() << '\n';
  saver.restore(session, latest_checkpoint(folder));
  std::cerr << "sum of the latest checkpoint: " << session.run(sum).scalar<float>() << '\n';
  std::exit(0);
}

class SpoiltDiskTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  const std::string& folder() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

constexpr const char* kNothingLost =
    "(.|\n)*sum in the session: 200000\nsum of the latest checkpoint: 100000";

TEST_F(SpoiltDiskTest, LosesNothingWhereItIsFull) {
  EXPECT_EXIT(
      save_twice(folder(),
                 [](bool mounted) {
                   if (!mounted) limit_files();
                 }),
      testing::ExitedWithCode(0),
      std::string("threw file_failed: .*(No space left on device|File too large)") + kNothingLost);
}

TEST_F(SpoiltDiskTest, LosesNothingWhereItMayNotBeWritten) {
  const auto spoil = [this](bool mounted) {
    if (mounted) {
      mount("none", folder().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
    } else {
      forbid_writing(folder());
    }
  };
  EXPECT_EXIT(save_twice(folder(), spoil), testing::ExitedWithCode(0),
              std::string("threw .*(Read-only file system|Permission denied)") + kNothingLost);
}

}  // namespace
}  // namespace tenon::train
