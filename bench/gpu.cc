// What `./dev check-gpu bench` measures on a GPU: layers forward and backward, arithmetic, training
// steps. One JSON line each, float32 with and without TensorFloat-32. bench/gpu/torch_gpu.py is the
// peer.
//   gpu [WORKLOAD ...]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "layer_workloads.h"
#include "support/bench.h"

namespace tn = tenon;

namespace {

tn::Output weights(const char* name, const tn::Shape& shape) {
  return tn::get_variable(name, {.shape = shape});
}

tn::Output input(const tn::Shape& shape) {
  return tn::Variable(tn::random_normal(shape, {.seed = 1}), {.trainable = false});
}

tn::Output conv_relu(const char* name, const tn::Output& x, const tn::Shape& kernel) {
  const auto scope = tn::variable_scope(name);
  const tn::Output w = weights("w", kernel), b = weights("b", {kernel[3]});
  return tn::nn::relu(tn::nn::conv2d(x, w, {.strides = {1, 1, 1, 1}, .padding = "SAME"}) + b);
}

tn::Output dense_relu(const char* name, const tn::Output& x, int64_t units) {
  const auto scope = tn::variable_scope(name);
  const tn::Output w = weights("w", {x.shape()[1], units}), b = weights("b", {units});
  return tn::nn::relu(tn::matmul(x, w) + b);
}

using Targets = std::vector<tn::Fetch>;

// The result, and its gradients by all that is trained.
Targets with_gradients(const tn::Output& y) {
  std::vector<tn::Ref> trained;
  for (const tn::Variable& one : tn::trainable_variables()) trained.emplace_back(one);
  Targets targets = {y.op()};
  for (const tn::Output& gradient : tn::gradients({tn::reduce_sum(y)}, trained)) {
    targets.emplace_back(gradient.op());
  }
  return targets;
}

Targets image_filter() {
  const tn::Output first = conv_relu("conv1", input({1, 20, 20, 32}), {5, 5, 32, 32});
  return {conv_relu("conv2", first, {5, 5, 32, 32}).op()};
}

tn::Output convolution() { return conv_relu("conv", input({64, 56, 56, 64}), {3, 3, 64, 64}); }
tn::Output dense() { return dense_relu("dense", input({4096, 4096}), 4096); }

tn::Output max_pool(const tn::Output& x) {
  return tn::nn::max_pool(x, {.ksize = {1, 2, 2, 1}, .strides = {1, 2, 2, 1}, .padding = "SAME"});
}

Targets digits_step() {
  constexpr int kBatch = 64;
  tn::Output x = input({kBatch, 8, 8, 1});
  x = max_pool(conv_relu("conv1", x, {3, 3, 1, 32}));
  x = max_pool(conv_relu("conv2", x, {3, 3, 32, 64}));
  x = dense_relu("hidden", tn::reshape(x, {kBatch, 256}), 128);
  const tn::Output w = weights("w", {128, 10});
  const tn::Output labels = tn::zeros({kBatch}, tn::int32);
  const tn::Output loss = tn::reduce_mean(tn::nn::sparse_softmax_cross_entropy_with_logits(
      {.labels = labels, .logits = tn::matmul(x, w)}));
  return {tn::train::AdamOptimizer({.learning_rate = 1e-3}).minimize(loss)};
}

tn::Output recurrent() {
  return bench::recurrent(bench::constant(42, {192, 128}, 0.1), bench::constant(43, {128}, 0.1));
}

struct Workload {
  const char* name;
  std::function<Targets()> build;
};

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all = {
      {"image_filter", image_filter},
      {"conv_relu_fwd", [] { return Targets{convolution().op()}; }},
      {"conv_relu_fwdbwd", [] { return with_gradients(convolution()); }},
      {"dense_4096_fwd", [] { return Targets{dense().op()}; }},
      {"dense_4096_fwdbwd", [] { return with_gradients(dense()); }},
      {"digits_step", digits_step},
      {"mlp_train", [] { return Targets{bench::mlp_train().train}; }},
      {"cnn_train", [] { return Targets{bench::cnn_train().train}; }},
      {"rnn_fwd", [] { return Targets{recurrent().op()}; }},
      {"ew_chain20", [] { return Targets{bench::ew_chain20().op()}; }},
      {"norm_4096x1024", [] { return Targets{bench::norm().op()}; }},
  };
  return all;
}

// The seconds of one run, of many put on the device one after the other: the best of a few groups.
double seconds_a_run(const tn::Callable& step, const tn::Callable& wait) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarm = 10, kGroups = 7, kRuns = 50;
  for (int i = 0; i < kWarm; ++i) step();
  wait();
  double best = 1e9;
  for (int group = 0; group < kGroups; ++group) {
    const auto start = Clock::now();
    for (int i = 0; i < kRuns; ++i) step();
    wait();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count() / kRuns);
  }
  return best;
}

void run(const Workload& workload, bool tf32) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const Targets targets = workload.build();
  // Fetching it waits for all that was put on the device before.
  const tn::Output last = tn::Variable(tn::Tensor(0.0f), {.trainable = false}) + 1.0f;
  tn::Session session({.allow_soft_placement = true, .allow_tf32 = tf32});
  session.run(tn::global_variables_initializer());
  const double seconds =
      seconds_a_run(session.make_callable({}, {}, targets), session.make_callable({last}));
  std::printf(
      "{\"library\": \"tenon\", \"workload\": \"%s\", \"tf32\": %s, \"device\": \"%s\", "
      "\"us\": %.2f}\n",
      workload.name, tf32 ? "true" : "false", session.list_devices().back().description.c_str(),
      seconds * 1e6);
}

}  // namespace

int main(int argc, char** argv) try {
  setenv("TENON_COMPILE_AHEAD", "1", 0);  // what is measured is what is compiled
  const bench::Arguments arguments(argc, argv);
  for (const bool tf32 : {false, true}) {
    for (const Workload& workload : workloads()) {
      if (arguments.wants(workload.name)) run(workload, tf32);
    }
  }
} catch (const tn::Error& error) {
  std::fprintf(stderr, "gpu: %s\n", error.what());
  return 1;
}
