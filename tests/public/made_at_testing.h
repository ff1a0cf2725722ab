// Looks at where operations say that they were made.
#pragma once

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "tenon/tenon.h"

namespace tenon::test {

class MadeAtFixture : public ::testing::Test {
 protected:
  // Everything that was added since the last time was made at that line.
  void expect_line(std::string_view file, int line) {
    const std::vector<Operation> all = graph_.operations();
    EXPECT_GT(all.size(), seen_) << "nothing was made at line " << line;
    for (; seen_ < all.size(); ++seen_) {
      const Location at = all[seen_].made_at();
      EXPECT_TRUE(at.file == file && at.line == line)
          << all[seen_].name() << " (" << all[seen_].type() << "), made at line " << line
          << ", says " << at;
    }
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  size_t seen_ = 0;
};

// The statement's operations say this line.
#define EXPECT_HERE(...) \
  __VA_ARGS__;           \
  expect_line(__FILE__, __LINE__)

}  // namespace tenon::test
