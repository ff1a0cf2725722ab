// Eight threads share two sessions, one on the CPU and one on an emulated GPU, that train the
// digits network; some train, some only ask for the loss. The ThreadSanitizer job runs this for a
// minute: `two_sessions SECONDS`.
#include <tenon/tenon.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "bench/training_workloads.h"

namespace tn = tenon;

namespace {

using Clock = std::chrono::steady_clock;

// What one thread does until it is time; how many runs it made.
int64_t work(int thread, tn::Session& session, const bench::TrainingStep& step,
             Clock::time_point end) {
  const tn::Callable train = session.make_callable({step.loss}, {}, {step.train});
  std::vector<tn::Tensor> loss = {tn::Tensor(0.0f)};
  int64_t runs = 0;
  for (; Clock::now() < end; ++runs) {
    if (thread % 4 == 0) {
      train.run_into({}, loss);
    } else if (thread % 4 == 1) {
      loss[0] = session.run({step.loss, step.train})[0];
    } else {
      loss[0] = session.run(step.loss);
    }
    if (!std::isfinite(loss[0].scalar<float>())) std::abort();
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) try {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 5;
  const bench::TrainingStep step = bench::digits_train();
  tn::Session cpu({.threads = 2}), gpu({.emulated_gpus = 1, .threads = 2});
  for (tn::Session* session : {&cpu, &gpu}) session->run(tn::global_variables_initializer());
  const float first = cpu.run(step.loss).scalar<float>();
  const Clock::time_point end = Clock::now() + std::chrono::seconds(seconds);
  std::atomic<int64_t> runs{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { runs += work(i, i < 4 ? cpu : gpu, step, end); });
  }
  for (std::thread& thread : threads) thread.join();
  const float losses[] = {cpu.run(step.loss).scalar<float>(), gpu.run(step.loss).scalar<float>()};
  std::printf("%lld runs; the loss fell from %g to %g and %g\n", static_cast<long long>(runs),
              first, losses[0], losses[1]);
  return losses[0] < first && losses[1] < first ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
