// A program that saves all the time is killed at any moment: what it had saved is there.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "tenon/checkpoint.h"
#include "tenon/saver.h"
#include "tenon/tenon.h"
#include "tests/testing/child_process.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

using test::ChildTest;

constexpr const char* kFolder = "TENON_TEST_SAVE_LOOP";
constexpr int kKills = 200;

// What is killed: it goes on where the last one stopped, and reports each step that it has saved.
// By turns under a name of its own and over the one before.
TEST(SaverKilledTest, DISABLED_SaveLoop) {
  const char* folder = std::getenv(kFolder);
  ASSERT_NE(folder, nullptr) << "LosesNothing starts this";
  const Variable step(Tensor(int64_t{0}), {.name = "step"});
  const Variable a(Tensor(float32, {3000}), {.name = "a"});
  const Variable b(Tensor(float32, {500}), {.name = "b"});
  const Output number = cast(step, float32);
  const Output advance = step.assign_add(int64_t{1});
  const Output fill_a = a.assign(fill({3000}, number)), fill_b = b.assign(fill({500}, number));
  Session session;
  session.run(global_variables_initializer());
  Saver saver({.max_to_keep = 2});
  const std::string latest = latest_checkpoint(folder);
  if (!latest.empty()) saver.restore(session, latest);
  for (;;) {
    const auto now = session.run(advance).scalar<int64_t>();
    session.run({fill_a, fill_b});
    SaveOptions options;
    if (now % 2 == 0) options.global_step = now;
    saver.save(session, std::string(folder) + "/m", options);
    if (!test::report_to_parent(now)) return;
  }
}

TEST(SaverKilledTest, LosesNothing) {
  const test::TemporaryFolder folder;
  std::mt19937 random(20261126);
  std::uniform_int_distribution<int> microseconds(0, 20000);
  int64_t before = 0;
  for (int i = 0; i < kKills; ++i) {
    const ChildTest child("*DISABLED_SaveLoop", {kFolder + ("=" + folder.path())});
    const int64_t first = child.next_report();
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
    const int64_t saved = child.kill(first);
    ASSERT_GT(first, before) << "it didn't go on from the last checkpoint";
    const std::string latest = latest_checkpoint(folder.path());
    ASSERT_FALSE(latest.empty());
    const CheckpointReader reader(latest);
    const auto step = reader.get_tensor("step").scalar<int64_t>();
    EXPECT_GE(step, saved) << "after kill " << i;
    for (const char* name : {"a", "b"}) {
      const Tensor values = reader.get_tensor(name);
      for (const float value : values.data<float>()) ASSERT_EQ(value, static_cast<float>(step));
    }
    before = saved;
  }
}

}  // namespace
}  // namespace tenon::train
