// Functions of the program that are inside of one another.
#pragma once

namespace tenon::internal {

// One more in `count` while it lives: what calls itself without end is found by a count that is
// too large, before the stack ends. The count is a thread's own.
class Nesting {
 public:
  explicit Nesting(int& count) : count_(count) { ++count_; }
  ~Nesting() { --count_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  int& count_;
};

}  // namespace tenon::internal
