// A plan: prepared kernels on prepared memory, for fixed fetches and shapes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/plan/arena_layout.h"
#include "core/plan/bodies.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {

// Where a tensor of a plan lies: a place and nothing else. What lies there differs from use to use
// (a variable as it was declared and as it was assigned, a tensor and its reshaped self), so steps
// say the dtypes and shapes of what they make and move.
struct Slot {
  enum class Place : uint8_t {
    kArena,     // at an offset of the run's working memory
    kConstant,  // a tensor that the plan keeps
    kFeed,      // a fed tensor
    kVariable,  // a variable's memory
    kOutput,    // the tensor that is handed out
    kStrings,   // host strings: a tensor that each context keeps
    kMade,      // a tensor that bodies hand out when they run
  };
  Place place = Place::kArena;
  int memory = kHost;  // the device whose memory it is in
  size_t offset = 0;   // of kArena
  int index = 0;       // of the constant, feed, variable, output, string tensor or made one
};

struct Step {
  StepKind kind = StepKind::kKernel;
  const Node* node = nullptr;
  int device = kHost;
  Kernel kernel = {};
  std::vector<int> inputs;  // slots; -1 for an input of which only the shape matters
  std::vector<int> outputs;
  int variable = -1;        // of kAssign, kIsInitialized, kInitializedValue
  int peer = kHost;         // of kSend and kReceive: the other device
  int event = -1;           // of kSend and kReceive
  bool recordable = false;  // whether a device may record it: the same launch, run after run
  size_t workspace_offset = 0;
  TensorSpec value = {};                      // what is assigned, copied, sent or received
  Shape initial = {};                         // of kInitializedValue: the initial value's
  std::vector<TensorSpec> made = {};          // of each output
  std::string fused = {};                     // what was fused in, for reading
  std::shared_ptr<const FlowStep> flow = {};  // of kBodies
};

// Steps that follow each other on one device and are recorded together.
struct Segment {
  size_t begin = 0, end = 0;  // steps
  int device = kHost;
  std::vector<int> slots = {};  // that it uses and whose addresses may differ from run to run
  std::vector<size_t> assignments = {};  // its kAssign steps
};

struct PlanOutput {
  int slot = -1;
  int memory = kHost;   // where it is handed out
  bool copied = false;  // the slot is somebody else's memory: a copy is handed out
  DType dtype = DType::invalid;
  Shape shape = {};
};

// Unchanging once it is made: many threads may run it at once, each in a context of its own
// (core/session/run_context.h).
struct Plan {
  std::shared_ptr<const GraphState> graph;  // whose nodes it points to
  std::string name;                         // what it was asked for, for people
  std::vector<Device*> devices;             // the session's
  std::vector<bool> uses_device;            // whether any step runs there
  std::vector<Slot> slots;
  std::vector<Step> steps;
  std::vector<Segment> segments;
  std::vector<Tensor> constants;
  std::vector<bool> needed_feeds;  // whether a step takes it that needs a value
  std::vector<PlanVariable> variables;
  std::vector<Shape> variable_shapes;  // that it was made for; unknown where it doesn't matter
  std::vector<PlanOutput> outputs;     // of the fetches
  std::vector<TensorSpec> string_tensors;
  int made_count = 0;               // of tensors that bodies hand out
  std::vector<ArenaLayout> arenas;  // by device whose memory it is
  int event_count = 0;
  size_t most_inputs = 0, most_outputs = 0;

  std::unique_ptr<PlanRest> rest;  // after a cut

  std::string to_string() const;
};

// Makes the plan for a request: runs all the passes (passes.h). Throws what a run may throw before
// it starts. The caller holds the graph's lock.
std::shared_ptr<Plan> compile(const std::shared_ptr<const GraphState>& graph,
                              const PlanRequest& request, const PlanEnvironment& environment);

}  // namespace tenon::internal
