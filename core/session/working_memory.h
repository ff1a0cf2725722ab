// The memory and the queues that the runs of a session work in, shared by all its plans.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/plan/plan.h"

namespace tenon::internal {

// What one run at a time works in: memory of each device, and a queue there.
struct Workspace {
  struct Block {
    std::shared_ptr<void> memory;
    size_t bytes = 0;
    uint64_t number = 0;    // no other block of the session has it, though it lie where one lay
    std::string grown_for;  // the plan that wanted it so large
  };
  std::vector<Block> blocks;                   // by device whose memory it is
  std::vector<std::unique_ptr<Queue>> queues;  // by device; null until a run works there
  uint64_t number = 0;                         // no other workspace of the session has it
  uint64_t leased = 0;                         // when it was leased last, counted in leases
};

// The workspaces of a session: as many as runs were under way at once, each as large as the largest
// plan that ran in it, whatever number of plans there is. One that was not needed for long goes.
// Thread-safe.
class WorkingMemory {
 public:
  explicit WorkingMemory(const std::vector<Device*>& devices) : devices_(devices) {}

  // One large enough for the plan: that of this number if it is idle, so that what was recorded for
  // its addresses fits. Throws ResourceExhaustedError where idle ones don't free enough.
  std::unique_ptr<Workspace> lease(const Plan& plan, uint64_t number);
  void give_back(std::unique_ptr<Workspace> workspace);
  // Idle workspaces go, and later those that are leased now.
  void close();

  struct Holder {
    std::string plan, device;
    size_t bytes = 0;
  };
  std::vector<Holder> holders() const;  // of the memory that is idle

 private:
  std::unique_ptr<Workspace> take_idle(const Plan& plan, uint64_t number);
  void grow(Workspace& workspace, const Plan& plan);

  const std::vector<Device*>& devices_;
  std::atomic<uint64_t> blocks_{0};
  mutable std::mutex mutex_;                      // of what follows
  std::vector<std::unique_ptr<Workspace>> idle_;  // those given back last are at the end
  uint64_t leases_ = 0;
  uint64_t made_ = 0;
  bool closed_ = false;
};

}  // namespace tenon::internal
