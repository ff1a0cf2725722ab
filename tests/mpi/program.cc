// What the tests start as several processes: `mpirun -n N mpi_program CASE`. The last task works,
// unless the case says otherwise; a case that fails ends with its error on standard error and 1.
#include <tenon/tenon.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/mpi/model.h"
#include "tests/mpi/program.h"

namespace tn = tenon;
using mpi_testing::cluster;
using mpi_testing::ClusterSpec;
using mpi_testing::config;
using mpi_testing::errors;
using mpi_testing::expect;
using mpi_testing::folder;
using mpi_testing::inputs;
using mpi_testing::keep;
using mpi_testing::Model;
using mpi_testing::model;
using mpi_testing::order;
using mpi_testing::Server;
using mpi_testing::targets;
using mpi_testing::values;
using mpi_testing::work;

namespace {

const char* case_name = "";

// ---- Training
// ------------------------------------------------------------------------------------

// What a training over parameter servers gives, and the same in one process: the same bits.
void train(const std::string& optimizer, bool use_resource, const ClusterSpec& spec) {
  work(spec, [&](Server& server) {
    const Model spread = model(optimizer, use_resource, spec, 0);
    const Model alone = model(optimizer, use_resource, {}, 0);
    tn::Session over(spread.graph, {.target = server.target()});
    tn::Session here(alone.graph, config());
    over.run(spread.init);
    here.run(alone.init);
    const auto step = over.make_callable({spread.loss}, {spread.x, spread.y}, {spread.train});
    for (int i = 0; i < 8; ++i) {
      const tn::Tensor loss = step({inputs(i), targets()})[0];
      const tn::Tensor expected = here.run(std::vector<tn::Fetch>{alone.loss, alone.train},
                                           {{alone.x, inputs(i)}, {alone.y, targets()}})[0];
      expect(loss == expected, "the loss of step " + std::to_string(i));
    }
    for (size_t i = 0; i < spread.variables.size(); ++i) {
      const tn::Variable& variable = spread.variables[i];
      expect(over.run(variable) == here.run(alone.variables[i]), variable.name());
    }
  });
}

// Each worker trains when it will, until both together have made enough steps.
void train_together() {
  const ClusterSpec spec = cluster(1, 2);
  work(spec, [&](Server& server) {
    const Model made = model("sgd", false, spec, server.task_index());
    tn::Session session(made.graph, {.target = server.target()});
    const auto as_default = made.graph.as_default();
    const auto missing = tn::report_uninitialized_variables();
    if (server.task_index() == 0) session.run(made.init);
    while (session.run(missing).element_count() > 0) std::this_thread::yield();
    const auto step = tn::train::get_or_create_global_step();
    const auto train = session.make_callable({made.loss}, {made.x, made.y}, {made.train});
    float loss = 0;
    while (session.run(step).scalar<int64_t>() < 300) {
      loss = train({inputs(0), targets()})[0].scalar<float>();
    }
    expect(loss < 0.5f, "the loss of worker " + std::to_string(server.task_index()) + ": " +
                            std::to_string(loss));
  });
}

// ---- All-reduce
// ----------------------------------------------------------------------------------

// Two workers with a half of each batch have, in every step and to the last bit, the same variables
// as each other, and about those that one has with the whole batch.
void all_reduce() {
  const ClusterSpec spec = {{"worker", {"w0", "w1"}}};
  Server server(spec, {.protocol = "mpi", .config = config()});
  const auto build = [&](bool alone) {
    Model made = model("none", false, {}, 0);
    const auto as_default = made.graph.as_default();
    tn::train::GradientDescentOptimizer descent({.learning_rate = 0.1f});
    const tn::train::AllReduceOptimizer optimizer(descent, server, {.bucket_bytes = 100});
    made.train = alone ? descent.minimize(made.loss) : optimizer.minimize(made.loss);
    return made;
  };
  const Model both = build(false), one = build(true);
  const tn::Operation start = [&] {
    const auto as_default = both.graph.as_default();
    return tn::train::broadcast_variables(both.variables, server);
  }();
  tn::Session session(both.graph, {.target = server.target()}), alone(one.graph, config());
  session.run(both.init);
  alone.run(one.init);
  if (server.task_index() == 1) {
    const auto as_default = both.graph.as_default();
    session.run(both.variables[0].assign(tn::zeros({3, 4})));
  }
  session.run(start);
  const std::vector<float> xs = inputs(0).to_vector<float>(), ys = targets().to_vector<float>();
  const auto half = [&](int which) {
    const auto first = static_cast<size_t>(which) * 2;
    return tn::Feeds{{both.x, tn::Tensor::from<float>(std::span(xs).subspan(first * 3, 6), {2, 3})},
                     {both.y, tn::Tensor::from<float>(std::span(ys).subspan(first, 2), {2, 1})}};
  };
  const tn::Feeds whole = {{one.x, tn::Tensor::from<float>(std::span(xs).first(12), {4, 3})},
                           {one.y, tn::Tensor::from<float>(std::span(ys).first(4), {4, 1})}};
  for (int i = 0; i < 10; ++i) {
    session.run(both.train, half(server.task_index()));
    alone.run(one.train, whole);
  }
  std::cout << "came to";
  for (size_t i = 0; i < both.variables.size(); ++i) {
    const tn::Tensor value = session.run(both.variables[i]);
    expect(value.allclose(alone.run(one.variables[i]), 1e-4, 1e-5), both.variables[i].name());
    const std::string bytes(static_cast<const char*>(value.raw()), value.bytes());
    std::cout << ' ' << std::hex << std::hash<std::string>()(bytes);
  }
  std::cout << std::endl;
}

// ---- Starting and losing
// -------------------------------------------------------------------------

int rank() { return std::atoi(std::getenv("OMPI_COMM_WORLD_RANK")); }

// Each process says what it is told when it starts.
void start(const ClusterSpec& spec, const tn::train::ServerOptions& options) {
  try {
    Server server(spec, options);
    std::cout << "rank " << rank() << " is /job:" << server.job_name()
              << "/task:" << server.task_index() << std::endl;
  } catch (const tn::Error& error) {
    std::cout << "rank " << rank() << ": " << error.what() << std::endl;
  }
}

// The last worker dies in the middle of its work; the server, and the worker that waits for the
// server, say what they know.
void lose(const std::string& who) {
  const ClusterSpec spec = cluster(1, 2);
  Server server(spec, {.protocol = "mpi", .config = config(), .lost_after_in_ms = 3000});
  const std::string self = server.job_name() + std::to_string(server.task_index());
  const Model made = model("sgd", false, spec, server.task_index());
  try {
    if (server.job_name() == "ps" && who != "ps0") return server.join();
    tn::Session session(made.graph, {.target = server.target()});
    if (server.job_name() == "worker") session.run(made.init);
    for (int i = 0; i < 20; ++i) {
      if (server.job_name() == "worker") {
        session.run(made.train, {{made.x, inputs(0)}, {made.y, targets()}});
      }
    }
    if (self == who) {
      std::this_thread::sleep_for(std::chrono::seconds(1));  // the others are at work
      raise(SIGKILL);
    }
    if (who == "ps0") {
      while (true) session.run(made.train, {{made.x, inputs(0)}, {made.y, targets()}});
    }
  } catch (const tn::Error& error) {
    std::cout << self << ": " << error.what() << std::endl;
    std::_Exit(0);  // MPI can't end without the one that is lost
  }
}

// A worker that has left goes on for longer than others may be silent. Then all end in order.
void go_on_alone() {
  {
    const Server server(cluster(1, 1),
                        {.protocol = "mpi", .config = config(), .lost_after_in_ms = 1500});
    if (server.job_name() == "ps") return server.join();
  }
  std::this_thread::sleep_for(std::chrono::seconds(4));
}

// A training that goes on from its last checkpoint, and says in the end what it came to. The
// process of rank `dying` is killed after so many milliseconds.
void resume(int dying, int milliseconds) {
  if (dying == rank()) {
    std::thread([milliseconds] {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      raise(SIGKILL);
    }).detach();
  }
  const ClusterSpec spec = cluster(2, 1);
  work(spec, [&](Server& server) {
    const Model made = model("adam", false, spec, 0);
    const auto as_default = made.graph.as_default();
    const auto step = tn::train::get_or_create_global_step();
    tn::SessionOptions options = config();
    options.target = server.target();
    tn::train::MonitoredTrainingSession session({.checkpoint_dir = folder(),
                                                 .save_checkpoint_steps = 5,
                                                 .save_summaries_steps = 0,
                                                 .config = options,
                                                 .log_step_count_steps = 0});
    int64_t done = session.run(step).scalar<int64_t>();
    for (; done < 40; ++done) {
      session.run(made.train, {{made.x, inputs(static_cast<int>(done))}, {made.y, targets()}});
    }
    std::cout << "came to";
    for (const tn::Variable& variable : made.variables) {
      const tn::Tensor value = session.run(variable);
      const std::string bytes(static_cast<const char*>(value.raw()), value.bytes());
      std::cout << ' ' << std::hex << std::hash<std::string>()(bytes);
    }
    std::cout << std::endl;
  });
}

}  // namespace

