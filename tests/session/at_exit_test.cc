// The library is used when the process or a thread ends: it works, as anywhere.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include "tenon/tenon.h"

namespace tenon {
namespace {

float one_and_two() {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  Session session({.emulated_gpus = 1, .threads = 1});
  return session.run(constant(1.0f) + 2.0f).scalar<float>();
}

void use(const char* when) { std::fprintf(stderr, "%s: %g\n", when, one_and_two()); }

// Made before the library is used, so that it goes after what the library made.
struct AtEnd {
  ~AtEnd() {
    if (is_used) use("at the end");
    if (!call) return;
    for (const int64_t size : {2, 3}) {
      const Tensor zeros(float32, {size});
      std::fprintf(stderr, "called with %d: %g\n", static_cast<int>(size),
                   (*call)({zeros})[0].data<float>()[0]);
    }
  }
  bool is_used = false;
  std::optional<Callable> call;
};
AtEnd at_end;

struct AtThreadsEnd {
  ~AtThreadsEnd() {
    if (is_used) results[0] = one_and_two(), results[1] = one_and_two();
  }
  bool is_used = false;
  float* results = nullptr;
};
thread_local AtThreadsEnd at_threads_end;

// The process that ends is a new one: a GPU can't be used in the fork of a process that used it.
class AtExitTest : public ::testing::Test {
 protected:
  AtExitTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(AtExitTest, AGlobalObjectUsesTheLibraryInItsDestructor) {
  EXPECT_EXIT(
      {
        at_end.is_used = true;
        use("before");
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "before: 3\nat the end: 3");
}

TEST_F(AtExitTest, AGlobalObjectCallsWhatWasPlannedAndWhatWasNot) {
  EXPECT_EXIT(
      {
        const Output x = placeholder(float32, {-1});
        static Session session({.device_count = {{"GPU", 0}}, .threads = 1});
        at_end.call = session.make_callable({exp(x) * 2.0f}, {x});
        (*at_end.call)({Tensor({1.0f, 2.0f})});
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "called with 2: 2\ncalled with 3: 2");
}

TEST_F(AtExitTest, AnExitHandlerUsesTheLibrary) {
  EXPECT_EXIT(
      {
        use("before");
        std::atexit([] { use("in the handler"); });
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "before: 3\nin the handler: 3");
}

TEST_F(AtExitTest, AnObjectOfAThreadUsesTheLibraryWhenTheThreadEnds) {
  float results[2] = {};
  std::thread([&] {
    at_threads_end.results = results;
    at_threads_end.is_used = true;
    EXPECT_EQ(one_and_two(), 3.0f);
  }).join();
  EXPECT_EQ(results[0], 3.0f);
  EXPECT_EQ(results[1], 3.0f);
}

// Contexts that are left when the thread's stacks have gone.
TEST_F(AtExitTest, AThreadMayEndInsideOfContexts) {
  std::thread([] {
    thread_local const Graph graph;
    thread_local const ScopeGuard as_default = graph.as_default();
    thread_local const NameScope names = name_scope("outer");
    thread_local const ScopeGuard here = device("/cpu:0");
    EXPECT_EQ(constant(1.0f).op().name(), "outer/Const");
  }).join();
  EXPECT_EQ(one_and_two(), 3.0f);
}

}  // namespace
}  // namespace tenon
