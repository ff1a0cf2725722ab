// What a Variable handle points to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph_state.h"
#include "tenon/variable.h"

namespace tenon::internal {

// Never changed after it was made, but for slice_info, which the store sets before it hands the
// variable out, and initializer and initial_value, which a checkpoint's value may replace. Kept
// alive by handles, the store and collections; the graph by none of them.
struct VariableState {
  enum class Kind { reference, resource, partitioned, tensor };

  Kind kind = Kind::reference;
  std::weak_ptr<GraphState> graph = {};
  std::string name = {};  // "w:0"; of a partitioned variable "w"
  DType dtype = DType::invalid;
  Shape shape = {};
  Location made_at = {};

  Output handle = {};        // VariableV2:0, VarHandleOp:0
  Output read = {};          // the read made with it (a resource's: what runs fetch); the tensor
  Output cached_value = {};  // of a resource with a caching device
  Operation initializer = {};
  Output initial_value = {};
  CachingDevice caching_device = {};
  bool validate_shape = true;

  bool trainable = false;
  Constraint constraint = {};
  VariableSynchronization synchronization = VariableSynchronization::AUTO;
  VariableAggregation aggregation = VariableAggregation::NONE;

  std::optional<Variable::SliceInfo> slice_info = {};  // of a part
  std::vector<Variable> parts = {};                    // of a partitioned variable, in order
  std::vector<int64_t> partitions = {};

  int partition_axis() const {
    for (size_t axis = 0; axis < partitions.size(); ++axis) {
      if (partitions[axis] > 1) return static_cast<int>(axis);
    }
    return 0;
  }
};

}  // namespace tenon::internal
