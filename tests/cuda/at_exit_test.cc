// A GPU that is used when the process ends, after CUDA's own state is gone.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "tenon/tenon.h"

namespace tenon {
namespace {

// Made before the library is used, so that it goes after what the library and CUDA made.
struct AtEnd {
  ~AtEnd() {
    if (!call) return;
    for (const int64_t size : {2, 3}) {
      try {
        (*call)({Tensor(float32, {size})});
      } catch (const Error& error) {
        std::fprintf(stderr, "with %d: %s\n", static_cast<int>(size), error.what());
      }
    }
  }
  std::optional<Callable> call;
};
AtEnd at_end;

// The process that ends is a new one: a GPU can't be used in the fork of a process that used it.
class GpuAtExitTest : public ::testing::Test {
 protected:
  GpuAtExitTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(GpuAtExitTest, ACallOfAGlobalObjectSaysThatTheProcessEnds) {
  EXPECT_EXIT(
      {
        const Output x = placeholder(float32, {-1});
        static Session session;
        at_end.call = session.make_callable({exp(x) * 2.0f}, {x});
        (*at_end.call)({Tensor({1.0f, 2.0f})});
        std::exit(0);
      },
      ::testing::ExitedWithCode(0),
      "with 2: The process is ending: no GPU can be used.*\n*with 3: The process is ending");
}

}  // namespace
}  // namespace tenon
