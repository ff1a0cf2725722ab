// Emulated GPUs: the CPU's kernels on memory of their own.
//
// What allocate() returns is an address that can't be read or written: the bytes lie elsewhere, and
// only this device's kernels and copies know where. A kernel of another device that is given such
// an address faults, and a kernel of this device that is given memory of another one throws: both
// show a copy that is missing from a plan.
//
// Work is recorded as a GPU does it: with the addresses it had then. A plan that runs a recording
// which doesn't fit any more shows here too.
#include "cpu_fallback/emulated_gpu.h"

#include <sys/mman.h>

#include <climits>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "cpu_fallback/backend.h"
#include "cpu_fallback/cpu_device.h"

namespace tenon::cpu {
namespace {

using internal::str;

// Where the bytes behind the addresses of all emulated GPUs are: one table, because they copy from
// one to the other.
class AddressTable {
 public:
  struct Block {
    size_t bytes = 0;
    char* memory = nullptr;
    const internal::Device* device = nullptr;
  };
  struct Place {
    char* memory = nullptr;  // null for an address that is no emulated GPU's
    const internal::Device* device = nullptr;
  };

  void add(void* address, const Block& block) {
    std::unique_lock lock(mutex_);
    blocks_[address] = block;
  }

  Block remove(void* address) {
    std::unique_lock lock(mutex_);
    const auto found = blocks_.find(address);
    const Block block = found->second;
    blocks_.erase(found);
    return block;
  }

  Place find(const void* address) const {
    std::shared_lock lock(mutex_);
    auto at = blocks_.upper_bound(const_cast<void*>(address));
    if (at == blocks_.begin()) return {};
    --at;
    const size_t offset =
        static_cast<size_t>(static_cast<const char*>(address) - static_cast<char*>(at->first));
    // The end belongs to a block too: tensors without elements may lie there.
    if (offset > at->second.bytes) return {};
    return {at->second.memory + offset, at->second.device};
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<void*, Block, std::less<>> blocks_;
};

AddressTable& address_table() {
  static auto* table = new AddressTable;  // never destroyed: devices may outlive statics
  return *table;
}

using Work = std::function<void(internal::Queue&)>;

struct EmulatedQueue : internal::CpuQueue {
  using CpuQueue::CpuQueue;
  std::vector<Work>* recording = nullptr;  // where work goes that is recorded
};

struct EmulatedRecording : internal::Recording {
  std::vector<Work> work;
};

class EmulatedGpu : public CpuDevice {
 public:
  using CpuDevice::CpuDevice;

  std::string description() const override {
    return "emulated by the CPU, " + CpuDevice::description();
  }
  bool host_memory() const noexcept override { return false; }

  void* allocate(size_t bytes) override {
    void* memory = CpuDevice::allocate(bytes);
    void* address =
        mmap(nullptr, bytes + 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) {
      CpuDevice::release(memory);
      internal::fail<ResourceExhaustedError>(ErrorKind::resource_exhausted,
                                             "Out of memory: ", bytes, " bytes on ", name(),
                                             " can't be addressed");
    }
    address_table().add(address, {bytes, static_cast<char*>(memory), this});
    return address;
  }

  void release(void* address) noexcept override {
    if (address == nullptr) return;
    const AddressTable::Block block = address_table().remove(address);
    munmap(address, block.bytes + 1);
    CpuDevice::release(block.memory);
  }

  std::unique_ptr<internal::Queue> make_queue() override {
    return std::make_unique<EmulatedQueue>(threads());
  }

  void copy(void* to, const void* from, size_t bytes, internal::Queue& queue) override {
    put(queue, [this, to, from, bytes](internal::Queue& on) {
      CpuDevice::copy(anywhere(to), anywhere(const_cast<void*>(from)), bytes, on);
    });
  }

  std::unique_ptr<internal::Recording> make_recording(internal::Queue& queue,
                                                      const std::function<void()>& work) override {
    auto recorded = std::make_unique<EmulatedRecording>();
    auto& on = static_cast<EmulatedQueue&>(queue);
    on.recording = &recorded->work;
    try {
      work();
    } catch (...) {
      on.recording = nullptr;
      throw;
    }
    on.recording = nullptr;
    return recorded;
  }

