// A training that is killed at any moment goes on from its last checkpoint.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "tenon/tenon.h"
#include "tests/testing/child_process.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

using test::ChildTest;

constexpr const char* kTrainingFolder = "TENON_TEST_TRAINING";

// What is killed. It reports the step that it begins with, and each one that it has done.
TEST(TrainingKilledTest, DISABLED_Training) {
  const char* folder = std::getenv(kTrainingFolder);
  ASSERT_NE(folder, nullptr) << "GoesOnFromTheLastCheckpoint starts this";
  const Variable step = get_or_create_global_step();
  const Variable w(Tensor(float32, {1000}), {.name = "w"});
  const Operation train = group({step.assign_add(int64_t{1}), w.assign_add(ones({1000}))});
  MonitoredTrainingSession session({.checkpoint_dir = folder, .save_checkpoint_steps = 3});
  ASSERT_TRUE(test::report_to_parent(global_step(session.raw_session(), step)));
  for (;;) {
    session.run(train);
    if (!test::report_to_parent(global_step(session.raw_session(), step))) return;
  }
}

TEST(TrainingKilledTest, GoesOnFromTheLastCheckpoint) {
  const test::TemporaryFolder folder;
  std::mt19937 random(20261126);
  std::uniform_int_distribution<int> microseconds(0, 10000), steps(1, 8);
  int64_t saved = 0;
  for (int i = 0; i < 20; ++i) {
    const ChildTest child("*DISABLED_Training", {kTrainingFolder + ("=" + folder.path())});
    const int64_t first = child.next_report();
    EXPECT_EQ(first, saved) << "it didn't go on from the last checkpoint";
    int64_t done = first;
    for (int wanted = steps(random); wanted > 0; --wanted) {
      const int64_t next = child.next_report();
      EXPECT_EQ(next, done + 1);
      done = next;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
    done = child.kill(done);
    const CheckpointReader reader(latest_checkpoint(folder.path()));
    saved = reader.get_tensor("global_step").scalar<int64_t>();
    EXPECT_GE(saved, first);
    EXPECT_GE(saved + 3, done) << "a checkpoint was lost";
    const Tensor w = reader.get_tensor("w");
    for (const float value : w.data<float>()) ASSERT_EQ(value, static_cast<float>(saved));
  }
  EXPECT_GT(saved, 0);
}

}  // namespace
}  // namespace tenon::train
