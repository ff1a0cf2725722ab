// What a plan is made for, and what it must know of the session it is made for.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/id.h"
#include "core/graph/graph_state.h"
#include "core/graph/node.h"

namespace tenon::internal {

using DeviceId = Id<struct DeviceKind>;  // of the session's devices
using MemoryId = Id<struct MemoryKind>;  // the device whose memory it is

// The memory of the host, which all devices that compute in it share, and the device that owns it.
inline constexpr int kHost = 0;
inline constexpr DeviceId kHostDevice{kHost};
inline constexpr MemoryId kHostMemory{kHost};

struct PlanRequest {
  struct FedValue {
    Endpoint endpoint;
    DType dtype = DType::invalid;
    Shape shape = {};
    Tensor known = {};        // its value on the host, when shapes depend on it (after a cut)
    int memory = 0;           // the device whose memory it is in
    bool is_missing = false;  // what a branch would have made that wasn't taken: bodies may take it
    // Operations that don't take it, but what it stands for (after a cut): a variable that they
    // read as it is now.
    std::vector<const Node*> not_for = {};
  };
  std::vector<Endpoint> fetches = {};
  std::vector<Node*> targets = {};  // run, but nothing comes back
  std::vector<FedValue> feeds = {};
  std::vector<const Node*> done = {};  // ran already, before a cut: never run again
  bool keep_on_device = false;         // results stay in the memory they were made in
  // Of a run of a body: what is around it ran already, all but constants and variables is fed.
  const Body* body = nullptr;
};

// How an operation that runs bodies is used.
struct FlowUse {
  std::vector<bool> wanted = {};  // outputs
  // Inputs by which bodies would read a variable, and that are fed instead.
  std::vector<bool> fed = {};
};

// After a cut: what the rest is planned from. The outputs are then the values of `frontier`.
struct PlanRest {
  std::vector<Endpoint> frontier;
  std::vector<int> known_feeds;      // feeds for whose values the rest is planned
  std::vector<bool> decides_shapes;  // of the frontier: whether the rest is planned for its value
  std::vector<std::vector<const Node*>> not_for;  // of the frontier: PlanRequest::FedValue::not_for
  std::vector<const Node*> done;
};

class PlanEnvironment {
 public:
  virtual ~PlanEnvironment() = default;
  // The session's devices. The first is the host's, on which constants are computed while planning.
  virtual const std::vector<Device*>& devices() const = 0;
  // The index of an operation's device, by the placement of the whole graph.
  virtual int device_of(const Node& node) const = 0;
  // The shape of a variable's value now; nothing when it isn't initialised.
  virtual std::optional<Shape> variable_shape(const Node& variable) const = 0;
  // The seeds of a random operation that has none of its own: chosen once a session and operation.
  virtual std::pair<int64_t, int64_t> chosen_seeds(const Node& node) const = 0;

  Device& device_at(DeviceId id) const { return *devices()[id.index()]; }
  DeviceId placed(const Node& node) const { return DeviceId(device_of(node)); }
  // The index of the device whose memory one computes in.
  int memory_of(int device) const { return memory_of(DeviceId(device)).number(); }
  MemoryId memory_of(DeviceId id) const {
    return device_at(id).host_memory() ? kHostMemory : MemoryId(id.index());
  }
};

}  // namespace tenon::internal
