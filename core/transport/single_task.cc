#include "core/transport/single_task.h"

#include "core/transport/in_process.h"

namespace tenon::internal {
namespace {

class SingleTask : public Transport {
 public:
  explicit SingleTask(std::vector<std::unique_ptr<Device>> devices)
      : task_(std::move(devices)), devices_(task_.devices()) {}

  const std::vector<Device*>& devices() const override { return devices_; }
  std::shared_ptr<VariableStorage> variable(const VariableKey& key, Device& device) override {
    return task_.variable(key, device);
  }
  void check_running(const std::vector<bool>&) const override {}

 private:
  void check_own_task() const override {}
  void give_up_variables() override { task_.clear(); }

  InProcessTask task_;
  const std::vector<Device*> devices_;
};

}  // namespace

std::unique_ptr<Transport> single_task(std::vector<std::unique_ptr<Device>> devices) {
  return std::make_unique<SingleTask>(std::move(devices));
}

}  // namespace tenon::internal
