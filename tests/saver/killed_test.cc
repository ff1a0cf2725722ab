// A program that saves all the time is killed at any moment: what it had saved is there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "tenon/checkpoint.h"
#include "tenon/saver.h"
#include "tenon/tenon.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

constexpr const char* kFolder = "TENON_TEST_SAVE_LOOP";
constexpr int kKills = 200;
constexpr int kReports = 3;  // the child's descriptor for what it says

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
    if (::write(kReports, &now, sizeof now) != sizeof now) return;
  }
}

class Child {
 public:
  explicit Child(const std::string& folder) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reports_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kReports);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    std::string program = "/proc/self/exe", filter = "--gtest_filter=*DISABLED_SaveLoop";
    std::string disabled = "--gtest_also_run_disabled_tests";
    std::string variable = kFolder + ("=" + folder);
    char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
    char* environment[] = {variable.data(), nullptr};
    EXPECT_EQ(posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environment),
              0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }

  // Waits for the next step that was saved; -1: it has ended.
  int64_t next_report() const {
    int64_t step = -1;
    return ::read(reports_, &step, sizeof step) == sizeof step ? step : -1;
  }

  // Kills it, and gives the last step that it said it had saved.
  int64_t kill(int64_t last) const {
    ::kill(process_, SIGKILL);
    for (int64_t step = next_report(); step >= 0; step = next_report()) last = step;
    ::close(reports_);
    int status = 0;
    ::waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    return last;
  }

 private:
  pid_t process_ = 0;
  int reports_ = -1;
};

TEST(SaverKilledTest, LosesNothing) {
  const test::TemporaryFolder folder;
  std::mt19937 random(20261126);
  std::uniform_int_distribution<int> microseconds(0, 20000);
  int64_t before = 0;
  for (int i = 0; i < kKills; ++i) {
    const Child child(folder.path());
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
