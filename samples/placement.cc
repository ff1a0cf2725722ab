// Puts operations and variables on devices: by scopes, softly, by a device setter, in towers.
//
// Two GPUs are emulated here, by the CPU's kernels on memory of their own, so that the program does
// the same on every machine; leave emulated_gpus out, and it runs on the GPUs that there are.
#include <tenon/tenon.h>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "support/tables.h"

namespace tn = tenon;

namespace {

constexpr int kGpus = 2;

tn::Variable variable(const std::string& name) { return tn::get_variable(name, {.shape = {2}}); }

void show(const std::string& where, const tn::Variable& v) {
  std::cout << "  " << where << ": " << v.op().name() << " asks for \"" << v.device() << "\"\n";
}

// What is asked for where: inner scopes go over outer ones, part by part.
void nested_scopes() {
  std::cout << "Nested scopes\n";
  tn::Graph graph;
  auto as_default = graph.as_default();
  show("no scope", variable("a"));
  auto job = tn::device("/job:worker/task:1");
  auto gpu = tn::device("/device:GPU:0");
  show("a GPU inside a job", variable("b"));
  {
    auto other = tn::device("/device:GPU:1");
    show("another GPU", variable("c"));
    auto none = tn::device(nullptr);
    show("all of it taken back", variable("d"));
  }
  auto by_type = tn::device(
      [](const tn::Operation& op) { return op.type() == "VariableV2" ? "/device:CPU:0" : ""; });
  show("a function that wants variables on the CPU", variable("e"));
}

// An operation goes where it asks to be, or nowhere; softly, where it can be.
void hard_and_soft() {
  std::cout << "\nHard and soft placement\n";
  tn::Graph graph;
  auto as_default = graph.as_default();
  tn::Output y;
  {
    auto on = tn::device("/device:GPU:1");
    auto v = tn::get_variable("v", {.shape = {2}, .initializer = tn::ones_initializer()});
    y = tn::multiply(v, 3.0f, {.name = "y"});
  }
  std::cout << "  the placement log:" << std::endl;  // that goes to standard error
  tn::Session session({.log_device_placement = true, .emulated_gpus = kGpus});
  session.run(tn::global_variables_initializer());
  std::cout << "  y = " << session.run(y) << '\n';

  auto on = tn::device("/device:GPU:7");
  auto far = tn::square(y, {.name = "far"});
  try {
    tn::Session({.emulated_gpus = kGpus}).run(far);
  } catch (const tn::InvalidArgumentError& error) {
    std::cout << "  fails, " << to_string(error.kind()) << ": " << error.what() << '\n';
  }
  tn::Session soft({.allow_soft_placement = true, .emulated_gpus = kGpus});
  soft.run(tn::global_variables_initializer());
  std::cout << "  softly: far = " << soft.run(far) << '\n';
}

// Variables one after the other on the parameter servers, all else on the worker.
void device_setter() {
  std::cout << "\nreplica_device_setter\n";
  tn::Graph graph;
  auto as_default = graph.as_default();
  auto spread = tn::device(tn::train::replica_device_setter(
      {.cluster = {{"ps", {"ps0:2222", "ps1:2222"}}, {"worker", {"w0:2222"}}}}));
  const std::vector<tn::Variable> variables = {variable("w1"), variable("b1"), variable("w2")};
  for (const tn::Variable& v : variables) {
    std::cout << "  " << v.op().name() << ' ' << v.device() << '\n';
  }
  auto sum = tn::add(variables[0], variables[1], {.name = "sum"});
  std::cout << "  sum " << sum.op().device() << '\n';
}

// On the CPU, whatever is around it; made by the first call, and found by the others.
tn::Variable weights() {
  auto on = tn::device("/device:CPU:0");
  auto scope = tn::variable_scope("model", {.reuse = tn::AUTO_REUSE});
  return tn::get_variable("w", {.shape = {2, 1}});
}

// Half of the batch on each GPU, by the same weights.
tn::Output towers(const tn::Output& x, const tn::Output& y) {
  auto cpu = tn::device("/device:CPU:0");
  auto xs = tn::split(x, kGpus), ys = tn::split(y, kGpus);
  std::vector<tn::Output> losses;
  for (int gpu = 0; gpu < kGpus; ++gpu) {
    auto on = tn::device("/device:GPU:" + std::to_string(gpu));
    tn::Variable w = weights();
    losses.push_back(tn::reduce_mean(tn::square(tn::matmul(xs[gpu], w) - ys[gpu])));
  }
  return tn::add_n({losses[0], losses[1]}) / float(kGpus);
}

void two_towers() {
  std::cout << "\nTwo towers\n";
  tn::Graph graph;
  auto as_default = graph.as_default();
  tn::set_random_seed(1);
  auto x = tn::placeholder(tn::float32, {4, 2}, {.name = "x"});
  auto y = tn::placeholder(tn::float32, {4, 1}, {.name = "y"});
  auto loss = towers(x, y);
  auto train = tn::train::GradientDescentOptimizer({.learning_rate = 0.1f})
                   .minimize(loss, {.colocate_gradients_with_ops = true});
  tn::Session session({.emulated_gpus = kGpus});
  session.run(tn::global_variables_initializer());
  for (const tn::Allocation& buffer : session.variable_allocations()) {
    std::cout << "  in memory: " << buffer.variable << " on "
              << samples::short_device(buffer.device) << '\n';
  }
  const tn::Feeds feeds = {
      // y = 3 a + 5 b
      {x, tn::Tensor({{1.0f, 0.0f}, {0.0f, 1.0f}, {1.0f, 1.0f}, {1.0f, -1.0f}})},
      {y, tn::Tensor({{3.0f}, {5.0f}, {8.0f}, {-2.0f}})}};
  std::istringstream plan(session.plan_text({train}, feeds));
  for (std::string line; std::getline(plan, line);) {
    if (line.starts_with("send ")) std::cout << "  " << line << '\n';
  }
  for (int i = 0; i < 100; ++i) session.run(train, feeds);
  auto w = tn::trainable_variables()[0];
  std::cout << "  w after 100 steps, rounded: " << session.run(tn::transpose(tn::round(w))) << '\n';
}

}  // namespace

int main() try {
  samples::print_devices(std::cout, tn::Session({.emulated_gpus = kGpus}));
  nested_scopes();
  hard_and_soft();
  device_setter();
  two_towers();
} catch (const tn::Error& error) {
  std::cerr << "placement: " << error.what() << '\n';
  return 1;
}
