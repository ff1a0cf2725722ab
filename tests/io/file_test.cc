// Files: written whole or not at all, and what is said where the system refuses.
#include "core/io/file.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::internal {
namespace {

using test::file_contents;
using test::TemporaryFolder;

int failing_fsync(int) {
  errno = EIO;
  return -1;
}

// Lets the calls of a file fail until the test ends.
class FailingCalls {
 public:
  FailingCalls() : usual_(file_calls()) {}
  ~FailingCalls() { file_calls() = usual_; }
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

 private:
  FileCalls usual_;
};

TEST(FileTest, HasItsNameOnlyWhenItIsCommitted) {
  const TemporaryFolder folder;
  {
    OutputFile file(folder / "a");
    file.write("some ");
    file.write(std::string(1000000, 'x'));
    file.write("end");
    EXPECT_EQ(file.size(), 1000008u);
    EXPECT_FALSE(file_exists(folder / "a"));
    file.commit();
  }
  EXPECT_EQ(file_contents(folder / "a"), "some " + std::string(1000000, 'x') + "end");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"a"});
}

TEST(FileTest, LeavesNothingAndTheOldOneWhenItIsntCommitted) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  { OutputFile(folder / "a").write("new"); }
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"a"});
}

TEST(FileTest, SaysWhatTheSystemRefused) {
  const TemporaryFolder folder;
  EXPECT_ERROR(InputFile(folder / "none"), NotFoundError, no_such_file,
               "none: No such file or directory");
  EXPECT_ERROR(OutputFile(folder / "no/folder"), NotFoundError, no_such_file, "Cannot create");
  EXPECT_ERROR(InputFile(folder.path()), RuntimeError, file_failed, "Is a directory");
  EXPECT_ERROR(InputFile("/dev/null"), RuntimeError, file_failed, "no plain file");
  EXPECT_ERROR(OutputFile("/proc/tenon"), NotFoundError, no_such_file, "/proc/tenon");
}

TEST(FileTest, SaysThatTheDiskIsFull) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  const FailingCalls calls;
  file_calls().write = [](int, const void*, size_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_ERROR(write_file(folder / "a", "new"), ResourceExhaustedError, file_failed,
               "Cannot write " + (folder / "a") + ": No space left on device");
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"a"});
}

TEST(FileTest, KeepsTheOldOneWhereSyncingOrNamingFails) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  const FailingCalls calls;
  file_calls().fsync = failing_fsync;
  EXPECT_ERROR(write_file(folder / "a", "new"), RuntimeError, file_failed, "Input/output error");
  EXPECT_EQ(read_file(folder / "a"), "old");
}

TEST(FileTest, GoesOnAfterAShortOrInterruptedWrite) {
  const TemporaryFolder folder;
  const FailingCalls calls;
  file_calls().write = [](int descriptor, const void* bytes, size_t count) -> ssize_t {
    static int number = 0;
    if (++number % 2 == 0) {
      errno = EINTR;
      return -1;
    }
    return write(descriptor, bytes, std::min<size_t>(count, 3));
  };
  write_file(folder / "a", "0123456789");
  EXPECT_EQ(file_contents(folder / "a"), "0123456789");
}

TEST(FileTest, ReadsNoFurtherThanTheEnd) {
  const TemporaryFolder folder;
  write_file(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  char bytes[4] = {};
  file.read(6, bytes, 4);
  EXPECT_EQ(std::string(bytes, 4), "6789");
  EXPECT_ERROR(file.read(8, bytes, 4), DataLossError, corrupt_file,
               "ends at byte 10, 2 bytes short");
}

TEST(FileTest, TakesPathsApart) {
  EXPECT_EQ(folder_of("a/b/c"), "a/b");
  EXPECT_EQ(folder_of("c"), ".");
  EXPECT_EQ(folder_of("/c"), "/");
  EXPECT_EQ(name_of("a/b/c"), "c");
  EXPECT_EQ(name_of("a/"), "");
  EXPECT_EQ(joined_path("a", "b"), "a/b");
  EXPECT_EQ(joined_path("a/", "b"), "a/b");
  EXPECT_EQ(joined_path(".", "b"), "b");
  EXPECT_EQ(joined_path("a", "/b"), "/b");
}

}  // namespace
}  // namespace tenon::internal
