// Tenon in a CUDA program: its device pointers and its stream in, device tensors out, no copy.
//
//   ./build/release/samples/embed_cuda
//
// Without a GPU it says why, and runs the same graph on the CPU.
#include <cuda_runtime.h>
#include <tenon/cuda.h>
#include <tenon/tenon.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace tn = tenon;

namespace {

constexpr int kRows = 4, kColumns = 3;

// The program's own work before and behind Tenon's, on one stream.
__global__ void count_up(float* values, int size) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < size) values[i] = static_cast<float>(i);
}

__global__ void add_one(float* values, int size) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < size) values[i] += 1.0f;
}

void check(cudaError_t status, const std::string& what) {
  if (status != cudaSuccess) throw std::runtime_error(what + ": " + cudaGetErrorString(status));
}

// A small model: relu(x w + b), its weights all one half.
struct Model {
  tn::Output x = tn::placeholder(tn::float32, {kRows, kColumns}, {.name = "x"});
  tn::Output y;

  Model() {
    tn::Variable w = tn::get_variable(
        "w", {.shape = {kColumns, 2}, .initializer = tn::constant_initializer(0.5)});
    tn::Variable b =
        tn::get_variable("b", {.shape = {2}, .initializer = tn::constant_initializer(-1.0)});
    y = tn::nn::relu(tn::matmul(x, w) + b);
  }
};

std::string why_no_gpu() {
  for (const tn::ModuleInfo& module : tn::modules()) {
    if (module.name == "cuda" && !module.opened) return module.status;
  }
  return "the session has none";
}

bool has_gpu(const tn::Session& session) {
  for (const tn::DeviceInfo& device : session.list_devices()) {
    if (device.device_type == "GPU") return true;
  }
  return false;
}

void run_on_cpu(const Model& model, tn::Session& session) {
  tn::Tensor input(tn::float32, {kRows, kColumns});
  float next = 0;
  for (float& value : input.mutable_data<float>()) value = next++;
  std::cout << "no GPU (" << why_no_gpu() << "); on the CPU:\n"
            << session.run(model.y, {{model.x, input}}) << '\n';
}

// What the program does on a GPU again and again, without waiting: its kernel writes the input,
// Tenon's plan runs, its kernel goes on with the output.
void run_on_gpu(const Model& model, tn::Session& session) {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  float* input = nullptr;
  check(cudaMalloc(&input, sizeof(float) * kRows * kColumns), "cudaMalloc");

  const tn::Callable step = session.make_callable({model.y}, {model.x});
  const tn::Tensor x = tn::cuda::wrap(input, tn::float32, {kRows, kColumns});
  tn::Tensor output;
  for (int i = 0; i < 10; ++i) {
    count_up<<<1, kRows * kColumns, 0, stream>>>(input, kRows * kColumns);
    check(cudaGetLastError(), "count_up");
    output = step({x}, tn::cuda::on_stream(stream))[0];
    add_one<<<1, kRows * 2, 0, stream>>>(static_cast<float*>(output.raw()), kRows * 2);
    check(cudaGetLastError(), "add_one");
  }

  std::vector<float> values(kRows * 2);
  check(
      cudaMemcpyAsync(values.data(), output.raw(), output.bytes(), cudaMemcpyDeviceToHost, stream),
      "cudaMemcpyAsync");
  check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  std::cout << "on " << output.device() << ", plus one:\n"
            << tn::Tensor::from<float>(values, {kRows, 2}) << '\n';
  check(cudaFree(input), "cudaFree");
  check(cudaStreamDestroy(stream), "cudaStreamDestroy");
}

}  // namespace

int main() {
  try {
    tn::Graph graph;
    const auto as_default = graph.as_default();
    const Model model;
    tn::Session session;
    session.run(tn::global_variables_initializer());
    if (has_gpu(session)) {
      run_on_gpu(model, session);
    } else {
      run_on_cpu(model, session);
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
