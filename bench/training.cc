// One training step (forward, gradients, update, the loss on the host): workloads 5 to 7.
//   training [digits_train | mlp_train | cnn_train ...] [--threads N]
#include <cstdio>

#include "support/bench.h"
#include "training_workloads.h"

namespace {

struct Workload {
  const char* name;
  bench::TrainingStep (*build)();
};

constexpr Workload kWorkloads[] = {
    {"digits_train", bench::digits_train},
    {"mlp_train", bench::mlp_train},
    {"cnn_train", bench::cnn_train},
};

void run(const Workload& workload, int threads) {
  const tenon::Graph graph;
  auto as_default = graph.as_default();
  const bench::TrainingStep built = workload.build();
  tenon::Session session({.threads = threads});
  session.run(tenon::global_variables_initializer());
  const tenon::Callable step = session.make_callable({built.loss}, {}, {built.train});
  std::vector<tenon::Tensor> loss = {tenon::Tensor(0.0f)};
  tenon::Tensor losses(tenon::float32, {5});
  for (float& one : losses.mutable_data<float>()) {
    step.run_into({}, loss);
    one = loss[0].scalar<float>();
  }
  bench::check(workload.name, {losses});
  bench::emit(workload.name, threads,
              bench::measure([&] { step.run_into({}, loss); }, {.seconds = 0.7}));
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Arguments arguments(argc, argv);
  for (const int threads : arguments.threads) {
    const bench::Pinned pinned(threads);
    for (const Workload& workload : kWorkloads) {
      if (arguments.wants(workload.name)) run(workload, threads);
    }
  }
} catch (const tenon::Error& error) {
  std::fprintf(stderr, "training: %s\n", error.what());
  return 1;
}
