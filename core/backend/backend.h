// The backend interface: all of the engine that backends see, but for the arithmetic that their
// kernels share (core/kernels). backend_registry.h says which backends there are.
//
// A Backend lists and opens the devices of one type. A Device allocates, copies and makes queues.
// Kernels are registered by operation and dtype; preparing one fixes shapes, attributes and the
// fused epilogue, and makes every choice of algorithm. Launching a prepared kernel only runs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend/elementwise.h"
#include "core/backend/epilogue.h"
#include "core/tensor/attr_value.h"
#include "tenon/dtype.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

class Device;
struct GroupProgram;
struct TileProgram;

// An ordered line of work on one device. Launches and copies on one queue happen in order.
class Queue {
 public:
  virtual ~Queue() = default;
};

// A point in a queue's work that other queues can wait for.
class Event {
 public:
  virtual ~Event() = default;
};

// Work that was recorded on a queue, ready to be run again as it was: the same kernels and copies,
// with the same arguments. Must not outlive its device.
class Recording {
 public:
  virtual ~Recording() = default;
};

// What a kernel computes on when it runs. Nothing here is owned by it.
struct Launch {
  const void* const* inputs = nullptr;
  void* const* outputs = nullptr;
  void* workspace = nullptr;  // Kernel::workspace_bytes of it, 64-byte aligned
  Queue* queue = nullptr;
  // Of kernels that draw random numbers: how many blocks of 128 bits this operation has drawn in
  // this session before this run.
  uint64_t random_blocks_drawn = 0;
  // Of kernels that ask for them: one number an input. While a variable's number, which is never 0,
  // stays, so does its value; 0 says nothing, as for variables that this run itself writes.
  const uint64_t* input_versions = nullptr;

  template <typename T>
  const T* input(int index) const {
    return static_cast<const T*>(inputs[index]);
  }
  // Of an input that the operation writes (OpDef::writes): the variable's memory.
  template <typename T>
  T* mutable_input(int index) const {
    return static_cast<T*>(const_cast<void*>(inputs[index]));
  }
  template <typename T>
  T* output(int index) const {
    return static_cast<T*>(outputs[index]);
  }
};

// An operation made ready for fixed shapes and dtypes: all choices are behind it. Launching is
// thread-safe: two runs may launch one kernel at once, with arguments of their own.
struct Kernel {
  size_t workspace_bytes = 0;
  uint64_t random_blocks = 0;   // drawn by one launch
  bool wants_versions = false;  // whether it reads Launch::input_versions
  std::function<void(const Launch&)> launch = {};
  // Whether a launch does now what later ones will, which a recording needs; null: always. A kernel
  // may become another one while the program runs: the same results, sooner.
  std::function<bool()> settled = {};
  std::string module = {};  // which library runs it ("cpu", "onednn", "cudnn"), for reports
};

struct TensorSpec {
  DType dtype = DType::invalid;
  Shape shape = {};  // full
};

// What a kernel is prepared for. Lives only during the call of prepare.
struct KernelRequest {
  std::string_view op;  // "Conv2D"
  const AttrMap* attrs = nullptr;
  std::vector<TensorSpec> inputs = {};
  std::vector<TensorSpec> outputs = {};
  // Host values of the inputs that are known when planning (OpDef::needs_value always are), empty
  // tensors for the others.
  std::vector<Tensor> values = {};
  Epilogue epilogue = {};
  const ElementwiseProgram* program = nullptr;  // of kElementwiseOp
  const TileProgram* tiles = nullptr;           // of kTilesOp (tiles.h)
  const GroupProgram* group = nullptr;          // of kGroupOp (groups.h)
  Device* device = nullptr;

  DType input_dtype(int index) const { return inputs[static_cast<size_t>(index)].dtype; }
  DType output_dtype(int index) const { return outputs[static_cast<size_t>(index)].dtype; }
  const Shape& input_shape(int index) const { return inputs[static_cast<size_t>(index)].shape; }
  const Shape& output_shape(int index) const { return outputs[static_cast<size_t>(index)].shape; }
  const Tensor& value(int index) const { return values[static_cast<size_t>(index)]; }
};

using PrepareFunction = Kernel (*)(const KernelRequest&);

inline constexpr int kAnyInput = -1;

// One kernel of one operation for one dtype.
struct KernelRegistration {
  PrepareFunction prepare = nullptr;
  std::vector<int> host_inputs = {};  // inputs wanted in host memory, read when it is launched
  // Whether a launch may be recorded (Device::make_recording) and replayed as it was.
  bool recordable = true;
  // The inputs in whose memory output 0 may be made where both have one shape and dtype: the kernel
  // has read all that it needs of an element before it writes there. {kAnyInput}: all of them.
  std::vector<int> in_place = {};
  bool epilogues = false;  // whether any Epilogue may be asked for
  bool heavy = false;      // worth asking a library for a faster one (KernelLibrary)
  // Of kTilesOp: whether its kernel can take these parts. Null: any, by their own kernels.
  bool (*takes_tiles)(const TileProgram& program) = nullptr;
  // Of kGroupOp: whether its kernel can take these parts.
  bool (*takes_group)(const GroupProgram& program) = nullptr;

  bool may_overwrite(int input) const noexcept {
    for (const int one : in_place) {
      if (one == input || one == kAnyInput) return true;
    }
    return false;
  }
};

