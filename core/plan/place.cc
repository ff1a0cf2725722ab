#include "core/plan/place.h"

#include <iostream>
#include <numeric>

#include "core/base/strings.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

template <typename T>
bool fits(const std::optional<T>& asked, const std::optional<T>& have) {
  return !asked || asked == have;
}

bool fits_host(const DeviceSpec& asked, const DeviceSpec& have) {
  return fits(asked.job, have.job) && fits(asked.replica, have.replica) &&
         fits(asked.task, have.task);
}

bool fits(const DeviceSpec& asked, const DeviceSpec& have) {
  return fits_host(asked, have) && fits(asked.device_type, have.device_type) &&
         fits(asked.device_index, have.device_index);
}

class Placer {
 public:
  Placer(const GraphState& graph, const std::vector<DeviceSpec>& devices,
         const PlacementOptions& options, std::vector<int>& placement)
      : graph_(graph), devices_(devices), options_(options), placement_(placement) {}

  void run() {
    const size_t first = placement_.size(), count = static_cast<size_t>(graph_.node_count());
    if (first == count) return;
    group_.resize(count);
    std::iota(group_.begin(), group_.end(), 0);
    for (size_t id = first; id < count; ++id) join_groups(*graph_.node(static_cast<int>(id)));
    std::vector<int> found(count, -1);
    std::copy(placement_.begin(), placement_.end(), found.begin());
    // A group's device is decided by the first of its members that asks for one.
    std::vector<int> of_group(count, -1);
    for (size_t id = 0; id < count; ++id) {
      const Node& node = *graph_.node(static_cast<int>(id));
      int& device = of_group[static_cast<size_t>(leader(static_cast<int>(id)))];
      if (id < first) {
        if (device < 0) device = found[id];
      } else if (!node.device.empty()) {
        device = decide(node, device);
      }
    }
    for (size_t id = first; id < count; ++id) {
      const int device = of_group[static_cast<size_t>(leader(static_cast<int>(id)))];
      found[id] = device < 0 ? 0 : device;
    }
    placement_ = std::move(found);
    if (options_.log) log(first);
  }

 private:
  int leader(int id) {
    while (group_[static_cast<size_t>(id)] != id) {
      int& parent = group_[static_cast<size_t>(id)];
      parent = group_[static_cast<size_t>(parent)];  // halves the path for the next call
      id = parent;
    }
    return id;
  }
  void join(int a, int b) {
    a = leader(a);
    b = leader(b);
    group_[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
  }

  // What shares memory with a variable lies where the variable is.
  void join_groups(const Node& node) {
    for (const std::string& name : node.colocation) {
      const Node* with = graph_.find_node(name);
      require<InvalidArgumentError>(with != nullptr, ErrorKind::bad_placement, "Operation ",
                                    node.name, " is colocated with '", name,
                                    "', which the graph doesn't have");
      join(node.id, with->id);
    }
    for (const int written : node.def->writes) {
      if (const Node* variable = variable_of(node.inputs[static_cast<size_t>(written)])) {
        join(node.id, variable->id);
      }
    }
  }

  // The device for a node that asks for one, in a group that may have one already.
  int decide(const Node& node, int of_group) const {
    const DeviceSpec asked = DeviceSpec::from_string(node.device);
    if (of_group >= 0) {
      if (fits(asked, devices_[static_cast<size_t>(of_group)])) return of_group;
      if (options_.allow_soft_placement) return of_group;
      fail<InvalidArgumentError>(ErrorKind::bad_placement, "Cannot colocate operation ", node.name,
                                 ", which asks for ", node.device, ", with operations on ",
                                 devices_[static_cast<size_t>(of_group)].to_string(), ". It is ",
                                 described(node));
    }
    for (size_t i = 0; i < devices_.size(); ++i) {
      if (fits(asked, devices_[i])) return static_cast<int>(i);
    }
    if (options_.allow_soft_placement) {
      for (size_t i = 0; i < devices_.size(); ++i) {
        if (fits_host(asked, devices_[i])) return static_cast<int>(i);
      }
    }
    std::vector<std::string> names;
    for (const DeviceSpec& device : devices_) names.push_back(device.to_string());
    fail<InvalidArgumentError>(
        ErrorKind::bad_placement, "Cannot assign a device for operation ", node.name,
        ": Operation was explicitly assigned to ", node.device, " but available devices are [ ",
        internal::join(names),
        " ]. Make sure the device specification refers to a valid device, or",
        " set SessionOptions::allow_soft_placement. It is ", described(node));
  }

  void log(size_t first) const {
    for (size_t id = first; id < placement_.size(); ++id) {
      const Node& node = *graph_.node(static_cast<int>(id));
      std::cerr << node.name << ": (" << node.type()
                << "): " << devices_[static_cast<size_t>(placement_[id])].to_string() << "\n";
    }
  }

  const GraphState& graph_;
  const std::vector<DeviceSpec>& devices_;
  const PlacementOptions& options_;
  std::vector<int>& placement_;
  std::vector<int> group_;
};

}  // namespace

void place(const GraphState& graph, const std::vector<DeviceSpec>& devices,
           const PlacementOptions& options, std::vector<int>& placement) {
  Placer(graph, devices, options, placement).run();
}

}  // namespace tenon::internal
