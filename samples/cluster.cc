// Trains on a cluster: two workers train variables that two parameter servers hold. The program is
// the one that TensorFlow 1 runs on four machines. Without an argument every task lives in this
// process, the workers in threads of their own; with --mpi each is a process:
//
//   mpirun -n 4 cluster --mpi
#include <tenon/tenon.h>

#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace tn = tenon;

namespace {

constexpr int kSteps = 200;  // of each worker

const tn::train::ClusterSpec& cluster() {
  static const tn::train::ClusterSpec spec = {{"ps", {"ps0:2222", "ps1:2222"}},
                                              {"worker", {"worker0:2222", "worker1:2222"}}};
  return spec;
}

// What every worker builds, in a graph of its own: variables go to the parameter servers, one after
// the other; everything else to the worker.
struct Model {
  explicit Model(int worker) {
    auto spread = tn::device(tn::train::replica_device_setter(
        {.worker_device = "/job:worker/task:" + std::to_string(worker),
         .cluster = cluster().as_dict()}));
    x = tn::placeholder(tn::float32, {-1, 2}, {.name = "x"});
    y = tn::placeholder(tn::float32, {-1, 1}, {.name = "y"});
    w = tn::get_variable("w", {.shape = {2, 1}, .initializer = tn::zeros_initializer()});
    b = tn::get_variable("b", {.shape = {1}, .initializer = tn::zeros_initializer()});
    step = tn::train::get_or_create_global_step();
    auto loss = tn::reduce_mean(tn::square(tn::matmul(x, w) + b - y));
    train = tn::train::GradientDescentOptimizer({.learning_rate = 0.05f})
                .minimize(loss, {.global_step = step});
  }

  tn::Output x, y;
  tn::Variable w, b, step;
  tn::Operation train;
};

// Examples of y = 3 a + 5 b - 1. Each worker has its own.
tn::Feeds examples(const Model& model, int worker) {
  std::vector<float> xs, ys;
  for (int i = 0; i < 8; ++i) {
    const auto a = static_cast<float>((i + 3 * worker) % 4) - 1.5f;
    const auto b = static_cast<float>(i % 3) - 1.0f;
    xs.insert(xs.end(), {a, b});
    ys.push_back(3 * a + 5 * b - 1);
  }
  return {{model.x, tn::Tensor::from<float>(xs, {8, 2})},
          {model.y, tn::Tensor::from<float>(ys, {8, 1})}};
}

// What a worker's program does with its server: its graph, its session. The first is the chief.
void work(const tn::train::Server& server) {
  const int worker = server.task_index();
  tn::Graph graph;
  auto as_default = graph.as_default();
  const Model model(worker);
  const auto missing = tn::report_uninitialized_variables();
  tn::Session session({.target = server.target()});
  if (worker == 0) session.run(tn::global_variables_initializer());
  while (session.run(missing).element_count() > 0) std::this_thread::yield();
  const tn::Feeds feeds = examples(model, worker);
  while (session.run(model.step).scalar<int64_t>() < 2 * kSteps) session.run(model.train, feeds);
}

// The variables as they are on the parameter servers, seen by a session of another graph.
void show(const tn::train::Server& server, const std::string& title) {
  tn::Graph graph;
  auto as_default = graph.as_default();
  const Model model(0);
  tn::Session session({.target = server.target()});
  std::cout << title << '\n';
  for (const tn::Variable& v : {model.w, model.b}) {
    const tn::Tensor value = session.run(tn::round(tn::reshape(v, {-1})));
    std::cout << "  " << v.op().name() << " on " << v.device() << ": " << value << '\n';
  }
  std::cout << "  at least " << 2 * kSteps << " steps: " << std::boolalpha
            << (session.run(model.step).scalar<int64_t>() >= 2 * kSteps) << '\n';
}

void show_devices(const tn::train::Server& server) {
  std::cout << "the devices of the cluster\n";
  for (const tn::DeviceInfo& device : tn::Session({.target = server.target()}).list_devices()) {
    std::cout << "  " << device.name << '\n';
  }
}

// One task of four, in a process of its own.
void run_task() {
  const tn::train::Server server(cluster(), {.protocol = "mpi"});
  if (server.job_name() == "ps") return server.join();
  work(server);
  if (server.task_index() != 0) return;
  show_devices(server);
  show(server, "trained, y = 3 a + 5 b - 1");
}

}  // namespace

int main(int argc, char** argv) try {
  using tn::train::Server;
  if (argc > 1 && std::string(argv[1]) == "--mpi") {
    run_task();
    return 0;
  }
  const Server ps0(cluster(), {.job_name = "ps", .task_index = 0});
  const Server ps1(cluster(), {.job_name = "ps", .task_index = 1});
  const Server worker0(cluster(), {.job_name = "worker", .task_index = 0});
  const Server worker1(cluster(), {.job_name = "worker", .task_index = 1});

  auto chief = std::async(std::launch::async, work, std::cref(worker0));
  auto other = std::async(std::launch::async, work, std::cref(worker1));
  chief.get();
  other.get();

  // What they trained is with the parameter servers.
  show_devices(ps0);
  show(ps1, "trained, y = 3 a + 5 b - 1");

  tn::Session::reset(ps0.target());
  try {
    show(ps0, "after a reset");
  } catch (const tn::FailedPreconditionError& error) {
    std::cout << "  " << to_string(error.kind()) << '\n';
  }
} catch (const tn::Error& error) {
  std::cerr << "cluster: " << error.what() << '\n';
  return 1;
}
