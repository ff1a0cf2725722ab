// What the sources of the program share that the tests start as several processes (program.cc).
#pragma once

#include <tenon/tenon.h>

#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

namespace mpi_testing {

namespace tn = tenon;
using tn::train::ClusterSpec;
using tn::train::Server;

inline void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("not so: " + what);
}

template <typename E>
void expect_error(const std::function<void()>& work, tn::ErrorKind kind, const std::string& text) {
  try {
    work();
  } catch (const E& error) {
    expect(error.kind() == kind, "the kind is " + std::string(to_string(kind)) + ": " +
                                     std::string(to_string(error.kind())));
    expect(std::string(error.what()).find(text) != std::string::npos,
           "'" + std::string(error.what()) + "' has '" + text + "'");
    return;
  }
  throw std::runtime_error("nothing was thrown, where this was to be: " + text);
}

// Where the case may write.
inline std::string folder() { return std::getenv("TENON_TEST_FOLDER"); }

inline ClusterSpec cluster(int servers, int workers) {
  ClusterSpec::Jobs jobs;
  for (int i = 0; i < servers; ++i) jobs["ps"].push_back("ps" + std::to_string(i) + ":2222");
  for (int i = 0; i < workers; ++i) jobs["worker"].push_back("w" + std::to_string(i) + ":2222");
  return ClusterSpec(jobs);
}

// GPUs only where emulated ones are asked for.
inline tn::SessionOptions config() {
  if (std::getenv("TENON_EMULATED_GPUS") != nullptr) return {};
  return {.device_count = {{"GPU", 0}}};
}

// One task a process; what is asked for runs in the workers, the others serve them.
inline void work(const ClusterSpec& spec, const std::function<void(Server&)>& worker) {
  Server server(spec, {.protocol = "mpi", .config = config()});
  server.job_name() == "ps" ? server.join() : worker(server);
}

// Cases of one worker and one server (program_runs.cc).
void order(Server& server);
void values(Server& server);
void errors(Server& server);
void keep(Server& server);

}  // namespace mpi_testing
