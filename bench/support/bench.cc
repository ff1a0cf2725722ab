#include "support/bench.h"

#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace bench {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<int> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void allow_cores(const std::vector<int>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

// Every max(1, n / 4096)-th element of each tensor.
std::vector<double> sampled(const std::vector<tenon::Tensor>& values) {
  std::vector<double> numbers;
  for (const tenon::Tensor& value : values) {
    const auto elements = value.data<float>();
    const size_t step = std::max<size_t>(1, elements.size() / 4096);
    for (size_t i = 0; i < elements.size(); i += step) {
      numbers.push_back(static_cast<double>(elements[i]));
    }
  }
  return numbers;
}

[[noreturn]] void fail(const std::string& workload, const char* what, double found, double wanted) {
  std::fprintf(stderr, "%s: %s is %.9g, not %.9g\n", workload.c_str(), what, found, wanted);
  std::exit(1);
}

}  // namespace

Arguments::Arguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = {std::max(1, std::atoi(argv[++i]))};
    } else {
      names.emplace_back(argv[i]);
    }
  }
}

bool Arguments::wants(const std::string& name) const {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

double seconds_of(const std::function<void()>& call) {
  const double begin = now();
  call();
  return now() - begin;
}

Result measure(const std::function<void()>& call, const Budget& budget) {
  const double warm_up = now();
  int64_t warm = 0;
  for (; warm < 3 || now() - warm_up < 0.1; ++warm) call();
  const double estimate = (now() - warm_up) / static_cast<double>(warm);
  const auto group = std::max<int64_t>(1, static_cast<int64_t>(300e-6 / estimate));
  std::vector<double> samples;
  const double begin = now();
  while (static_cast<int>(samples.size()) < budget.least_samples ||
         now() - begin < budget.seconds) {
    const double before = now();
    for (int64_t i = 0; i < group; ++i) call();
    samples.push_back((now() - before) / static_cast<double>(group));
  }
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples[0]};
}

void emit(const std::string& workload, int threads, const Result& result, double per,
          const std::map<std::string, int64_t>& extra) {
  std::printf(
      "{\"peer\": \"tenon\", \"workload\": \"%s\", \"threads\": %d, \"seconds_median\": %.9g, "
      "\"seconds_min\": %.9g, \"extra\": %s}\n",
      workload.c_str(), threads, result.median / per, result.minimum / per,
      nlohmann::json(extra).dump().c_str());
  std::fflush(stdout);
}

int64_t allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

void check(const std::string& workload, const std::vector<tenon::Tensor>& values) {
  static const nlohmann::json checks = [] {
    std::ifstream file(TENON_BENCH_DIR "/peers/checks.json");
    return nlohmann::json::parse(file);
  }();
  const nlohmann::json& wanted = checks.at("tensorflow_sample").at(workload);
  const std::vector<double> found = sampled(values);
  if (found.size() != wanted.at("sampled").get<size_t>()) {
    fail(workload, "the number of samples", static_cast<double>(found.size()),
         wanted.at("sampled").get<double>());
  }
  double sum = 0;
  for (const double number : found) sum += number;
  const double wanted_sum = wanted.at("sum").get<double>();
  const double size = wanted.at("abs_sum").get<double>();
  if (!(std::abs(sum - wanted_sum) <= 1e-3 * size)) fail(workload, "the sum", sum, wanted_sum);
  const auto first = wanted.at("first").get<std::vector<double>>();
  const double mean = size / static_cast<double>(found.size());
  for (size_t i = 0; i < first.size(); ++i) {
    const double tolerance = 1e-3 * std::max(mean, std::abs(first[i]));
    if (!(std::abs(found[i] - first[i]) <= tolerance)) {
      fail(workload, "a value", found[i], first[i]);
    }
  }
}

Pinned::Pinned(int threads) : cores_(allowed_cores()) {
  if (threads == 1 && !cores_.empty()) allow_cores({cores_[0]});
}

Pinned::~Pinned() { allow_cores(cores_); }

}  // namespace bench
