// The README's example, built from the page as it stands.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/testing/command.h"

namespace tenon::test {
namespace {

TEST(ReadmeTest, TheExampleLearns) {
  const CommandResult result = run_command(TENON_BINARY_DIR "/readme_example");
  ASSERT_EQ(result.status, 0) << result.output;
  std::istringstream losses(result.output);
  double first = 0, last = 0;
  losses >> first;
  for (double loss = 0; losses >> loss;) last = loss;
  EXPECT_GT(first, 0.1);
  EXPECT_LT(last, 0.01) << result.output;
}

}  // namespace
}  // namespace tenon::test
