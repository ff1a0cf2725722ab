// Making and finding variables by name: workload 10, for ever more of them, and building Adam.
//   variables [WORKLOAD ...] [--most N]     get_variable_create, get_variable_reuse, adam_build
// Seconds a variable, and bytes; `.N` behind a workload's name is how many there were (10,000
// without).
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/bench.h"

namespace tn = tenon;

namespace {

// `count` variables in nested scopes: 10 in each of 10 inner scopes of each outer one.
void get_variables(int count, tn::Reuse reuse) {
  for (int outer = 0; outer * 100 < count; ++outer) {
    const auto outer_scope = tn::variable_scope("outer" + std::to_string(outer), {.reuse = reuse});
    for (int inner = 0; inner < 10; ++inner) {
      const auto scope = tn::variable_scope("inner" + std::to_string(inner));
      for (int i = 0; i < 10; ++i) {
        tn::get_variable("v" + std::to_string(i),
                         {.shape = {4}, .initializer = tn::zeros_initializer()});
      }
    }
  }
}

std::string named(const std::string& workload, int count) {
  return count == 10000 ? workload : workload + "." + std::to_string(count);
}

void run_get(const bench::Arguments& arguments, int count) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const int64_t before = bench::allocated_bytes();
  const double create = bench::seconds_of([&] { get_variables(count, {}); });
  const int64_t bytes = (bench::allocated_bytes() - before) / count;
  const double reuse = bench::seconds_of([&] { get_variables(count, true); });
  if (arguments.wants("get_variable_create")) {
    bench::emit(named("get_variable_create", count), 1, {create, create}, count,
                {{"bytes_a_variable", bytes}});
  }
  if (arguments.wants("get_variable_reuse")) {
    bench::emit(named("get_variable_reuse", count), 1, {reuse, reuse}, count);
  }
}

// Gradients, slots and updates of `count` variables.
void run_adam(int count) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  get_variables(count, {});
  std::vector<tn::Output> sums;
  for (const tn::Variable& v : tn::trainable_variables()) sums.push_back(tn::reduce_sum(v));
  const tn::Output loss = tn::add_n(std::vector<tn::Input>(sums.begin(), sums.end()));
  const double seconds =
      bench::seconds_of([&] { tn::train::AdamOptimizer({.learning_rate = 1e-3}).minimize(loss); });
  bench::emit("adam_build." + std::to_string(count), 1, {seconds, seconds}, count);
}

}  // namespace

int main(int argc, char** argv) try {
  int most = 1000000;
  std::vector<char*> rest = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--most") == 0 && i + 1 < argc) {
      most = std::atoi(argv[++i]);
    } else {
      rest.push_back(argv[i]);
    }
  }
  const bench::Arguments arguments(static_cast<int>(rest.size()), rest.data());
  for (int count = 1000; count <= most; count *= 10) run_get(arguments, count);
  if (arguments.wants("adam_build")) run_adam(1000);
} catch (const tn::Error& error) {
  std::fprintf(stderr, "variables: %s\n", error.what());
  return 1;
}
