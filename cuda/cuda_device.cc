#include "cuda/cuda_device.h"

#include <cfenv>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "cuda/device_guard.h"
#include "cuda/process_end.h"

namespace tenon::cuda {
namespace {

// Host memory of up to this size travels through pinned memory, so that nobody waits.
constexpr size_t kStagedBytes = size_t{4} << 20;

// A point in a queue's work, and the values that are on the host when it is reached.
class CudaEvent : public internal::Event {
 public:
  CudaEvent() {
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  }
  ~CudaEvent() override {
    if (!process_ends()) static_cast<void>(cudaEventDestroy(event));
  }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  cudaEvent_t event = nullptr;
  mutable std::vector<StagedRead> reads;  // taken by who waits first
};

// What cuDNN and cuBLASLt compute while they choose raises no exception of the caller's: none is
// trapped, and the flags are the caller's again.
class ExceptionsUnheeded {
 public:
  ExceptionsUnheeded() { std::feholdexcept(&before_); }
  ~ExceptionsUnheeded() { std::fesetenv(&before_); }
  ExceptionsUnheeded(const ExceptionsUnheeded&) = delete;
  ExceptionsUnheeded& operator=(const ExceptionsUnheeded&) = delete;

 private:
  std::fenv_t before_ = {};
};

CudaQueue& own(internal::Queue& queue) { return static_cast<CudaQueue&>(queue); }

void finish(std::vector<StagedRead>& reads) {
  for (const StagedRead& read : reads) std::memcpy(read.to, read.from.data(), read.bytes);
  reads.clear();
}

// The number of the device in whose memory an address is; -1 for host memory.
int device_of(const void* address) {
  cudaPointerAttributes attributes = {};
  check(cudaPointerGetAttributes(&attributes, address), "cudaPointerGetAttributes");
  const bool on_device =
      attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged;
  return on_device ? attributes.device : -1;
}

}  // namespace

CudaDevice::CudaDevice(const internal::KernelRegistry& kernels, int index, std::string name,
                       const internal::DeviceOptions& options)
    : kernels_(kernels),
      index_(index),
      name_(std::move(name)),
      allow_tf32_(options.allow_tf32),
      compile_ahead_(options.compile_ahead),
      kernel_cache_(options.kernel_cache),
      streams_(StreamsInUse::of(index)) {
  notice_the_end();
  check(cudaGetDeviceProperties(&properties_, index_), "cudaGetDeviceProperties");
  limit_ = options.memory_limit != 0 ? options.memory_limit : properties_.totalGlobalMem;
  allocator_ = std::make_unique<CachingAllocator>(name_, limit_);
}

CudaDevice::~CudaDevice() {
  if (!used_ || process_ends()) return;
  try {
    const DeviceGuard guard(index_);
    static_cast<void>(cudaDeviceSynchronize());
    allocator_.reset();
    libraries_.close();
    preparing_.close();
  } catch (...) {  // no such device any more
    forget_error();
  }
}

PreparingCublasLt CudaDevice::cublas_lt_for_preparing() {
  std::unique_lock lock(preparing_mutex_);
  used_ = true;
  return {std::move(lock), preparing_.cublas_lt()};
}

const CudnnDescriptor& CudaDevice::cudnn_properties() {
  std::call_once(cudnn_properties_made_, [this] {
    const size_t version = cudnnGetVersion();
    internal::require<RuntimeError>(version >= kLeastCudnn, ErrorKind::device_failed,
                                    "Convolutions need cuDNN 9.8 or newer; libcudnn.so.9 says ",
                                    version);
    CudnnDescriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    properties.set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, static_cast<int32_t>(index_));
    properties.finalize();
    check(properties.status(), "Asking cuDNN for the properties of a device");
    cudnn_properties_ = std::move(properties);
  });
  return cudnn_properties_;
}

std::string CudaDevice::description() const {
  return internal::str(properties_.name, ", compute capability ", properties_.major, ".",
                       properties_.minor, ", ", properties_.totalGlobalMem >> 20, " MiB");
}

void* CudaDevice::allocate(size_t bytes) {
  const DeviceGuard guard(index_);
  used_ = true;
  return allocator_->allocate(bytes);
}

void CudaDevice::release(void* memory) noexcept {
  if (memory == nullptr) return;
  try {
    const DeviceGuard guard(index_);
    allocator_->release(memory, streams_.under_way());
  } catch (...) {  // the device has failed; what may still be in use isn't handed out again
    forget_error();
  }
}

