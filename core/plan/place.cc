#include "core/plan/place.h"

#include <algorithm>
#include <iostream>
#include <numeric>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/elementwise_ops.h"
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

// Strings live only in host memory, and the program's functions run there. The CPU says what it
// lacks when a kernel is prepared.
bool can_run(const Device& device, const Node& node) {
  if (device.host_memory()) return true;
  if (node.def->action == PlanAction::kCall) return false;
  const auto is_string = [](DType dtype) { return dtype == DType::string; };
  if (std::any_of(node.output_dtypes.begin(), node.output_dtypes.end(), is_string)) return false;
  for (const Endpoint& input : node.inputs) {
    if (is_string(nth(input.node->output_dtypes, input.index))) return false;
  }
  if (!needs_kernel(node)) return true;
  const std::string_view op = has_program(node) ? kElementwiseOp : node.type();
  return device.kernels().has_kernel(op, node.main_dtype());
}

class Placer {
 public:
  Placer(const GraphState& graph, const std::vector<Device*>& devices,
         const PlacementOptions& options, std::vector<Placed>& placement,
         const std::vector<bool>& wanted)
      : graph_(graph),
        devices_(devices),
        options_(options),
        placement_(placement),
        wanted_(wanted) {
    for (const Device* device : devices) specs_.push_back(DeviceSpec::from_string(device->name()));
  }

  void run() {
    const auto count = static_cast<size_t>(graph_.node_count());
    leader_.resize(count);
    std::iota(leader_.begin(), leader_.end(), 0);
    groups_.resize(count);
    std::vector<size_t> ids;  // to be placed
    for (size_t id = 0; id < count; ++id) {
      if (is_placed(id) || is_wanted(id)) join_groups(node(id));
      if (!is_placed(id) && is_wanted(id)) ids.push_back(id);
    }
    for (size_t id = 0; id < count; ++id) {
      if (is_placed(id)) group_of(id).only(placement_[id].device, devices_.size());
    }
    for (const size_t id : ids) add_to(group_of(id), node(id));
    std::vector<Placed> found = placement_;
    found.resize(count);
    for (const size_t id : ids) {
      const int device = device_of(group_of(id), node(id));
      found[id] = explained(group_of(id), node(id), device);
    }
    placement_ = std::move(found);
    if (options_.log) log(ids);
  }

 private:
  using Devices = std::vector<bool>;

  // Operations that lie on one device.
  struct Group {
    Devices asked = {};           // that fit all that was asked for; empty: nothing was
    Devices hosts = {};           // all devices of the tasks of these
    const Node* asker = nullptr;  // who asked first
    Devices unable = {};          // without a kernel for one of them; empty: none
    const Node* unrunnable = {};  // the one
    int placed = -1;              // where some of them are already
    int also_placed = -1;         // and others: the new ones can't be with both

    void only(int device, size_t count) {
      if (placed >= 0) {
        if (placed != device) also_placed = device;
        return;
      }
      placed = device;
      asked.assign(count, false);
      nth(asked, device) = true;
    }
  };

  const Node& node(size_t id) const { return *graph_.node(static_cast<int>(id)); }
  bool is_placed(size_t id) const { return id < placement_.size() && placement_[id].device >= 0; }
  bool is_wanted(size_t id) const { return wanted_.empty() || wanted_[id]; }

