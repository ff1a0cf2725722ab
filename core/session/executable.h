// A plan with what it needs of the session at hand, so that running it looks nothing up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/floating_point_modes.h"
#include "core/plan/plan.h"
#include "core/session/random_streams.h"
#include "core/session/run_context.h"
#include "core/transport/variable_storage.h"

namespace tenon::internal {

// A variable of a plan, and where its value is.
struct BoundVariable {
  const Node* node = nullptr;
  VariableStorage* storage = nullptr;
  Access access = Access::kRead;
  bool must_be_initialized = false;
  // Whether it has a value before anything was assigned: a reference variable of no elements, as
  // TensorFlow's.
  bool has_no_elements = false;
  DType dtype = DType::invalid;  // as its node declares it
  Shape declared = {};
  Shape planned = {};  // that the plan was made for
  std::vector<int> slots = {};

  // When it is locked.
  bool is_initialized() const { return has_no_elements || storage->initialized(); }
};

struct Executable {
  PlanRequest request;  // what the plan was made for
  std::string key;      // the same in the cache
  std::shared_ptr<Plan> plan;
  std::vector<BoundVariable> variables;  // as plan->variables
  std::vector<int> locking_order;        // indices into variables
  std::vector<RandomStream*> streams;    // by step; null for one that draws nothing
  std::vector<bool> uses_device;         // for its steps or its variables
  // Where the feeds lay that it was made for, by name: names are kept for ever.
  std::vector<const std::string*> feed_devices;
  RunContexts contexts;
  // In which its plan was made, and what it folded.
  FloatingPointModes modes = FloatingPointModes::of_this_thread();

  // Whether it was made for feeds like these, in the caller's floating-point modes.
  bool takes(std::span<const Tensor> feeds, bool keep_on_device) const;

  // Of its variables, which are locked. Whether their shapes are those of the plan:
  bool fits_variables() const;
  // Throws InvalidArgumentError (dtype_incompatible, shape_incompatible) where another graph's
  // session has given one another dtype or shape than this graph declares.
  void check_declarations() const;
  // Throws one FailedPreconditionError (uninitialized) that lists all that have no value and need
  // one.
  void check_initialized() const;
};

// The variables of a run, locked: shared by readers, exclusively by writers, in one order for all.
class VariableLocks {
 public:
  explicit VariableLocks(const Executable& executable) : executable_(executable) {
    for (const int index : executable.locking_order) at(index).storage->acquire(at(index).access);
  }
  ~VariableLocks() {
    for (const int index : executable_.locking_order) at(index).storage->release(at(index).access);
  }
  VariableLocks(const VariableLocks&) = delete;
  VariableLocks& operator=(const VariableLocks&) = delete;

 private:
  const BoundVariable& at(int index) const {
    return executable_.variables[static_cast<size_t>(index)];
  }
  const Executable& executable_;
};

}  // namespace tenon::internal
