// A plan: prepared kernels on prepared memory, for fixed fetches and shapes.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/plan/arena_layout.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {

// Where a tensor of a plan lies: a place and nothing else. What lies there differs from use to use
// (a variable as it was declared and as it was assigned, a tensor and its reshaped self), so steps
// say the dtypes and shapes of what they make and move.
struct Slot {
  enum class Place : uint8_t {
    kArena,     // at an offset of the run's arena
    kConstant,  // a tensor that the plan keeps
    kFeed,      // a fed tensor
    kVariable,  // a variable's memory
    kOutput,    // the tensor that is handed out
    kStrings,   // host strings: a tensor that each arena keeps
  };
  Place place = Place::kArena;
  int memory = kHost;  // the device whose memory it is in
  size_t offset = 0;   // of kArena
  int index = 0;       // of the constant, feed, variable, output or string tensor
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
  TensorSpec value = {};              // what is assigned, copied, sent or received
  std::vector<TensorSpec> made = {};  // of each output
  std::string fused = {};             // what was fused in, for reading
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

// What was recorded of a segment, for the addresses of one arena.
struct RecordedSegment {
  std::vector<const void*> addresses;    // of slots, then assigned variables, in the run before
  bool has_run = false;                  // step by step: a first run makes what a recording can't
  std::unique_ptr<Recording> recording;  // for those addresses; null: none yet
  bool refused = false;                  // the device can't
};

// Where the work of a run ends. Its arena records the event again for the next run: the number
// tells the two apart.
struct RunEnd {
  std::shared_ptr<Event> event;
  uint64_t number = 0;
};

// The memory of one run: leased from the plan, given back when the run ends.
struct Arena {
  std::vector<std::shared_ptr<void>> memory;  // by device whose memory it is; null if unused
  std::vector<Tensor> strings;
  std::vector<void*> pointers;                 // by slot
  std::vector<const void*> arguments;          // room for one step's inputs
  std::vector<uint64_t> versions;              // of these inputs
  std::vector<void*> results;                  // and outputs
  std::vector<Tensor> outputs;                 // room for what is handed out
  std::vector<std::unique_ptr<Queue>> queues;  // by device; null for one without steps
  std::vector<std::unique_ptr<Event>> events;  // of sends and receives
  std::vector<std::unique_ptr<Event>> ready;   // of sends to another device: its memory is free
  // By device that computes in memory of its own: where the last run's work ends, and what the
  // run that is leasing the arena waits for.
  std::vector<std::shared_ptr<Event>> ends;
  std::vector<std::vector<RunEnd>> awaited;
  std::vector<RecordedSegment> recorded;  // by segment
};

// Unchanging once it is made, but for the free arenas; safe to run from many threads.
struct Plan {
  std::shared_ptr<const GraphState> graph;  // whose nodes it points to
  std::string name;                         // what it was asked for, for people
  std::vector<Device*> devices;             // the session's
  std::vector<bool> uses_device;            // whether any step runs there
  std::vector<Slot> slots;
  std::vector<Step> steps;
  std::vector<Segment> segments;
  std::vector<Tensor> constants;
  std::vector<PlanVariable> variables;
  std::vector<Shape> variable_shapes;  // that it was made for; unknown where it doesn't matter
  std::vector<PlanOutput> outputs;     // of the fetches
  std::vector<TensorSpec> string_tensors;
  std::vector<ArenaLayout> arenas;  // by device whose memory it is
  int event_count = 0;
  size_t most_inputs = 0, most_outputs = 0;

  std::unique_ptr<PlanRest> rest;  // after a cut

  std::unique_ptr<Arena> lease() const;
  void give_back(std::unique_ptr<Arena> arena) const;
  void drop_idle_arenas() const;
  size_t arena_count() const;  // leased or idle
  std::string to_string() const;

 private:
  std::unique_ptr<Arena> make_arena() const;
  void make_events(Arena& arena) const;

  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Arena>> free_;
  mutable size_t arena_count_ = 0;
};

// Makes the plan for a request: runs all the passes (passes.h). Throws what a run may throw before
// it starts. The caller holds the graph's lock.
std::shared_ptr<Plan> compile(const std::shared_ptr<const GraphState>& graph,
                              const PlanRequest& request, const PlanEnvironment& environment);

}  // namespace tenon::internal
