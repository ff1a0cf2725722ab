// Steps that only a GPU joins: rows that are reduced and used again, updates side by side.
#include <cstdlib>

#include "tenon/tenon.h"
#include "tests/cuda/gpu_testing.h"
#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Steps are compiled before they run, or interpreted.
class Compiled {
 public:
  explicit Compiled(bool compiled) : name_(compiled ? "TENON_COMPILE_AHEAD" : "TENON_DISABLE_JIT") {
    setenv(name_, "1", 1);
  }
  ~Compiled() { unsetenv(name_); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

 private:
  const char* name_;
};

Tensor numbers(const Shape& shape) { return some(float32, shape); }

class JoinedStepsTest : public ::testing::Test {
 protected:
  static Session on_cpu() { return Session({.device_count = {{"GPU", 0}}}); }
  static Session on_gpu() { return Session({.allow_soft_placement = true}); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(JoinedStepsTest, AnOptimizerUpdatesItsVariablesAtOnce) {
  std::vector<Variable> variables;
  Output loss = constant(0.0f);
  for (const Shape& shape : {Shape{3}, Shape{40, 50}, Shape{7, 1}, Shape{5000}}) {
    variables.emplace_back(numbers(shape), VariableOptions{.name = "v"});
    loss = loss + reduce_sum(square(variables.back() - 0.25f));
  }
  const Operation step = train::AdamOptimizer({.learning_rate = 0.01}).minimize(loss);
  EXPECT_THAT(on_gpu().plan_text({step}, {}), HasSubstr(": 4 times "));
  EXPECT_THAT(on_cpu().plan_text({step}, {}), Not(HasSubstr(" times ")));
  const auto trained = [&](Session session) {
    session.run(global_variables_initializer());
    for (int i = 0; i < 20; ++i) session.run(step);
    std::vector<Fetch> fetches;
    for (const Variable& one : global_variables()) fetches.emplace_back(one);
    return session.run(fetches);
  };
  const auto on_gpu_so = [&](bool compiled) {
    const Compiled so(compiled);
    return trained(on_gpu());
  };
  const std::vector<Tensor> compiled = on_gpu_so(true), interpreted = on_gpu_so(false),
                            expected = trained(on_cpu());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(same_bits(compiled[i], interpreted[i])) << i;
    expect_alike(compiled[i], expected[i], 1e-5);
  }
}

// What is updated may be what another update reads: then it comes after it, alone.
TEST_F(JoinedStepsTest, UpdatesThatMeetStayApart) {
  const Variable a(numbers({100}), {.name = "a"}), b(numbers({100}), {.name = "b"});
  const Output first = a.assign_add(b);
  const Output second = [&] {
    const ScopeGuard after = control_dependencies({first});
    return b.assign_add(a);
  }();
  Session gpu = on_gpu(), cpu = on_cpu();
  for (Session* session : {&gpu, &cpu}) {
    session->run(global_variables_initializer());
    session->run({first.op(), second.op()});
  }
  EXPECT_THAT(gpu.plan_text({first.op(), second.op()}, {}), Not(HasSubstr(" times ")));
  EXPECT_EQ(gpu.run(a), cpu.run(a));
  EXPECT_EQ(gpu.run(b), cpu.run(b));
}

TEST_F(JoinedStepsTest, NormalisationIsOneStep) {
  const Output x = placeholder(float32, {-1, 300}, {.name = "x"});
  const Output mean = reduce_mean(x, {.axis = {-1}, .keepdims = true}), centred = x - mean,
               variance = reduce_mean(square(centred), {.axis = {-1}, .keepdims = true}),
               normal = centred * rsqrt(variance + 1e-5f);
  const Feeds feeds = {{x, numbers({64, 300})}};
  EXPECT_THAT(on_gpu().plan_text({normal}, feeds), HasSubstr(": by rows Mean, then "));
  const Tensor expected = on_cpu().run(normal, feeds);
  const auto on_gpu_so = [&](bool compiled) {
    const Compiled so(compiled);
    Session session = on_gpu();
    return session.run({mean, normal}, feeds);
  };
  const std::vector<Tensor> compiled = on_gpu_so(true), interpreted = on_gpu_so(false);
  for (const size_t i : {0, 1}) EXPECT_TRUE(same_bits(compiled[i], interpreted[i])) << i;
  expect_alike(compiled[1], expected, 1e-5);
}

// Gradients of a normalisation and a softmax by hand, through the joined steps.
TEST_F(JoinedStepsTest, GradientsAreTheCpus) {
  const Variable x(numbers({40, 60}), {.name = "x"});
  const Output shifted = x - reduce_max(x, {.axis = {1}, .keepdims = true}), e = exp(shifted),
               softmax = e / reduce_sum(e, {.axis = {1}, .keepdims = true}),
               loss = reduce_sum(softmax * numbers({40, 60}));
  const Output gradient = gradients({loss}, {x})[0];
  Session gpu = on_gpu(), cpu = on_cpu();
  for (Session* session : {&gpu, &cpu}) session->run(global_variables_initializer());
  for (int i = 0; i < 3; ++i) expect_alike(gpu.run(gradient), cpu.run(gradient), 1e-5);
}

}  // namespace
}  // namespace tenon::testing
