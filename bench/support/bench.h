// What the benchmarks share: inputs, timing, check values, the line printed for each result. The
// workloads are those of peers/workloads.md, so that the lines compare with the peers'.
#pragma once

#include <tenon/tenon.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

// What the command line asks for: names of workloads (all of them if none), `--threads N` (1, then
// 2 if left out).
struct Arguments {
  std::vector<std::string> names;
  std::vector<int> threads = {1, 2};
  Arguments(int argc, char** argv);
  bool wants(const std::string& name) const;
};

struct Result {
  double median = 0, minimum = 0;  // seconds a call
};

// How long calls are measured: workloads.md's "What is timed".
struct Budget {
  double seconds = 0.4;
  int least_samples = 7;
};

// Warms up, then measures. Calls below 300 us are timed in groups.
Result measure(const std::function<void()>& call, const Budget& budget = {});

// Prints the line of a result; `per` is the number of items in a call, `extra` what else was
// counted.
void emit(const std::string& workload, int threads, const Result& result, double per = 1,
          const std::map<std::string, int64_t>& extra = {});

// The bytes that the program has allocated and not freed.
int64_t allocated_bytes();

// Compares what a workload computed with TensorFlow's sums and first values (checks.json), each
// tensor sampled as workloads.md says. Ends the program when they differ.
void check(const std::string& workload, const std::vector<tenon::Tensor>& values);

// One thread stays on one core while it is measured, as the peers' do.
class Pinned {
 public:
  explicit Pinned(int threads);
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  std::vector<int> cores_;  // allowed before
};

// The seconds of one call.
double seconds_of(const std::function<void()>& call);

}  // namespace bench