void CudaDevice::copy(void* to, const void* from, size_t bytes, internal::Queue& queue) {
  if (bytes == 0) return;
  const DeviceGuard guard(index_);
  CudaQueue& on = own(queue);
  const int to_device = device_of(to), from_device = device_of(from);
  if (to_device >= 0 && from_device >= 0) {
    if (to_device == from_device) {
      check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, on.stream()),
            "cudaMemcpyAsync within a device");
    } else {
      check(cudaMemcpyPeerAsync(to, to_device, from, from_device, bytes, on.stream()),
            "cudaMemcpyPeerAsync");
    }
  } else if (bytes > kStagedBytes || (to_device < 0 && from_device < 0)) {
    // The host may use either memory again as soon as this returns.
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, on.stream()), "cudaMemcpyAsync");
    check(cudaStreamSynchronize(on.stream()), "cudaStreamSynchronize");
  } else if (to_device >= 0) {
    PinnedMemory::Block staged = pinned_.take(bytes);
    std::memcpy(staged.data(), from, bytes);
    check(cudaMemcpyAsync(to, staged.data(), bytes, cudaMemcpyHostToDevice, on.stream()),
          "cudaMemcpyAsync to a device");
    pinned_.give_back_after(std::move(staged), on.stream());
  } else {
    PinnedMemory::Block staged = pinned_.take(bytes);
    check(cudaMemcpyAsync(staged.data(), from, bytes, cudaMemcpyDeviceToHost, on.stream()),
          "cudaMemcpyAsync from a device");
    on.staged_reads().push_back({to, bytes, std::move(staged)});
  }
}

std::unique_ptr<internal::Queue> CudaDevice::make_queue() {
  const DeviceGuard guard(index_);
  used_ = true;
  return std::make_unique<CudaQueue>(*this);
}

std::unique_ptr<internal::Queue> CudaDevice::adopt_queue(void* native_stream) {
  const DeviceGuard guard(index_);
  used_ = true;
  const auto stream = static_cast<cudaStream_t>(native_stream);
  internal::require<InvalidArgumentError>(
      !is_captured(stream), ErrorKind::bad_argument, "The stream given for work on ", name_,
      " is being captured, or is the default stream while another one is: what runs there can't "
      "become part of a CUDA graph of the program's");
  return std::make_unique<CudaQueue>(*this, stream);
}

std::unique_ptr<internal::Event> CudaDevice::make_event() {
  const DeviceGuard guard(index_);
  return std::make_unique<CudaEvent>();
}

void CudaDevice::record(internal::Queue& queue, internal::Event& event) {
  const DeviceGuard guard(index_);
  auto& own_event = static_cast<CudaEvent&>(event);
  own_event.reads = std::exchange(own(queue).staged_reads(), {});
  check(cudaEventRecord(own_event.event, own(queue).stream()), "cudaEventRecord");
}

void CudaDevice::wait_for(internal::Queue& queue, const internal::Event& event) {
  const DeviceGuard guard(index_);
  check(cudaStreamWaitEvent(own(queue).stream(), static_cast<const CudaEvent&>(event).event, 0),
        "cudaStreamWaitEvent");
}

void CudaDevice::wait(const internal::Event& event) {
  const auto& own_event = static_cast<const CudaEvent&>(event);
  const DeviceGuard guard(index_);
  check(cudaEventSynchronize(own_event.event), "cudaEventSynchronize");
  finish(own_event.reads);
}

void CudaDevice::wait(internal::Queue& queue) {
  const DeviceGuard guard(index_);
  // If the device fails, nobody may write to where they were to go any more.
  std::vector<StagedRead> reads = std::exchange(own(queue).staged_reads(), {});
  check(cudaStreamSynchronize(own(queue).stream()), "cudaStreamSynchronize");
  finish(reads);
}

std::unique_ptr<internal::Recording> CudaDevice::make_recording(internal::Queue& queue,
                                                                const std::function<void()>& work) {
  const DeviceGuard guard(index_);
  return CudaRecording::make(own(queue), work);
}

void CudaDevice::replay(const internal::Recording& recording, internal::Queue& queue) {
  const DeviceGuard guard(index_);
  static_cast<const CudaRecording&>(recording).launch(own(queue).stream());
}

internal::Kernel CudaDevice::prepare(const internal::KernelRequest& request, DType dtype) {
  const DeviceGuard guard(index_);
  const ExceptionsUnheeded unheeded;
  internal::Kernel kernel = internal::prepare_kernel({}, kernels_, request, dtype, name_);
  if (kernel.module.empty()) kernel.module = "cuda";
  kernel.launch = [index = index_, launch = std::move(kernel.launch)](const internal::Launch& on) {
    const DeviceGuard current(index);
    launch(on);
  };
  return kernel;
}

}  // namespace tenon::cuda
