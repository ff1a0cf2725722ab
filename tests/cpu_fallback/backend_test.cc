#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "cpu_fallback/backend.h"
#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon::internal {
namespace {

using tenon::testing::expect_error;

TEST(CpuBackendTest, IsOneDeviceThatTheHostCanRead) {
  EXPECT_EQ(cpu_backend().device_type(), "CPU");
  EXPECT_EQ(cpu_backend().device_count(), 1);
  const auto device = cpu_backend().open(0, "/device:CPU:0", {});
  EXPECT_EQ(device->name(), "/device:CPU:0");
  EXPECT_TRUE(device->host_memory());
  EXPECT_GT(device->memory_limit(), 0u);
}

TEST(CpuBackendTest, HasNoSecondDevice) {
  expect_error<InvalidArgumentError>([] { cpu_backend().open(1, "/device:CPU:1", {}); },
                                     ErrorKind::bad_device, "There is no CPU 1");
}

TEST(CpuBackendTest, MemoryIsAligned) {
  const auto device = cpu_backend().open(0, "/device:CPU:0", {});
  for (const size_t bytes : {0, 1, 63, 64, 65, 1000003}) {
    void* memory = device->allocate(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    std::memset(memory, 1, bytes);
    device->release(memory);
  }
  device->release(nullptr);
}

TEST(CpuBackendTest, MemoryBeyondTheLimitThrowsAndTheRestStaysUsable) {
  const auto device = cpu_backend().open(0, "/device:GPU:0", {.memory_limit = 1000});
  EXPECT_EQ(device->memory_limit(), 1000u);
  void* most = device->allocate(900);
  expect_error<ResourceExhaustedError>(
      [&] { device->allocate(101); }, ErrorKind::resource_exhausted,
      "101 bytes on /device:GPU:0 can't be had; 900 of 1000 bytes are in use");
  void* rest = device->allocate(100);
  device->release(most);
  device->release(device->allocate(900));
  device->release(rest);
}

TEST(CpuBackendTest, ImpossibleSizesThrowAndAreNotCounted) {
  const auto device = cpu_backend().open(0, "/device:CPU:0", {});
  EXPECT_THROW(device->allocate(SIZE_MAX), ResourceExhaustedError);
  EXPECT_THROW(device->allocate(SIZE_MAX / 2), ResourceExhaustedError);
  device->release(device->allocate(16));
}

TEST(CpuBackendTest, CopiesInOrder) {
  const auto device = cpu_backend().open(0, "/device:CPU:0", {});
  const auto queue = device->make_queue();
  const auto event = device->make_event();
  const int from[] = {1, 2, 3};
  int to[3] = {};
  device->copy(to, from, sizeof from, *queue);
  device->copy(nullptr, nullptr, 0, *queue);
  device->record(*queue, *event);
  device->wait_for(*device->adopt_queue(nullptr), *event);
  device->wait(*queue);
  EXPECT_THAT(to, ::testing::ElementsAre(1, 2, 3));
}

TEST(CpuBackendTest, AnUnknownOperationHasNoKernel) {
  const auto device = cpu_backend().open(0, "/device:CPU:0", {});
  KernelRequest request;
  request.op = "Frobnicate";
  expect_error<UnimplementedError>([&] { device->prepare(request, float32); }, ErrorKind::no_kernel,
                                   "No kernel of operation Frobnicate is registered for dtype "
                                   "float32 on /device:CPU:0");
  EXPECT_FALSE(cpu_backend().kernels().has_kernel("Frobnicate", float32));
}

TEST(CpuBackendTest, KernelsWithoutEpilogueRefuseOne) {
  const auto device = cpu_backend().open(0, "/device:CPU:0", {});
  KernelRequest request;
  request.op = kElementwiseOp;
  request.epilogue.bias = true;
  expect_error<UnimplementedError>([&] { device->prepare(request, float32); }, ErrorKind::no_kernel,
                                   "takes no bias and no activation");
}

}  // namespace
}  // namespace tenon::internal
