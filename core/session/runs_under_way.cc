#include "core/session/runs_under_way.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "tenon/device.h"

namespace tenon::internal {

void RunsUnderWay::snapshot(std::vector<RunEnd>& ends) const {
  std::lock_guard lock(mutex_);
  ends = ends_;
}

void RunsUnderWay::replace(const std::vector<RunEnd>& awaited, const std::shared_ptr<Event>& end) {
  std::lock_guard lock(mutex_);
  std::erase_if(ends_, [&](const RunEnd& one) {
    return one.event == end || std::any_of(awaited.begin(), awaited.end(), [&](const RunEnd& past) {
             return past.number == one.number;
           });
  });
  ends_.push_back({end, ++count_});
}

std::shared_ptr<RunsUnderWay> runs_under_way(const Device& device) {
  using Key = std::tuple<const KernelRegistry*, std::string, int>;
  static std::mutex mutex;
  static auto* known = new std::map<Key, std::weak_ptr<RunsUnderWay>>;
  const DeviceSpec spec = DeviceSpec::from_string(device.name());
  std::lock_guard lock(mutex);
  std::erase_if(*known, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<RunsUnderWay>& kept =
      (*known)[{&device.kernels(), spec.device_type.value(), spec.device_index.value()}];
  std::shared_ptr<RunsUnderWay> runs = kept.lock();
  if (runs == nullptr) kept = runs = std::make_shared<RunsUnderWay>();
  return runs;
}

}  // namespace tenon::internal
