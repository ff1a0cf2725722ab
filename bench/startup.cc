// From the start of a process to its first result: workload 11, the page cache warm.
//   startup [STARTS]          20 times; the process's peak of resident memory goes with each
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/bench.h"
#include "training_workloads.h"

namespace tn = tenon;

namespace {

// One layer on an image fed from the host; its sum goes to standard output.
int first_result() {
  const tn::Output x = tn::placeholder(tn::float32, {1, 20, 20, 32});
  const tn::Variable w(bench::numbers(2, {5, 5, 32, 32}, 0.05)), b(bench::numbers(3, {32}, 0.1));
  const tn::Output y =
      tn::reduce_sum(tn::nn::relu(tn::nn::bias_add(tn::nn::conv2d(x, w, {.padding = "SAME"}), b)));
  tn::Session session({.threads = 1});
  session.run(tn::global_variables_initializer());
  std::printf("RESULT %g\n",
              static_cast<double>(
                  session.run(y, {{x, bench::numbers(1, {1, 20, 20, 32})}}).scalar<float>()));
  return 0;
}

// Starts this program anew and waits for its end; the peak of its memory in bytes.
int64_t start_once(const char* program) {
  const pid_t child = fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stdout) != nullptr) {
      execl(program, program, "--first-result", static_cast<char*>(nullptr));
    }
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0) {
    std::fprintf(stderr, "startup: the process failed\n");
    std::exit(1);
  }
  return usage.ru_maxrss * 1024;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1 && std::strcmp(argv[1], "--first-result") == 0) return first_result();
  const int starts = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  std::vector<double> seconds;
  int64_t memory = 0;
  for (int i = 0; i < starts; ++i) {
    seconds.push_back(bench::seconds_of([&] { memory = std::max(memory, start_once(argv[0])); }));
  }
  std::sort(seconds.begin(), seconds.end());
  bench::emit("startup_warm", 1, {seconds[seconds.size() / 2], seconds[0]}, 1,
              {{"peak_rss_bytes", memory}});
} catch (const tn::Error& error) {
  std::fprintf(stderr, "startup: %s\n", error.what());
  return 1;
}
