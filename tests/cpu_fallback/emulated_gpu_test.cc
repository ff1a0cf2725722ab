#include <gtest/gtest.h>

#include "core/backend/backend.h"
#include "core/base/check.h"
#include "cpu_fallback/backend.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class EmulatedGpuTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Device> open(const std::string& name, size_t memory_limit = 0) {
    return emulated_gpu_backend().open(0, name, {.threads = 1, .memory_limit = memory_limit});
  }

  // A kernel that doubles two numbers.
  Kernel doubling(Device& device) const {
    KernelRequest request{.op = kElementwiseOp, .program = &program_, .device = &device};
    request.inputs = request.outputs = {{float32, {2}}};
    request.values.resize(1);
    return device.prepare(request, float32);
  }

  static void run(Device& device, const Kernel& kernel, const void* input, void* output) {
    const std::unique_ptr<Queue> queue = device.make_queue();
    kernel.launch({.inputs = &input, .outputs = &output, .queue = queue.get()});
  }

  static ElementwiseProgram twice() {
    ElementwiseBuilder builder;
    const ElementwiseBuilder::Value x = builder.input(float32);
    return builder.finish({builder.add(x, x)});
  }

  const ElementwiseProgram program_ = twice();
  std::unique_ptr<Device> gpu_ = open("/device:GPU:0"), other_ = open("/device:GPU:1");
  float numbers_[2] = {1, 2};
};

TEST_F(EmulatedGpuTest, ComputesInMemoryOfItsOwn) {
  const Tensor x = allocate_tensor(*gpu_, float32, {2}), y = allocate_tensor(*gpu_, float32, {2});
  EXPECT_EQ(x.device(), "/device:GPU:0");
  const std::unique_ptr<Queue> queue = gpu_->make_queue();
  gpu_->copy(x.raw(), numbers_, sizeof numbers_, *queue);
  run(*gpu_, doubling(*gpu_), x.raw(), y.raw());
  float result[2] = {};
  gpu_->copy(result, y.raw(), sizeof result, *queue);
  EXPECT_EQ(result[0], 2.0f);
  EXPECT_EQ(result[1], 4.0f);
}

// What is recorded runs when it is replayed, with the addresses of then and the values of now.
TEST_F(EmulatedGpuTest, RunsAgainWhatWasRecorded) {
  const Tensor x = allocate_tensor(*gpu_, float32, {2}), y = allocate_tensor(*gpu_, float32, {2});
  const std::unique_ptr<Queue> queue = gpu_->make_queue(), another = gpu_->make_queue();
  const Kernel kernel = doubling(*gpu_);
  float result[2] = {-1, -1};
  gpu_->copy(y.raw(), result, sizeof result, *queue);
  const std::unique_ptr<Recording> recording = gpu_->make_recording(*queue, [&] {
    const void* input = x.raw();
    void* output = y.raw();
    kernel.launch({.inputs = &input, .outputs = &output, .queue = queue.get()});
    gpu_->copy(x.raw(), y.raw(), sizeof result, *queue);
  });
  gpu_->copy(result, y.raw(), sizeof result, *queue);
  EXPECT_EQ(result[0], -1.0f);
  gpu_->copy(x.raw(), numbers_, sizeof numbers_, *queue);
  for (int i = 0; i < 3; ++i) gpu_->replay(*recording, *another);
  gpu_->copy(result, y.raw(), sizeof result, *queue);
  EXPECT_EQ(result[0], 8.0f);
  EXPECT_EQ(result[1], 16.0f);
}

TEST_F(EmulatedGpuTest, ARecordingThatFailsLeavesTheQueueAsItWas) {
  const Tensor x = allocate_tensor(*gpu_, float32, {2});
  const std::unique_ptr<Queue> queue = gpu_->make_queue();
  const auto fails = [] { fail(ErrorKind::bad_argument, "no"); };
  EXPECT_ERROR(gpu_->make_recording(*queue, fails), InvalidArgumentError, bad_argument, "no");
  gpu_->copy(x.raw(), numbers_, sizeof numbers_, *queue);
  float result[2] = {};
  gpu_->copy(result, x.raw(), sizeof result, *queue);
  EXPECT_EQ(result[1], 2.0f);
}

TEST_F(EmulatedGpuTest, CopiesToAndFromItsSiblings) {
  const Tensor x = allocate_tensor(*gpu_, float32, {2}), y = allocate_tensor(*other_, float32, {2});
  const std::unique_ptr<Queue> queue = gpu_->make_queue();
  gpu_->copy(x.raw(), numbers_, sizeof numbers_, *queue);
  gpu_->copy(y.raw(), x.raw(), sizeof numbers_, *queue);
  float result[2] = {};
  other_->copy(result, y.raw(), sizeof result, *queue);
  EXPECT_EQ(result[1], 2.0f);
}

TEST_F(EmulatedGpuTest, RefusesMemoryThatIsNotItsOwn) {
  const Tensor own = allocate_tensor(*gpu_, float32, {2});
  const Tensor others = allocate_tensor(*other_, float32, {2});
  const Kernel kernel = doubling(*gpu_);
  EXPECT_ERROR(run(*gpu_, kernel, numbers_, own.raw()), RuntimeError, bad_placement,
               "Input 0 of _Elementwise on /device:GPU:0 lies in memory of the host");
  EXPECT_ERROR(run(*gpu_, kernel, others.raw(), own.raw()), RuntimeError, bad_placement,
               "lies in memory of /device:GPU:1");
  EXPECT_ERROR(run(*gpu_, kernel, own.raw(), numbers_), RuntimeError, bad_placement, "Output 0");
  void* freed = nullptr;
  {
    const Tensor gone = allocate_tensor(*gpu_, float32, {2});
    freed = gone.raw();
  }
  EXPECT_ERROR(run(*gpu_, kernel, freed, own.raw()), RuntimeError, bad_placement, "Input 0");
}

TEST_F(EmulatedGpuTest, PoisonsItsMemoryForTheKernelsOfOthers) {
  const Tensor own = allocate_tensor(*gpu_, float32, {2});
  const std::unique_ptr<Device> cpu = cpu_backend().open(0, "/device:CPU:0", {.threads = 1});
  const Kernel kernel = doubling(*cpu);
  EXPECT_DEATH(run(*cpu, kernel, own.raw(), numbers_), "");
  EXPECT_DEATH(run(*cpu, kernel, numbers_, own.raw()), "");
}

TEST_F(EmulatedGpuTest, KeepsToItsMemoryLimit) {
  const std::unique_ptr<Device> small = open("/device:GPU:2", 1000);
  const Tensor fits = allocate_tensor(*small, float32, {200});
  EXPECT_ERROR(allocate_tensor(*small, float32, {100}), ResourceExhaustedError, resource_exhausted,
               "400 bytes on /device:GPU:2 can't be had; 800 of 1000 bytes are in use");
  EXPECT_ERROR(allocate_tensor(*small, float64, {int64_t{1} << 62}), ResourceExhaustedError,
               resource_exhausted, "more than any memory holds");
}

}  // namespace
}  // namespace tenon::internal
