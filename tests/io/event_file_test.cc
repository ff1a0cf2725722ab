// Event files: what is in them, when it is, and what happens when they can't be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/io/event_file.h"
#include "core/io/file.h"
#include "tenon/file_writer.h"
#include "tests/testing/errors.h"
#include "tests/testing/event_reader.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::summary {
namespace {

using test::event_file_in;
using test::read_events;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::MatchesRegex;

std::vector<std::string> texts(const std::string& folder) {
  std::vector<std::string> all;
  for (const auto& event : read_events(event_file_in(folder))) all.push_back(event.text);
  return all;
}

// tf.io.TFRecordWriter wrote this of b"tenon", and of nothing.
TEST(EventFileTest, FramesRecordsAsTensorFlow) {
  const auto hex = [](const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(static_cast<uint8_t>(c)));
      text += two;
    }
    return text;
  };
  EXPECT_EQ(hex(internal::framed_record("tenon")), "0500000000000000eab2043e74656e6f6efc5dd6ce");
  EXPECT_EQ(hex(internal::framed_record("")), "000000000000000029039807d8ea82a2");
}

TEST(EventFileTest, HoldsWhatWasAdded) {
  const TemporaryFolder folder;
  const std::string run = folder / "logs/run";
  FileWriter writer(run);
  EXPECT_EQ(writer.get_logdir(), run);
  EXPECT_FALSE(std::filesystem::exists(run));
  writer.add_scalar("a", 2, 7);
  writer.add_summary(Tensor(std::string("\x0a\x08\x0a\x01l\x15\x00\x00\x40\x40", 10)), 8);
  writer.add_session_log({.status = SessionLog::Status::CHECKPOINT, .checkpoint_path = "m-9"}, 9);
  writer.add_event({.wall_time = 12.5, .session_log = SessionLog{.msg = "began"}});
  writer.close();
  const auto events = read_events(event_file_in(run));
  EXPECT_THAT(texts(run), ElementsAre("0", "7 a=2", "8 l=3", "9 CHECKPOINT m-9", "0 START"));
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  using Seconds = std::chrono::duration<double>;
  EXPECT_NEAR(events[1].wall_time,
              Seconds(std::chrono::system_clock::now().time_since_epoch()).count(), 600);
  EXPECT_EQ(events[4].wall_time, 12.5);
  EXPECT_EQ(events[4].session_log.bytes(3), "began");
}

TEST(EventFileTest, HasTensorFlowsName) {
  const TemporaryFolder folder;
  FileWriter(folder.path(), {.filename_suffix = ".test"}).add_scalar("a", 1);
  const std::string name = internal::name_of(event_file_in(folder.path()));
  EXPECT_THAT(name, MatchesRegex("events\\.out\\.tfevents\\.[0-9]{10}\\..+\\.test"));
}

TEST(EventFileTest, TwoWritersInOneFolderHaveFilesOfTheirOwn) {
  const TemporaryFolder folder;
  FileWriter(folder.path()).add_scalar("a", 1);
  FileWriter(folder.path()).add_scalar("b", 1);
  EXPECT_EQ(internal::names_in(folder.path()).size(), 2u);
}

TEST(EventFileTest, IsWrittenWhenItIsFlushed) {
  const TemporaryFolder folder;
  FileWriter writer(folder.path());
  FileWriter copy = writer;
  copy.add_scalar("a", 1);
  EXPECT_TRUE(texts(folder.path()).empty());
  writer.flush();
  EXPECT_EQ(texts(folder.path()).size(), 2u);
  FileWriter at_once(folder / "b", {.flush_secs = 0});
  at_once.add_scalar("a", 1);
  EXPECT_EQ(texts(folder / "b").size(), 2u);
  FileWriter large(folder / "c");
  large.add_summary(Tensor(std::string(1 << 21, '\0')));
  EXPECT_GT(std::filesystem::file_size(event_file_in(folder / "c")), 1u << 21);
}

TEST(EventFileTest, TakesEventsFromSeveralThreads) {
  const TemporaryFolder folder;
  FileWriter writer(folder.path());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([writer]() mutable {
      for (int step = 0; step < 100; ++step) writer.add_scalar("a", 1, step);
    });
  }
  for (std::thread& thread : threads) thread.join();
  writer.close();
  EXPECT_EQ(texts(folder.path()).size(), 401u);
}

TEST(EventFileTest, RefusesWhatIsNoSummaryAndWhatComesAfterItsEnd) {
  const TemporaryFolder folder;
  FileWriter writer(folder.path());
  EXPECT_ERROR(writer.add_summary(Tensor(1.0f)), TypeError, dtype_incompatible, "");
  EXPECT_ERROR(writer.add_summary(Tensor({std::string(), std::string()})), ValueError, bad_argument,
               "");
  writer.close();
  EXPECT_ERROR(writer.add_scalar("a", 1), RuntimeError, closed,
               "The event file in " + folder.path() + " is closed");
  writer.close();
  EXPECT_TRUE(internal::names_in(folder.path()).empty());
}

TEST(EventFileTest, SaysWhatTheSystemRefuses) {
  const TemporaryFolder folder;
  test::put_file(folder / "file", "");
  FileWriter nowhere(folder / "file/below");
  EXPECT_THROW(nowhere.add_scalar("a", 1), Error);
  FileWriter writer(folder.path());
  writer.add_scalar("a", 1);
  const internal::FileCalls calls = internal::file_calls();
  internal::file_calls().write = [](int, const void*, size_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_ERROR(writer.flush(), ResourceExhaustedError, file_failed, "No space left on device");
  internal::file_calls() = calls;
  writer.flush();
}

}  // namespace
}  // namespace tenon::summary
