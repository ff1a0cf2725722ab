// A device that computes in host memory on threads of its own.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "core/backend/backend.h"
#include "core/kernels/cpu_queue.h"

namespace tenon::cpu {

class CpuDevice : public internal::Device {
 public:
  CpuDevice(const internal::KernelRegistry& kernels, std::string name,
            const internal::DeviceOptions& options);

  const std::string& name() const noexcept override { return name_; }
  std::string description() const override;
  const internal::KernelRegistry& kernels() const noexcept override { return kernels_; }
  size_t memory_limit() const noexcept override { return limit_; }
  bool host_memory() const noexcept override { return true; }

  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  void copy(void* to, const void* from, size_t bytes, internal::Queue&) override;

  std::unique_ptr<internal::Queue> make_queue() override {
    return std::make_unique<internal::CpuQueue>(pool_);
  }
  std::unique_ptr<internal::Queue> adopt_queue(void*) override { return make_queue(); }
  std::unique_ptr<internal::Event> make_event() override {
    return std::make_unique<internal::Event>();
  }
  // Work is done when its launch returns, so that there is never anything to wait for.
  void record(internal::Queue&, internal::Event&) override {}
  void wait_for(internal::Queue&, const internal::Event&) override {}
  void wait(const internal::Event&) override {}
  void wait(internal::Queue&) override {}

  internal::Kernel prepare(const internal::KernelRequest& request, DType dtype) override;

 protected:
  internal::ThreadPool& threads() noexcept { return pool_; }

 private:
  void reserve(size_t bytes);

  const internal::KernelRegistry& kernels_;
  const std::span<const internal::KernelLibrary> libraries_;
  const std::string name_;
  const size_t limit_;
  const bool limited_;
  std::atomic<size_t> used_ = 0;
  internal::ThreadPool pool_;
};

}  // namespace tenon::cpu
