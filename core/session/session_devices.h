// The devices that a session runs on, and tensors in their memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/session/runs_under_way.h"
#include "core/transport/transport.h"
#include "tenon/session.h"

namespace tenon::internal {

// Thread-safe: nothing changes after it was made.
class SessionDevices : public std::enable_shared_from_this<SessionDevices> {
 public:
  explicit SessionDevices(std::shared_ptr<Transport> transport);

  const std::vector<Device*>& all() const { return transport_->devices(); }
  Device& at(int index) const { return *all()[static_cast<size_t>(index)]; }
  int task_of(int device) const { return transport_->task_of(static_cast<size_t>(device)); }
  const std::string& host_of(int task) const;  // the name of the task's CPU
  std::string names() const;                   // "/job:.../device:CPU:0, ..."
  std::vector<DeviceInfo> list() const;
  RunsUnderWay& under_way(size_t device) const { return *under_way_[device]; }

  // The index of GPU number `number`. Throws InvalidArgumentError (bad_device) when there is none.
  int gpu(int number) const;
  // The device whose memory a tensor lies in. Throws ValueError (bad_feed) when the session doesn't
  // have it.
  int memory_holding(const Tensor& tensor) const;
  // A tensor in a device's memory, which keeps the devices alive. Its elements are not set.
  Tensor make_tensor(size_t device, DType dtype, const Shape& shape) const;
  // A copy in the host's memory, made behind the runs that are under way.
  Tensor copy_to_host(const Tensor& tensor, const RunOptions& options) const;

 private:
  std::shared_ptr<Transport> transport_;
  std::vector<std::shared_ptr<RunsUnderWay>> under_way_;  // by device
};

}  // namespace tenon::internal