// The kernels of one backend, by operation and dtype. Filled once when the backend is made, then
// only read.
class KernelRegistry {
 public:
  // `dtype` is the operation's main dtype (its attribute dtype, else T); DType::invalid: any.
  void add(std::string_view op, DType dtype, PrepareFunction prepare) {
    add(op, dtype, KernelRegistration{.prepare = prepare});
  }
  void add(std::string_view op, DType dtype, KernelRegistration registration);

  // The registration for that dtype, else the one for any dtype; null when there is none.
  const KernelRegistration* find(std::string_view op, DType dtype) const noexcept;
  bool has_kernel(std::string_view op, DType dtype) const noexcept {
    return find(op, dtype) != nullptr;
  }
  std::vector<std::pair<std::string, DType>> list() const;  // sorted

 private:
  std::map<std::string, std::map<DType, KernelRegistration>, std::less<>> kernels_;
};

// Kernels that may be faster than a backend's own, in a library that is opened when it is needed.
struct KernelLibrary {
  std::string_view name;  // the kernels' module, unless they say another: "onednn"
  // Null where the library isn't there, or isn't worth opening for this request. Where a kernel
  // isn't the faster one, or can't do what is asked, its PrepareFunction declines: it answers a
  // Kernel without `launch`.
  const KernelRegistry* (*kernels)(const KernelRequest& request) = nullptr;
};

// The registration of the backend's own that serves a request. Throws UnimplementedError
// (no_kernel) naming operation, dtype and device when there is none, or when it takes no epilogue
// and one is asked for.
const KernelRegistration& find_kernel(const KernelRegistry& kernels, const KernelRequest& request,
                                      DType dtype, const std::string& device);

// Prepares the kernel that serves a request: where the backend's own is heavy, that of the first
// library whose kernel takes it, else the backend's own. Throws as find_kernel does.
Kernel prepare_kernel(std::span<const KernelLibrary> libraries, const KernelRegistry& own,
                      const KernelRequest& request, DType dtype, const std::string& device);

// One opened device. Work is queued in order; only wait() waits for it. Thread-safe.
class Device {
 public:
  virtual ~Device() = default;
  virtual const std::string& name() const noexcept = 0;  // "/device:CPU:0"
  virtual std::string description() const = 0;           // "2 threads", for people
  virtual const KernelRegistry& kernels() const noexcept = 0;
  virtual void* allocate(size_t bytes) = 0;  // 64-byte aligned; throws ResourceExhaustedError
  virtual void release(void* memory) noexcept = 0;
  virtual size_t memory_limit() const noexcept = 0;
  virtual bool host_memory() const noexcept = 0;  // whether the host may read it directly
  // Between memory of this device, of others of its backend, and of the host.
  virtual void copy(void* to, const void* from, size_t bytes, Queue& queue) = 0;
  virtual std::unique_ptr<Queue> make_queue() = 0;
  virtual std::unique_ptr<Queue> adopt_queue(void* native_stream) = 0;  // the caller's stream
  virtual std::unique_ptr<Event> make_event() = 0;
  virtual void record(Queue& queue, Event& event) = 0;
  virtual void wait_for(Queue& queue, const Event& event) = 0;
  virtual void wait(const Event& event) = 0;  // the calling thread waits
  virtual void wait(Queue& queue) = 0;
  // Records what `work` puts on the queue, instead of running it; what it throws is thrown on. Null
  // where the device can't record, or not this work or on this queue: nothing has run then.
  virtual std::unique_ptr<Recording> make_recording(Queue& queue,
                                                    const std::function<void()>& work) {
    static_cast<void>(queue), static_cast<void>(work);
    return nullptr;
  }
  // Runs it again, on any queue of this device. A recording's runs come one after the other.
  virtual void replay(const Recording& recording, Queue& queue) {
    static_cast<void>(recording), static_cast<void>(queue);
  }
  // By prepare_kernel.
  virtual Kernel prepare(const KernelRequest& request, DType dtype) = 0;
};

struct DeviceOptions {
  int threads = 0;             // of the CPU; 0: OMP_NUM_THREADS, else all cores
  size_t memory_limit = 0;     // bytes; 0: the backend's own
  bool allow_tf32 = false;     // whether GPUs may round float32 factors to 10 bits of mantissa
  bool compile_ahead = false;  // whether GPUs compile fused loops before their first run
  bool kernel_cache = true;    // whether they keep compiled ones on disk
  // Asked before the backend's own kernels, in this order. They live as long as the process.
  std::span<const KernelLibrary> libraries = {};
};

// The devices of one type.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view device_type() const noexcept = 0;  // "CPU", "GPU"
  virtual int device_count() const noexcept = 0;  // 0, never a throw, when there is no driver
  virtual const KernelRegistry& kernels() const noexcept = 0;  // readable without a device
  // Opens a device under `name`; several may be opened of one index.
  virtual std::unique_ptr<Device> open(int index, const std::string& name,
                                       const DeviceOptions& options) = 0;
};

// A tensor in the device's memory whose elements are not set; host strings are empty. It must not
// outlive the device. Throws ResourceExhaustedError.
Tensor allocate_tensor(Device& device, DType dtype, const Shape& shape);

}  // namespace tenon::internal
