// A frozen graph of TensorFlow's: read, run for the first time, and again and again.
//   import_mobilenet [--threads N] MODEL.pb     what peers/import_mobilenet.py makes and compares
// Its input is `image` [1, 224, 224, 3], its answer `Identity`, one chance a class. Without a model
// there is nothing to measure.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "support/bench.h"
#include "training_workloads.h"

namespace tn = tenon;

namespace {

int64_t peak_memory() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

void emit_once(const char* what, int threads, double seconds) {
  bench::emit(std::string("import_mobilenet_") + what, threads, {seconds, seconds});
}

void run_model(const std::string& path, int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const double load = bench::seconds_of([&] { tn::import_graph_def(path, {.name = ""}); });
  const tn::Tensor image = bench::numbers(201, {1, 224, 224, 3});
  std::vector<tn::Tensor> chances(1);
  tn::Session session({.threads = threads});
  std::vector<tn::Callable> answer;
  const double first = bench::seconds_of([&] {
    answer.push_back(
        session.make_callable({graph.tensor("Identity:0")}, {graph.tensor("image:0")}));
    answer[0].run_into({image}, chances);
  });
  emit_once("load", threads, load);
  emit_once("first", threads, first);
  const bench::Result steady =
      bench::measure([&] { answer[0].run_into({image}, chances); }, {.seconds = 2});
  const auto values = chances[0].data<float>();
  const auto best = std::max_element(values.begin(), values.end());
  bench::emit("import_mobilenet", threads, steady, 1,
              {{"peak_rss_bytes", peak_memory()},
               {"class", best - values.begin()},
               {"chance_e9", static_cast<int64_t>(static_cast<double>(*best) * 1e9)}});
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Arguments arguments(argc, argv);
  if (arguments.names.empty())
    std::puts("import_mobilenet: peers/import_mobilenet.py makes a model");
  for (const std::string& path : arguments.names) {
    for (const int threads : arguments.threads) {
      const bench::Pinned pinned(threads);
      run_model(path, threads);
    }
  }
} catch (const tn::Error& error) {
  std::fprintf(stderr, "import_mobilenet: %s\n", error.what());
  return 1;
}
