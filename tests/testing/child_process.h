// A test that runs in a process of its own, which another test kills.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::test {

// Starts this very program with one of its DISABLED_ tests, and variables "NAME=value" as its
// environment.
class ChildTest {
 public:
  ChildTest(const std::string& filter, std::vector<std::string> environment);
  ChildTest(const ChildTest&) = delete;
  ChildTest& operator=(const ChildTest&) = delete;

  // Waits for the next number that it reports; -1: it has ended.
  int64_t next_report() const;
  // Kills it by SIGKILL, and gives the last number that it has reported: `last` unless there were
  // more. Expects that it hadn't ended.
  int64_t kill(int64_t last) const;

 private:
  pid_t process_ = 0;
  int reports_ = -1;
};

// In the child: false where nobody listens any more.
bool report_to_parent(int64_t number);

}  // namespace tenon::test
