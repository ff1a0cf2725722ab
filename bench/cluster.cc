// Clusters over MPI: bytes a second of parameters that a worker reads and writes, beside MPI's own
// calls for the same bytes in the same run; and steps of training a second.
//   mpirun -n N cluster            one parameter server, the others are workers
#include <mpi.h>
#include <tenon/tenon.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tn = tenon;

namespace {

constexpr int kServer = 0, kWorker = 1, kTag = 7;
const std::vector<int64_t> kSizes = {1 << 8, 1 << 14, 1 << 20, 1 << 22, 1 << 24};  // floats

// The least of several calls, in seconds.
double least_seconds(int rounds, const std::function<void()>& call) {
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    least = std::min(least, took.count());
  }
  return least;
}
int rounds_of(int64_t size) { return size >= (1 << 22) ? 10 : 50; }

// A word one way, the values the other.
struct Plain {
  double read = 0, write = 0;
};
Plain plain_mpi(int rank, int64_t size) {
  std::vector<float> values(static_cast<size_t>(size), 1.0f);
  const auto count = static_cast<int>(size);
  char word = 0;
  const auto exchange = [&](int sender) {
    if (rank == sender) {
      if (sender == kServer)
        MPI_Recv(&word, 1, MPI_CHAR, kWorker, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(values.data(), count, MPI_FLOAT, 1 - sender, kTag, MPI_COMM_WORLD);
      if (sender == kWorker)
        MPI_Recv(&word, 1, MPI_CHAR, kServer, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
      if (sender == kServer) MPI_Send(&word, 1, MPI_CHAR, kServer, kTag, MPI_COMM_WORLD);
      MPI_Recv(values.data(), count, MPI_FLOAT, sender, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (sender == kWorker) MPI_Send(&word, 1, MPI_CHAR, kWorker, kTag, MPI_COMM_WORLD);
    }
  };
  if (rank > kWorker) return {};
  return {least_seconds(rounds_of(size), [&] { exchange(kServer); }),
          least_seconds(rounds_of(size), [&] { exchange(kWorker); })};
}

void report(const char* what, int64_t size, double seconds, double plain) {
  const double bytes = static_cast<double>(size) * sizeof(float);
  std::printf(
      "{\"workload\": \"%s\", \"bytes\": %.0f, \"us\": %.1f, \"plain_us\": %.1f, "
      "\"GB_per_s\": %.2f, \"of_plain\": %.2f}\n",
      what, bytes, seconds * 1e6, plain * 1e6, bytes / seconds / 1e9, plain / seconds);
}

// What the first worker reads and writes, one variable a size.
void move_parameters(const tn::train::Server& server, const std::vector<Plain>& plain) {
  tn::Graph graph;
  const auto as_default = graph.as_default();
  const auto there = tn::device("/job:ps/task:0");
  tn::Session session({.target = server.target()});
  for (size_t i = 0; i < kSizes.size(); ++i) {
    auto v = tn::get_variable("v" + std::to_string(i),
                              {.shape = {kSizes[i]}, .initializer = tn::ones_initializer()});
    auto x = tn::placeholder(tn::float32, {kSizes[i]});
    const tn::Tensor value = tn::Tensor::ones({kSizes[i]});
    const auto read = session.make_callable({v}, {});
    const auto write = session.make_callable({}, {x}, {v.assign(x)});
    session.run(v.initializer());
    read({}), write({value});
    const int rounds = rounds_of(kSizes[i]);
    report("read", kSizes[i], least_seconds(rounds, [&] { read({}); }), plain[i].read);
    report("write", kSizes[i], least_seconds(rounds, [&] { write({value}); }), plain[i].write);
  }
}

// A small network, whose steps are mostly messages.
void train(const tn::train::Server& server, const tn::train::ClusterSpec& cluster) {
  tn::Graph graph;
  const auto as_default = graph.as_default();
  const auto spread = tn::device(tn::train::replica_device_setter(
      {.worker_device = "/job:worker/task:" + std::to_string(server.task_index()),
       .cluster = cluster.as_dict()}));
  auto x = tn::placeholder(tn::float32, {32, 64});
  auto w = tn::get_variable("w", {.shape = {64, 64}});
  auto b = tn::get_variable("b", {.shape = {64}, .initializer = tn::zeros_initializer()});
  auto loss = tn::reduce_mean(tn::square(tn::matmul(x, w) + b));
  auto counter = tn::train::get_or_create_global_step();
  auto update = tn::train::GradientDescentOptimizer({.learning_rate = 0.01f})
                    .minimize(loss, {.global_step = counter});
  tn::Session session({.target = server.target()});
  const auto missing = tn::report_uninitialized_variables();
  if (server.task_index() == 0) session.run(tn::global_variables_initializer());
  while (session.run(missing).element_count() > 0) std::this_thread::yield();
  const auto step = session.make_callable({}, {x}, {update});
  const tn::Tensor batch = tn::Tensor::ones({32, 64});
  step({batch});
  constexpr int kSteps = 300;
  const double seconds = least_seconds(1, [&] {
    for (int i = 0; i < kSteps; ++i) step({batch});
  });
  std::printf("{\"workload\": \"steps\", \"workers\": %d, \"worker\": %d, \"steps_per_s\": %.0f}\n",
              cluster.num_tasks("worker"), server.task_index(), kSteps / seconds);
}

}  // namespace

int main() {
  int level = 0, rank = 0, size = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::vector<Plain> plain;
  for (const int64_t count : kSizes) plain.push_back(plain_mpi(rank, count));
  tn::train::ClusterSpec::Jobs jobs = {{"ps", {"ps0"}}};
  for (int i = 1; i < size; ++i) jobs["worker"].push_back("w" + std::to_string(i));
  const tn::train::ClusterSpec cluster(jobs);
  {
    const tn::train::Server server(cluster, {.protocol = "mpi"});
    if (server.job_name() == "ps") {
      server.join();
    } else {
      if (server.task_index() == 0 && size == 2) move_parameters(server, plain);
      train(server, cluster);
    }
  }
  MPI_Finalize();
  return 0;
}
