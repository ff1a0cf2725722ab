// Layers forward and backward, a recurrent cell, elementwise work: workloads 0 to 4 and 8.
//   layers [WORKLOAD ...] [--threads N]
#include <cstdio>

#include "layer_workloads.h"
#include "support/bench.h"

namespace tn = tenon;

namespace {

using bench::constant;
using bench::recurrent;

// What one workload computes: operations to run, and the values to check.
struct Work {
  std::vector<tn::Fetch> targets = {};
  std::vector<tn::Output> checked = {};
};

// Runs these operations, and checks their results.
Work forward(const std::vector<tn::Output>& results) {
  Work work;
  for (const tn::Output& result : results) work.targets.emplace_back(result.op());
  work.checked = results;
  return work;
}

Work sgemm() { return forward({tn::matmul(constant(7, {2048, 2048}), constant(8, {2048, 2048}))}); }

tn::Output conv_relu(const tn::Output& x, const tn::Output& w, const tn::Output& b) {
  return tn::nn::relu(
      tn::nn::bias_add(tn::nn::conv2d(x, w, {.strides = {1, 1, 1, 1}, .padding = "SAME"}), b));
}

tn::Output small_layer() {
  return conv_relu(constant(1, {1, 20, 20, 32}), constant(2, {5, 5, 32, 32}, 0.05),
                   constant(3, {32}, 0.1));
}

Work conv_relu_small() { return forward({small_layer()}); }

Work my_image_filter() {
  return forward(
      {conv_relu(small_layer(), constant(4, {5, 5, 32, 32}, 0.05), constant(5, {32}, 0.1))});
}

// A result, and with `backward` its gradients by `by` where `dy` comes in.
Work with_gradients(const tn::Output& y, const tn::Output& dy, const std::vector<tn::Output>& by,
                    bool backward) {
  if (!backward) return forward({y});
  const std::vector<tn::Ref> xs(by.begin(), by.end());
  std::vector<tn::Output> results = {y};
  for (const tn::Output& gradient : tn::gradients({tn::reduce_sum(y * dy)}, xs)) {
    results.push_back(gradient);
  }
  return forward(results);
}

Work big_convolution(bool backward) {
  const tn::Output x = constant(11, {32, 56, 56, 64}), w = constant(12, {3, 3, 64, 64}, 0.05),
                   b = constant(13, {64}, 0.1);
  return with_gradients(conv_relu(x, w, b), constant(14, {32, 56, 56, 64}), {w, b, x}, backward);
}

Work dense(bool backward) {
  const tn::Output x = constant(21, {512, 1024}), w = constant(22, {1024, 1024}, 0.05),
                   b = constant(23, {1024}, 0.1);
  return with_gradients(tn::nn::relu(tn::nn::bias_add(tn::matmul(x, w), b)),
                        constant(24, {512, 1024}), {w, b, x}, backward);
}

Work dense_small() {
  return forward({tn::nn::bias_add(tn::matmul(constant(31, {1, 10}), constant(32, {10, 20}, 0.3)),
                                   constant(33, {20}, 0.1))});
}

Work rnn_fwd() {
  return forward({recurrent(constant(42, {192, 128}, 0.1), constant(43, {128}, 0.1))});
}

Work ew_chain20() { return forward({bench::ew_chain20()}); }
Work norm() { return forward({bench::norm()}); }

struct Workload {
  const char* name;
  std::function<Work()> build;
};

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all = {
      {"sgemm_2048", sgemm},
      {"conv_relu_small", conv_relu_small},
      {"my_image_filter", my_image_filter},
      {"conv_relu_big_fwd", [] { return big_convolution(false); }},
      {"conv_relu_big_fwdbwd", [] { return big_convolution(true); }},
      {"dense_fwd", [] { return dense(false); }},
      {"dense_fwdbwd", [] { return dense(true); }},
      {"dense_small", dense_small},
      {"rnn_fwd", rnn_fwd},
      {"ew_chain20", ew_chain20},
      {"norm_4096x1024", norm},
  };
  return all;
}

void run(const Workload& workload, int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const Work work = workload.build();
  tn::Session session({.threads = threads});
  session.run(tn::global_variables_initializer());
  bench::check(workload.name,
               session.run(std::vector<tn::Fetch>(work.checked.begin(), work.checked.end())));
  const tn::Callable step = session.make_callable({}, {}, work.targets);
  std::vector<tn::Tensor> nothing;
  bench::emit(workload.name, threads, bench::measure([&] { step.run_into({}, nothing); }));
}

// The loss of 5 steps is checked, then a step measured that hands the loss out.
void run_rnn_train(int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const tn::Variable w(bench::numbers(42, {192, 128}, 0.1), {.name = "w"}),
      b(bench::numbers(43, {128}, 0.1), {.name = "b"});
  const tn::Output loss = tn::reduce_mean(tn::square(recurrent(w, b) - constant(44, {32, 128})));
  const tn::Operation train =
      tn::train::GradientDescentOptimizer({.learning_rate = 0.01}).minimize(loss);
  tn::Session session({.threads = threads});
  session.run(tn::global_variables_initializer());
  const tn::Callable step = session.make_callable({loss}, {}, {train});
  std::vector<tn::Tensor> out = {tn::Tensor(0.0f)};
  tn::Tensor losses(tn::float32, {5});
  for (float& one : losses.mutable_data<float>()) {
    step.run_into({}, out);
    one = out[0].scalar<float>();
  }
  bench::check("rnn_train", {losses});
  bench::emit("rnn_train", threads,
              bench::measure([&] { step.run_into({}, out); }, {.seconds = 0.7}));
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Arguments arguments(argc, argv);
  for (const int threads : arguments.threads) {
    const bench::Pinned pinned(threads);
    for (const Workload& workload : workloads()) {
      if (arguments.wants(workload.name)) run(workload, threads);
    }
    if (arguments.wants("rnn_train")) run_rnn_train(threads);
  }
} catch (const tn::Error& error) {
  std::fprintf(stderr, "layers: %s\n", error.what());
  return 1;
}
