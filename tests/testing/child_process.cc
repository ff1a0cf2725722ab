#include "tests/testing/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace tenon::test {

namespace {

constexpr int kReports = 3;  // the child's descriptor for what it says

}  // namespace

ChildTest::ChildTest(const std::string& filter, std::vector<std::string> environment) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  reports_ = ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], kReports);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  std::string program = "/proc/self/exe", chosen = "--gtest_filter=" + filter;
  std::string disabled = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), chosen.data(), disabled.data(), nullptr};
  std::vector<char*> variables;
  for (std::string& variable : environment) variables.push_back(variable.data());
  variables.push_back(nullptr);
  EXPECT_EQ(posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, variables.data()),
            0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
}

int64_t ChildTest::next_report() const {
  int64_t number = -1;
  return ::read(reports_, &number, sizeof number) == sizeof number ? number : -1;
}

int64_t ChildTest::kill(int64_t last) const {
  ::kill(process_, SIGKILL);
  for (int64_t number = next_report(); number >= 0; number = next_report()) last = number;
  ::close(reports_);
  int status = 0;
  ::waitpid(process_, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
  return last;
}

bool report_to_parent(int64_t number) {
  return ::write(kReports, &number, sizeof number) == sizeof number;
}

}  // namespace tenon::test
