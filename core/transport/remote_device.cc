#include "core/transport/remote_device.h"

#include <utility>

#include "core/base/check.h"

namespace tenon::internal {
namespace {

class RemoteDevice : public Device {
 public:
  explicit RemoteDevice(MessageReader& reader)
      : name_(reader.text()),
        description_(reader.text()),
        memory_limit_(reader.number<size_t>()),
        host_memory_(reader.number<bool>()) {
    for (size_t left = reader.number<size_t>(); left > 0; --left) {
      const std::string op = reader.text();
      kernels_.add(op, reader.number<DType>(), PrepareFunction());
    }
  }

  const std::string& name() const noexcept override { return name_; }
  std::string description() const override { return description_; }
  const KernelRegistry& kernels() const noexcept override { return kernels_; }
  size_t memory_limit() const noexcept override { return memory_limit_; }
  bool host_memory() const noexcept override { return host_memory_; }

  void* allocate(size_t) override { refuse(); }
  void release(void*) noexcept override {}
  void copy(void*, const void*, size_t, Queue&) override { refuse(); }
  std::unique_ptr<Queue> make_queue() override { refuse(); }
  std::unique_ptr<Queue> adopt_queue(void*) override { refuse(); }
  std::unique_ptr<Event> make_event() override { refuse(); }
  void record(Queue&, Event&) override { refuse(); }
  void wait_for(Queue&, const Event&) override { refuse(); }
  void wait(const Event&) override { refuse(); }
  void wait(Queue&) override { refuse(); }
  Kernel prepare(const KernelRequest&, DType) override { refuse(); }

 private:
  [[noreturn]] void refuse() const {
    fail<RuntimeError>(ErrorKind::bad_placement, "The device ", name_,
                       " is in another process: only its own task can use it");
  }

  std::string name_, description_;
  size_t memory_limit_;
  bool host_memory_;
  KernelRegistry kernels_;
};

}  // namespace

void add_device(Message& message, const Device& device) {
  message.add(device.name())
      .add(device.description())
      .add(device.memory_limit())
      .add(device.host_memory());
  // Whatever computes in the host's memory runs everything (core/plan/place.cc).
  if (device.host_memory()) {
    message.add(size_t{0});
    return;
  }
  const auto kernels = device.kernels().list();
  message.add(kernels.size());
  for (const auto& [op, dtype] : kernels) message.add(op).add(dtype);
}

std::unique_ptr<Device> read_device(MessageReader& reader) {
  return std::make_unique<RemoteDevice>(reader);
}

}  // namespace tenon::internal