  void replay(const internal::Recording& recording, internal::Queue& queue) override {
    for (const Work& work : static_cast<const EmulatedRecording&>(recording).work) work(queue);
  }

  internal::Kernel prepare(const internal::KernelRequest& request, DType dtype) override {
    internal::Kernel kernel = CpuDevice::prepare(request, dtype);
    kernel.module = "emulated";
    const std::vector<int>& host_inputs =
        internal::find_kernel(kernels(), request, dtype, name()).host_inputs;
    std::vector<bool> on_host(request.inputs.size());
    for (const int input : host_inputs) on_host[static_cast<size_t>(input)] = true;
    kernel.launch = [this, launch = std::move(kernel.launch), op = std::string(request.op), on_host,
                     outputs = request.outputs.size(),
                     uses_workspace = kernel.workspace_bytes > 0](const internal::Launch& given) {
      std::vector<const void*> input_memory(on_host.size());
      std::vector<void*> output_memory(outputs);
      for (size_t i = 0; i < on_host.size(); ++i) {
        void* const input = const_cast<void*>(given.inputs[i]);
        input_memory[i] = on_host[i] ? input : own(input, op, "Input", i);
      }
      for (size_t i = 0; i < outputs; ++i) {
        output_memory[i] = own(given.outputs[i], op, "Output", i);
      }
      void* const workspace = uses_workspace ? own(given.workspace, op, "Workspace", 0) : nullptr;
      put(*given.queue, [=](internal::Queue& on) {
        internal::Launch translated = given;
        translated.inputs = input_memory.data();
        translated.outputs = output_memory.data();
        translated.workspace = workspace;
        translated.queue = &on;
        launch(translated);
      });
    };
    return kernel;
  }

 private:
  // Runs it, or keeps it where the queue's work is recorded.
  static void put(internal::Queue& queue, const Work& work) {
    std::vector<Work>* const recording = static_cast<EmulatedQueue&>(queue).recording;
    if (recording == nullptr) return work(queue);
    recording->push_back(work);
  }

  // The bytes behind an address of any emulated GPU or of the host.
  static void* anywhere(void* address) {
    char* const memory = address_table().find(address).memory;
    return memory != nullptr ? memory : address;
  }

  // The bytes behind an address of this device.
  void* own(void* address, const std::string& op, std::string_view what, size_t index) const {
    if (address == nullptr) return nullptr;  // only its shape matters
    const AddressTable::Place place = address_table().find(address);
    // Sessions that open one GPU share its memory.
    internal::require<RuntimeError>(
        place.device != nullptr && place.device->name() == name(), ErrorKind::bad_placement, what,
        " ", index, " of ", op, " on ", name(), " lies in memory of ",
        place.device == nullptr ? std::string("the host") : place.device->name());
    return place.memory;
  }
};

class EmulatedGpuBackend : public internal::Backend {
 public:
  std::string_view device_type() const noexcept override { return "GPU"; }
  int device_count() const noexcept override { return INT_MAX; }
  const internal::KernelRegistry& kernels() const noexcept override {
    return internal::cpu_backend().kernels();
  }
  std::unique_ptr<internal::Device> open(int, const std::string& name,
                                         const internal::DeviceOptions& options) override {
    return open_emulated_gpu(kernels(), name, options);
  }
};

}  // namespace

std::unique_ptr<internal::Device> open_emulated_gpu(const internal::KernelRegistry& kernels,
                                                    const std::string& name,
                                                    const internal::DeviceOptions& options) {
  return std::make_unique<EmulatedGpu>(kernels, name, options);
}

}  // namespace tenon::cpu

namespace tenon::internal {

Backend& emulated_gpu_backend() {
  static auto* const backend = new cpu::EmulatedGpuBackend;  // never destroyed, as the CPU's
  return *backend;
}

}  // namespace tenon::internal