int main(int argc, char** argv) try {
  case_name = argc > 1 ? argv[1] : "";
  const ClusterSpec two = cluster(1, 1), three = cluster(2, 1);
  const bool is_first = std::getenv("OMPI_COMM_WORLD_RANK") != nullptr && rank() == 0;
  const std::map<std::string, std::function<void()>> cases = {
      {"sgd", [&] { train("sgd", false, three); }},
      {"momentum", [&] { train("momentum", true, three); }},
      {"adam", [&] { train("adam", false, three); }},
      {"adam_resource", [&] { train("adam", true, two); }},
      {"five", [&] { train("adam", false, cluster(4, 1)); }},
      {"together", train_together},
      {"all_reduce", all_reduce},
      {"order", [&] { work(two, order); }},
      {"values", [&] { work(two, values); }},
      {"errors", [&] { work(two, errors); }},
      {"keep", [&] { work(two, keep); }},
      {"start", [&] { start(two, {.protocol = "mpi"}); }},
      {"start_by_name",
       [&] { start(two, {.job_name = is_first ? "worker" : "ps", .protocol = "mpi"}); }},
      {"one_task_twice", [&] { start(two, {.job_name = "ps", .protocol = "mpi"}); }},
      {"one_says", [&] { start(two, {.job_name = is_first ? "ps" : "", .protocol = "mpi"}); }},
      {"no_such_job",
       [&] { start(two, {.job_name = is_first ? "ps" : "chief", .protocol = "mpi"}); }},
      {"other_number", [&] { start(three, {.protocol = "mpi"}); }},
      {"other_cluster", [&] { start(is_first ? two : cluster(2, 0), {.protocol = "mpi"}); }},
      {"lose_worker", [&] { lose("worker1"); }},
      {"lose_server", [&] { lose("ps0"); }},
      {"go_on_alone", go_on_alone},
      {"resume", [&] { resume(std::atoi(argv[2]), std::atoi(argv[3])); }},
  };
  cases.at(case_name)();
  return 0;
} catch (const std::exception& error) {
  std::cerr << case_name << ": " << error.what() << std::endl;
  return 1;
}
