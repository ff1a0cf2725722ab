// What one run of a plan works with: addresses, events, recordings, and a workspace of the session.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/plan/plan.h"
#include "core/session/runs_under_way.h"
#include "core/session/working_memory.h"

namespace tenon::internal {

// What was recorded of a segment, for the addresses of one context.
struct RecordedSegment {
  std::vector<const void*> addresses;    // of slots, then assigned variables, in the run before
  bool has_run = false;                  // step by step: a first run makes what a recording can't
  std::unique_ptr<Recording> recording;  // for those addresses; null: none yet
  bool refused = false;                  // the device can't
};

// The context of one run at a time of one plan. A warm one has room for everything.
struct RunContext {
  explicit RunContext(const Plan& plan);

  // From now on the run works there.
  void enter(const Plan& plan, std::unique_ptr<Workspace> entered);
  // Forgets the results, and hands the workspace back.
  std::unique_ptr<Workspace> leave();

  std::unique_ptr<Workspace> workspace;  // during a run
  uint64_t workspace_before = 0;         // the number of the one that the last run had
  std::vector<void*> bases;              // by device: where the memory lies that `pointers` are in
  std::vector<uint64_t> blocks_before;   // by device: the number of that memory
  std::vector<Tensor> strings;
  std::vector<Tensor> made;                    // by bodies, during a run
  std::vector<void*> pointers;                 // by slot
  std::vector<const void*> arguments;          // room for one step's inputs
  std::vector<uint64_t> versions;              // of these inputs
  std::vector<void*> results;                  // and outputs
  std::vector<Tensor> outputs;                 // room for what is handed out
  std::vector<std::unique_ptr<Event>> events;  // of sends and receives
  std::vector<std::unique_ptr<Event>> ready;   // of sends to another device: its memory is free
  // By device that computes in memory of its own: where the last run's work ends, and what the
  // run that is under way waits for.
  std::vector<std::shared_ptr<Event>> ends;
  std::vector<std::vector<RunEnd>> awaited;
  std::vector<RecordedSegment> recorded;  // by segment

 private:
  void make_events(const Plan& plan);
  void make_room(const Plan& plan);
  void move_to(const Plan& plan, size_t device);
};

// The contexts of one plan that are idle. Thread-safe.
class RunContexts {
 public:
  std::unique_ptr<RunContext> lease(const Plan& plan);
  void give_back(std::unique_ptr<RunContext> context);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<RunContext>> idle_;
};

}  // namespace tenon::internal
