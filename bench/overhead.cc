// What a run costs beside its work: workload 9.
//   overhead [WORKLOAD ...] [--threads N]
#include <cstdio>

#include "support/bench.h"

namespace tn = tenon;

namespace {

struct Counter {
  tn::Variable v{tn::Tensor(0.0f), {.name = "v"}};
  tn::Output step = v.assign_add(1.0f);
};

void run_counter(const bench::Arguments& arguments, int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const Counter counter;
  tn::Session session({.threads = threads});
  session.run(counter.v.initializer());
  const auto measure = [&](const char* name, const std::function<void()>& call) {
    if (arguments.wants(name)) bench::emit(name, threads, bench::measure(call));
  };
  const tn::Fetch fetch = counter.step;
  measure("overhead_run", [&] { session.run(fetch); });
  const tn::Callable silent = session.make_callable({}, {}, {counter.step.op()});
  std::vector<tn::Tensor> nothing, value = {tn::Tensor(0.0f)};
  measure("overhead_callable", [&] { silent.run_into({}, nothing); });
  const tn::Callable fetching = session.make_callable({counter.step});
  measure("overhead_callable_fetch", [&] { fetching.run_into({}, value); });
}

void run_feed_fetch(int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const tn::Variable v(tn::Tensor(1.0f), {.name = "v"});
  const tn::Output x = tn::placeholder(tn::float32, {4});
  const tn::Fetch y = v + x;
  tn::Session session({.threads = threads});
  session.run(v.initializer());
  const tn::Feeds feeds = {{x, tn::Tensor({1.0f, 2.0f, 3.0f, 4.0f})}};
  bench::emit("overhead_feed_fetch", threads, bench::measure([&] { session.run(y, feeds); }));
}

// 1000 additions of scalars, each waiting for the one before; a step each, or fused into few.
void run_chain(int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const tn::Variable c(tn::Tensor(0.001f), {.name = "c"});
  tn::Output x = tn::Variable(tn::Tensor(1.0f), {.name = "x"});
  for (int i = 0; i < 1000; ++i) x = x + c;
  tn::Session session({.threads = threads});
  session.run(tn::global_variables_initializer());
  bench::check("chain1000_adds", {session.run(x)});
  const tn::Callable step = session.make_callable({}, {}, {x.op()});
  std::vector<tn::Tensor> nothing;
  bench::emit("chain1000_adds", threads, bench::measure([&] { step.run_into({}, nothing); }), 1000);
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Arguments arguments(argc, argv);
  for (const int threads : arguments.threads) {
    const bench::Pinned pinned(threads);
    run_counter(arguments, threads);
    if (arguments.wants("overhead_feed_fetch")) run_feed_fetch(threads);
    if (arguments.wants("chain1000_adds")) run_chain(threads);
  }
} catch (const tn::Error& error) {
  std::fprintf(stderr, "overhead: %s\n", error.what());
  return 1;
}
