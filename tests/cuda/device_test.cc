// What a GPU does beside computing: copies, events, memory, recordings, the program's own streams.
#include <cuda_runtime_api.h>

#include "tenon/cuda.h"
#include "tenon/tenon.h"
#include "tests/cuda/gpu_testing.h"
#include "tests/testing/errors.h"

namespace tenon::testing {
namespace {

using ::testing::HasSubstr;

// Small values travel through pinned memory, large ones don't.
TEST(GpuDeviceTest, CopiesThereAndBackWhateverTheSize) {
  for (const int64_t size : {int64_t{1}, int64_t{1000}, int64_t{3} << 20}) {
    Tensor there = wave<float>({size}), back(float32, {size});
    const Tensor expected = there.clone();
    const auto queue = gpu().make_queue();
    const OnGpu memory(there, 0, *queue);
    std::memset(there.raw(), 0, there.bytes());  // the caller's again, once the copy is asked for
    memory.read(back, *queue);
    gpu().wait(*queue);
    EXPECT_TRUE(same_bits(back, expected)) << size;
  }
}

TEST(GpuDeviceTest, AQueueWaitsForTheEventOfAnother) {
  const Tensor there = wave<float>({100000});
  Tensor back(float32, {100000});
  const auto first = gpu().make_queue(), second = gpu().make_queue();
  const auto event = gpu().make_event();
  const OnGpu memory(there, 0, *first);
  gpu().record(*first, *event);
  gpu().wait_for(*second, *event);
  memory.read(back, *second);
  gpu().record(*second, *event);
  gpu().wait(*event);
  EXPECT_TRUE(same_bits(back, there));
}

TEST(GpuDeviceTest, GivesUpIdleMemoryBeforeItRefuses) {
  constexpr size_t kLimit = size_t{8} << 20;
  const auto device =
      cuda::module().api->backend()->open(0, "/device:GPU:0", {.memory_limit = kLimit});
  void* const half = device->allocate(kLimit / 2);
  expect_error<ResourceExhaustedError>([&] { device->allocate(kLimit); },
                                       ErrorKind::resource_exhausted, "/device:GPU:0");
  device->release(half);
  device->release(device->allocate(kLimit));
}

class GpuSessionTest : public ::testing::Test {
 protected:
  static Session on_cpu() { return Session({.device_count = {{"GPU", 0}}}); }
  static Session on_gpu() { return Session({.allow_soft_placement = true}); }

  // y on the CPU.
  Tensor expected() {
    Session session = on_cpu();
    session.run(global_variables_initializer());
    return session.run(y_, {{x_, value_}});
  }
  void expect_near(const Tensor& value) { expect_alike(value, expected(), 1e-5); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  const Tensor value_ = wave<float>({64, 32});
  Output x_ = placeholder(float32, {64, 32}, {.name = "x"});
  Variable w_ = Variable(wave<float>({32, 32}, 0.7, 0.2), {.name = "w"});
  Output y_ = tanh(matmul(x_, w_) + 0.5f) * 2.0f;
};

TEST_F(GpuSessionTest, TrainsAsTheCpuDoesWhenStepsAreRecorded) {
  const Output loss = reduce_mean(square(y_));
  const Operation step = train::AdamOptimizer({.learning_rate = 0.01}).minimize(loss);
  const auto train = [&](Session& session) {
    session.run(global_variables_initializer());
    const Callable call = session.make_callable({loss}, {x_}, {step});
    std::vector<float> losses;
    for (int i = 0; i < 8; ++i) losses.push_back(call({value_})[0].scalar<float>());
    return losses;
  };
  Session gpu = on_gpu(), cpu = on_cpu();
  EXPECT_THAT(gpu.plan_text({Fetch(loss), Fetch(step)}, {{x_, value_}}),
              HasSubstr("recorded on /device:GPU:0: "));
  EXPECT_THAT(train(gpu), ::testing::Pointwise(::testing::FloatNear(1e-4f), train(cpu)));
}

// Without a wait between them: the second session's run comes after the first one's.
TEST_F(GpuSessionTest, FeedsWhatAnotherSessionComputes) {
  Session first = on_gpu(), second = on_gpu();
  first.run(global_variables_initializer());
  const Output same = x_ + 0.0f;
  const Callable compute = first.make_callable({y_}, {x_}),
                 read = second.make_callable({same}, {x_});
  for (int i = 0; i < 20; ++i) {
    Tensor kept = compute({value_}, {.keep_on_device = true})[0];
    expect_near(read({kept})[0]);
  }
}

// A stream and memory of the program's.
class OnStream {
 public:
  OnStream(cudaStream_t stream, const Tensor& value) : stream_(stream) {
    EXPECT_EQ(cudaMalloc(&memory_, value.bytes()), cudaSuccess);
    EXPECT_EQ(cudaMemcpyAsync(memory_, value.raw(), value.bytes(), cudaMemcpyHostToDevice, stream_),
              cudaSuccess);
    tensor_ = cuda::wrap(memory_, value.dtype(), value.shape());
  }
  ~OnStream() {
    EXPECT_EQ(cudaFree(memory_), cudaSuccess);
    const bool own = stream_ != nullptr;
    EXPECT_EQ(own ? cudaStreamDestroy(stream_) : cudaSuccess, cudaSuccess);
  }
  OnStream(const OnStream&) = delete;
  OnStream& operator=(const OnStream&) = delete;
  const Tensor& tensor() const { return tensor_; }
  Tensor read(const Tensor& from) const {
    Tensor to(from.dtype(), from.shape());
    EXPECT_EQ(cudaMemcpyAsync(to.raw(), from.raw(), to.bytes(), cudaMemcpyDeviceToHost, stream_),
              cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    return to;
  }

 private:
  cudaStream_t stream_;
  void* memory_ = nullptr;
  Tensor tensor_;
};

cudaStream_t made(unsigned flags) {
  cudaStream_t stream = nullptr;
  EXPECT_EQ(cudaStreamCreateWithFlags(&stream, flags), cudaSuccess);
  return stream;
}

TEST_F(GpuSessionTest, RunsOnTheProgramsStreams) {
  Session session = on_gpu();
  session.run(global_variables_initializer());
  const Callable step = session.make_callable({y_}, {x_});
  for (cudaStream_t stream :
       {cudaStream_t{}, made(cudaStreamDefault), made(cudaStreamNonBlocking)}) {
    const OnStream on(stream, value_);
    std::vector<Tensor> out = step({on.tensor()}, cuda::on_stream(stream));
    // The addresses stay: from the third run on it is a recording that runs.
    for (int i = 0; i < 4; ++i) step.run_into({on.tensor()}, out, cuda::on_stream(stream));
    expect_near(on.read(out[0]));
  }
}

TEST_F(GpuSessionTest, RefusesAStreamThatIsCapturedAndLeavesTheCaptureAlone) {
  Session session = on_gpu();
  session.run(global_variables_initializer());
  const Callable step = session.make_callable({y_}, {x_});
  const cudaStream_t stream = made(cudaStreamNonBlocking);
  const OnStream on(stream, value_);
  const Tensor before = step({on.tensor()}, cuda::on_stream(stream))[0];
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_ERROR(step({on.tensor()}, cuda::on_stream(stream)), InvalidArgumentError, bad_argument,
               "is being captured");
  // Nor does what runs elsewhere meanwhile disturb it.
  expect_near(session.run(y_, {{x_, value_}}));
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  expect_near(on.read(before));
}

}  // namespace
}  // namespace tenon::testing
