// Measures one training step (forward, gradients, update, the loss on the host) of three networks:
//   training [NAME ...] [--threads N]      digits_train, mlp_train, cnn_train; N = 1
// One JSON line a result, after the first five losses were found to be TensorFlow's.
#include "training_workloads.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct Workload {
  const char* name;
  bench::TrainingStep (*build)();
  std::vector<float> losses;  // TensorFlow 2.21's
};

const Workload kWorkloads[] = {
    {"digits_train", bench::digits_train, {2.3119273f, 2.2724531f, 2.2452939f, 2.2211771f}},
    {"mlp_train", bench::mlp_train, {2.3686209f, 1.6798655f, 1.1461351f, 0.72648001f}},
    {"cnn_train", bench::cnn_train, {2.2881970f, 2.5982649f, 2.1397307f, 2.1558308f}},
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Calls for 0.1 s to warm up, then measures for 0.7 s, seven calls at least.
std::vector<double> measure(const tenon::Callable& step, std::vector<tenon::Tensor>& loss) {
  const double begin = now();
  for (int i = 0; i < 3 || now() - begin < 0.1; ++i) step.run_into({}, loss);
  std::vector<double> seconds;
  const double start = now();
  while (seconds.size() < 7 || now() - start < 0.7) {
    const double before = now();
    step.run_into({}, loss);
    seconds.push_back(now() - before);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

void run(const Workload& workload, int threads) {
  const tenon::Graph graph;
  auto as_default = graph.as_default();
  const bench::TrainingStep built = workload.build();
  tenon::Session session({.threads = threads});
  session.run(tenon::global_variables_initializer());
  const tenon::Callable step = session.make_callable({built.loss}, {}, {built.train});
  std::vector<tenon::Tensor> loss = {tenon::Tensor(0.0f)};
  for (const float wanted : workload.losses) {
    step.run_into({}, loss);
    const float found = loss[0].scalar<float>();
    if (!(std::abs(found - wanted) <= 1e-3f * wanted)) {
      std::fprintf(stderr, "%s: the loss is %g, not %g\n", workload.name, found, wanted);
      std::exit(1);
    }
  }
  const std::vector<double> seconds = measure(step, loss);
  std::printf(
      "{\"peer\": \"tenon\", \"workload\": \"%s\", \"threads\": %d, \"seconds_median\": %.9g, "
      "\"seconds_min\": %.9g, \"extra\": {}}\n",
      workload.name, threads, seconds[seconds.size() / 2], seconds[0]);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) try {
  int threads = 1;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else {
      names.emplace_back(argv[i]);
    }
  }
  for (const std::string& name : names) {
    if (std::none_of(std::begin(kWorkloads), std::end(kWorkloads),
                     [&](const Workload& known) { return name == known.name; })) {
      std::fprintf(stderr, "training: there is no workload %s\n", name.c_str());
      return 2;
    }
  }
  for (const Workload& workload : kWorkloads) {
    if (names.empty() || std::find(names.begin(), names.end(), workload.name) != names.end()) {
      run(workload, threads);
    }
  }
} catch (const tenon::Error& error) {
  std::fprintf(stderr, "training: %s\n", error.what());
  return 1;
}