  int leader(int id) {
    while (nth(leader_, id) != id) {
      int& parent = nth(leader_, id);
      parent = nth(leader_, parent);  // halves the path for the next call
      id = parent;
    }
    return id;
  }
  Group& group_of(size_t id) { return nth(groups_, leader(static_cast<int>(id))); }
  void join(int a, int b) {
    a = leader(a);
    b = leader(b);
    nth(leader_, std::max(a, b)) = std::min(a, b);
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
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (const Node* variable = variable_beside(node, i)) join(node.id, variable->id);
    }
  }

  // The variable that must lie where the node is, for it to use that input; null if none must.
  static const Node* variable_beside(const Node& node, size_t input) {
    if (node.flow != nullptr) return nullptr;  // its bodies' operations go there
    const Node* variable = variable_of(node.inputs[input]);
    if (variable == nullptr) return nullptr;
    const bool is_handle = variable->output_dtypes[0] == DType::resource;
    const bool is_written = contains(node.def->writes, input);
    const bool only_reads = node.device.empty() && !needs_kernel(node);
    return is_handle || is_written || only_reads ? variable : nullptr;
  }

  // Whether it works on a resource variable: it goes where that is, whatever it asks for itself (as
  // a device function does that knows only variables).
  static bool takes_handle(const Node& node) {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [](const Endpoint& input) {
      return input.node->output_dtypes[static_cast<size_t>(input.index)] == DType::resource;
    });
  }

  void add_to(Group& group, const Node& node) {
    for (size_t i = 0; i < devices_.size(); ++i) {
      if (can_run(*devices_[i], node)) continue;
      group.unable.resize(devices_.size());
      group.unable[i] = true;
      if (group.unrunnable == nullptr) group.unrunnable = &node;
    }
    if (node.device.empty()) return;
    const Devices fitting = matching(node);
    if (takes_handle(node)) return;
    if (group.asked.empty()) {
      group.asked = fitting;
      group.asker = &node;
      const DeviceSpec asked = DeviceSpec::from_string(node.device);
      for (const DeviceSpec& have : specs_) group.hosts.push_back(fits_host(asked, have));
      return;
    }
    Devices both = group.asked;
    for (size_t i = 0; i < both.size(); ++i) both[i] = both[i] && fitting[i];
    if (std::find(both.begin(), both.end(), true) != both.end()) {
      group.asked = both;
    } else if (!options_.allow_soft_placement) {
      fail<InvalidArgumentError>(ErrorKind::bad_placement, "Cannot colocate operation ", node.name,
                                 ", which asks for ", node.device, ", with operations on ",
                                 nth(devices_, best(group.asked))->name(), ". It is ",
                                 described(node));
    }
  }

  // The devices that a node asks for; softly, all of its host where there is none.
  Devices matching(const Node& node) const {
    const DeviceSpec asked = DeviceSpec::from_string(node.device);
    Devices found(devices_.size());
    const auto match = [&](bool (*fit)(const DeviceSpec&, const DeviceSpec&)) {
      for (size_t i = 0; i < found.size(); ++i) found[i] = fit(asked, specs_[i]);
      return std::find(found.begin(), found.end(), true) != found.end();
    };
    if (match(fits) || (options_.allow_soft_placement && match(fits_host))) return found;
    fail<InvalidArgumentError>(
        ErrorKind::bad_placement, "Cannot assign a device for operation ", node.name,
        ": Operation was explicitly assigned to ", node.device, " but available devices are ",
        device_list(), ". Make sure the device specification refers to a valid device, or",
        " set SessionOptions::allow_soft_placement. It is ", described(node));
  }

  std::string device_list() const {
    std::vector<std::string> names;
    for (const Device* device : devices_) names.push_back(device->name());
    return str("[ ", internal::join(names), " ]");
  }

  // The first device of a set, or the first GPU there is in the set beside that; -1 for none.
  int best(const Devices& of) const {
    int found = -1;
    for (int i = 0; i < std::ssize(of); ++i) {
      if (!nth(of, i)) continue;
      if (found < 0) found = i;
      const bool is_beside = fits_host(nth(specs_, found), nth(specs_, i));
      if (is_beside && nth(specs_, i).device_type == "GPU") return i;
    }
    return found;
  }

  bool is_gpu(int device) const { return nth(specs_, device).device_type == "GPU"; }

  Placed explained(const Group& group, const Node& node, int device) const {
    using Why = Placed::Why;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (const Node* variable = variable_beside(node, i)) {
        return {device, Why::kVariable, variable};
      }
    }
    if (!node.colocation.empty() && node.colocation[0] != node.name) {
      return {device, Why::kColocated, graph_.find_node(node.colocation[0])};
    }
    const bool there = fits(DeviceSpec::from_string(node.device), nth(specs_, device));
    if (!node.device.empty()) {
      if (there) return {device, Why::kAsked, nullptr};
      const bool exists = std::any_of(specs_.begin(), specs_.end(), [&](const DeviceSpec& have) {
        return fits(DeviceSpec::from_string(node.device), have);
      });
      return {device, exists ? Why::kNoKernel : Why::kNoDevice, group.unrunnable};
    }
    if (group.asker != nullptr) return {device, Why::kColocated, group.asker};
    const bool passed_gpu = group.unrunnable != nullptr && !is_gpu(device);
    return {device, passed_gpu ? Why::kNoGpuKernel : Why::kDefault, group.unrunnable};
  }

  int device_of(const Group& group, const Node& node) const {
    if (group.also_placed >= 0) {
      fail<InvalidArgumentError>(ErrorKind::bad_placement, "Cannot colocate operation ", node.name,
                                 " with operations on ", nth(devices_, group.placed)->name(),
                                 " and with others on ", nth(devices_, group.also_placed)->name(),
                                 ". It is ", described(node));
    }
    if (group.placed >= 0) return group.placed;
    Devices possible = group.asked.empty() ? Devices(devices_.size(), true) : group.asked;
    const auto drop_unable = [&] {
      for (size_t i = 0; i < group.unable.size(); ++i) {
        possible[i] = possible[i] && !group.unable[i];
      }
      return best(possible);
    };
    int found = drop_unable();
    if (found < 0 && options_.allow_soft_placement) {
      possible = group.hosts.empty() ? Devices(devices_.size(), true) : group.hosts;
      found = drop_unable();
    }
    if (found >= 0) return found;
    const Node& asker = group.asker != nullptr ? *group.asker : node;
    fail<InvalidArgumentError>(
        ErrorKind::bad_placement, "Cannot assign a device for operation ", asker.name,
        ": Could not satisfy explicit device specification '", asker.device,
        "' because no supported kernel is available there for ", described(*group.unrunnable),
        ". The devices are ", device_list(), ". Set SessionOptions::allow_soft_placement to run it",
        " on another one");
  }

  void log(const std::vector<size_t>& ids) const {
    for (const size_t id : ids) {
      std::cerr << str(node(id).name, ": (", node(id).type(),
                       "): ", nth(devices_, placement_[id].device)->name(), "\n");
    }
  }

  const GraphState& graph_;
  const std::vector<Device*>& devices_;
  const PlacementOptions& options_;
  std::vector<Placed>& placement_;
  const std::vector<bool>& wanted_;
  std::vector<DeviceSpec> specs_;
  std::vector<int> leader_;  // by node id: another member of its group; itself: the first
  std::vector<Group> groups_;
};

}  // namespace

void place(const GraphState& graph, const std::vector<Device*>& devices,
           const PlacementOptions& options, std::vector<Placed>& placement,
           const std::vector<bool>& wanted) {
  if (wanted.empty() && placement.size() == static_cast<size_t>(graph.node_count())) return;
  Placer(graph, devices, options, placement, wanted).run();
}

std::string reason_text(const Node& node, const Placed& placed) {
  using Why = Placed::Why;
  const Node* because = placed.because;
  const bool itself = because == nullptr || because == &node;
  switch (placed.why) {
    case Why::kDefault:
      return "asked for nothing";
    case Why::kNoGpuKernel:
      return itself ? "no GPU has a kernel for it"
                    : str("no GPU has a kernel for ", because->name, ", which is placed with it");
    case Why::kAsked:
      return "asked for " + node.device;
    case Why::kVariable:
      return "where variable " + because->name + " is";
    case Why::kColocated:
      return "colocated with " + because->name;
    case Why::kNoDevice:
      return "soft placement: asked for " + node.device + ", which isn't there";
    case Why::kNoKernel:
      return str("soft placement: asked for ", node.device, ", which has no kernel for ",
                 itself ? "it" : because->name);
  }
  return "";
}

}  // namespace tenon::internal
