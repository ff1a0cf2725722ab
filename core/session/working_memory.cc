#include "core/session/working_memory.h"

#include <algorithm>

#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// A workspace that wasn't leased during so many leases is given up.
constexpr uint64_t kMostLeasesIdle = 1024;

// What a plan needs in a device's memory. Tensors without elements have an address too.
size_t bytes_needed(const Plan& plan, size_t device) {
  const bool in_use =
      device == kHost || (plan.uses_device[device] && !plan.devices[device]->host_memory());
  return in_use ? std::max(plan.arenas[device].bytes, kAlignment) : 0;
}

bool is_large_enough(const Workspace& workspace, const Plan& plan) {
  for (size_t i = 0; i < workspace.blocks.size(); ++i) {
    if (workspace.blocks[i].bytes < bytes_needed(plan, i)) return false;
  }
  return true;
}

size_t total_bytes(const Workspace& workspace) {
  size_t bytes = 0;
  for (const Workspace::Block& block : workspace.blocks) bytes += block.bytes;
  return bytes;
}

}  // namespace

std::unique_ptr<Workspace> WorkingMemory::lease(const Plan& plan, uint64_t number) {
  std::unique_ptr<Workspace> workspace = take_idle(plan, number);
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (plan.uses_device[i] && !workspace->queues[i]) {
      workspace->queues[i] = devices_[i]->make_queue();
    }
  }
  if (is_large_enough(*workspace, plan)) return workspace;
  try {
    grow(*workspace, plan);
  } catch (const ResourceExhaustedError&) {
    std::vector<std::unique_ptr<Workspace>> dropped;
    {
      std::lock_guard lock(mutex_);
      dropped.swap(idle_);
    }
    dropped.clear();
    grow(*workspace, plan);
  }
  return workspace;
}

// The idle one that this plan had before, else the smallest that is large enough, else the largest;
// a new one where none is idle.
std::unique_ptr<Workspace> WorkingMemory::take_idle(const Plan& plan, uint64_t number) {
  std::lock_guard lock(mutex_);
  ++leases_;
  auto best = idle_.end();
  for (auto at = idle_.begin(); at != idle_.end(); ++at) {
    const bool fits = is_large_enough(**at, plan);
    if (fits && (*at)->number == number) {
      best = at;
      break;
    }
    const auto is_better = [&] {
      const bool best_fits = is_large_enough(**best, plan);
      if (fits != best_fits) return fits;
      const size_t bytes = total_bytes(**at), best_bytes = total_bytes(**best);
      return fits ? bytes <= best_bytes : bytes >= best_bytes;
    };
    if (best == idle_.end() || is_better()) best = at;
  }
  std::unique_ptr<Workspace> workspace;
  if (best != idle_.end()) {
    workspace = std::move(*best);
    idle_.erase(best);
  } else {
    workspace = std::make_unique<Workspace>();
    workspace->blocks.resize(devices_.size());
    workspace->queues.resize(devices_.size());
    workspace->number = ++made_;
  }
  workspace->leased = leases_;
  return workspace;
}

// What is too small goes first. It grows by a quarter at least, so that sizes which rise step by
// step don't ask for memory at each step.
void WorkingMemory::grow(Workspace& workspace, const Plan& plan) {
  for (size_t i = 0; i < devices_.size(); ++i) {
    Workspace::Block& block = workspace.blocks[i];
    const size_t needed = bytes_needed(plan, i);
    if (block.bytes >= needed) continue;
    const size_t generous = block.bytes + block.bytes / 4;
    block = {};
    Device* const device = devices_[i];
    const auto allocate = [&](size_t bytes) {
      block.memory = std::shared_ptr<void>(device->allocate(bytes),
                                           [device](void* memory) { device->release(memory); });
      block.bytes = bytes;
      block.number = ++blocks_;
    };
    try {
      allocate(std::max(needed, generous));
    } catch (const ResourceExhaustedError&) {
      if (generous <= needed) throw;
      allocate(needed);
    }
    block.grown_for = plan.name;
  }
}

void WorkingMemory::give_back(std::unique_ptr<Workspace> workspace) {
  std::unique_ptr<Workspace> dropped;  // outlives the lock
  std::lock_guard lock(mutex_);
  if (closed_) {
    dropped = std::move(workspace);
    return;
  }
  idle_.push_back(std::move(workspace));
  const auto oldest =
      std::min_element(idle_.begin(), idle_.end(),
                       [](const auto& a, const auto& b) { return a->leased < b->leased; });
  if (leases_ - (*oldest)->leased > kMostLeasesIdle) {
    dropped = std::move(*oldest);
    idle_.erase(oldest);
  }
}

void WorkingMemory::close() {
  std::vector<std::unique_ptr<Workspace>> dropped;  // outlives the lock
  std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(idle_);
}

std::vector<WorkingMemory::Holder> WorkingMemory::holders() const {
  std::lock_guard lock(mutex_);
  std::vector<Holder> holders;
  for (const auto& workspace : idle_) {
    for (size_t i = 0; i < devices_.size(); ++i) {
      const Workspace::Block& block = workspace->blocks[i];
      if (block.bytes > kAlignment) {
        holders.push_back({block.grown_for, devices_[i]->name(), block.bytes});
      }
    }
  }
  return holders;
}

}  // namespace tenon::internal
