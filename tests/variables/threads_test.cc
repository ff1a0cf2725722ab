// One graph built from several threads: scopes are each thread's own, variables the graph's.
#include <thread>

#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

constexpr int kThreads = 4;
constexpr int kVariables = 50;

// Runs `body(number)` in some threads at once, each with the graph as its default one.
template <typename Body>
void in_threads(const Graph& graph, Body body) {
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&graph, &body, number] {
      auto as_default = graph.as_default();
      body(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ConcurrentVariablesTest, KeepScopesApart) {
  Graph graph;
  in_threads(graph, [](int number) {
    const std::string name = "thread" + std::to_string(number);
    auto scope = variable_scope(name);
    for (int i = 0; i < kVariables; ++i) {
      const Variable v = get_variable("v" + std::to_string(i), {.shape = {2}});
      EXPECT_EQ(v.name(), name + "/v" + std::to_string(i) + ":0");
    }
  });
  auto as_default = graph.as_default();
  EXPECT_EQ(get_variable_scope().name(), "");
  EXPECT_EQ(global_variables().size(), static_cast<size_t>(kThreads * kVariables));
}

TEST(ConcurrentVariablesTest, ShareWhatAnyOfThemMade) {
  Graph graph;
  std::vector<std::vector<Variable>> seen(kThreads);
  in_threads(graph, [&seen](int number) {
    auto scope = variable_scope("shared", {.reuse = AUTO_REUSE});
    for (int i = 0; i < kVariables; ++i) {
      seen[static_cast<size_t>(number)].push_back(
          get_variable("v" + std::to_string(i), {.shape = {2}}));
    }
  });
  for (const std::vector<Variable>& variables : seen) EXPECT_EQ(variables, seen[0]);
}

}  // namespace
}  // namespace tenon
