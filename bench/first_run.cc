// What it takes until a graph runs for the first time: workloads 13 and 14.
//   first_run [WORKLOAD ...] [--threads N]
#include <algorithm>
#include <cstdio>

#include "support/bench.h"
#include "training_workloads.h"

namespace tn = tenon;

namespace {

// Building workload 7, initialising it, compiling and the first step, without one steady step.
void run_cnn(int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  tn::Session session({.threads = threads});
  std::vector<tn::Tensor> loss = {tn::Tensor(0.0f)};
  bench::TrainingStep built;
  std::vector<tn::Callable> step;
  const double first = bench::seconds_of([&] {
    built = bench::cnn_train();
    session.run(tn::global_variables_initializer());
    step.push_back(session.make_callable({built.loss}, {}, {built.train}));
    step[0].run_into({}, loss);
  });
  std::vector<double> steady;
  for (int i = 0; i < 5; ++i) {
    steady.push_back(bench::seconds_of([&] { step[0].run_into({}, loss); }));
  }
  const double seconds = first - *std::min_element(steady.begin(), steady.end());
  bench::emit("first_run_cnn", threads, {seconds, seconds});
}

// 1000 layers of tanh(h w + b) and the gradients by all their 2000 variables.
void run_chain(const bench::Arguments& arguments, int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const tn::Tensor ws = bench::numbers(102, {1000, 8, 8}, 0.6),
                   bs = bench::numbers(103, {1000, 8}, 0.1);
  std::vector<tn::Ref> variables;
  std::vector<tn::Output> results(1);
  const double build = bench::seconds_of([&] {
    tn::Output h = tn::Variable(bench::numbers(101, {1, 8}), {.trainable = false});
    for (size_t i = 0; i < 1000; ++i) {
      const tn::Variable w(tn::Tensor::from<float>(ws.data<float>().subspan(i * 64, 64), {8, 8}));
      const tn::Variable b(tn::Tensor::from<float>(bs.data<float>().subspan(i * 8, 8), {8}));
      variables.insert(variables.end(), {tn::Ref(w), tn::Ref(b)});
      h = tn::tanh(tn::matmul(h, w) + b);
    }
    results[0] = tn::reduce_sum(h);
    for (const tn::Output& gradient : tn::gradients({results[0]}, variables)) {
      results.push_back(gradient);
    }
  });
  tn::Session session({.threads = threads});
  session.run(tn::global_variables_initializer());
  std::vector<tn::Fetch> targets;
  for (const tn::Output& result : results) targets.emplace_back(result.op());
  const tn::Callable step = session.make_callable({}, {}, targets);
  std::vector<tn::Tensor> nothing;
  const double first = bench::seconds_of([&] { step.run_into({}, nothing); });
  bench::check("grad_chain_build",
               session.run({tn::Fetch(results.front()), tn::Fetch(results.back())}));
  if (arguments.wants("grad_chain_build")) bench::emit("grad_chain_build", threads, {build, build});
  if (arguments.wants("grad_chain_first_run")) {
    bench::emit("grad_chain_first_run", threads, {first, first});
  }
  if (arguments.wants("grad_chain_step")) {
    bench::emit("grad_chain_step", threads, bench::measure([&] { step.run_into({}, nothing); }));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Arguments arguments(argc, argv);
  for (const int threads : arguments.threads) {
    const bench::Pinned pinned(threads);
    if (arguments.wants("first_run_cnn")) run_cnn(threads);
    if (arguments.wants("grad_chain_build") || arguments.wants("grad_chain_first_run") ||
        arguments.wants("grad_chain_step")) {
      run_chain(arguments, threads);
    }
  }
} catch (const tn::Error& error) {
  std::fprintf(stderr, "first_run: %s\n", error.what());
  return 1;
}
