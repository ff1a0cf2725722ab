// Slot variables: what an optimizer or a moving average remembers of a variable, in variables of
// their own (TensorFlow's slot_creator).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenon/initializers.h"
#include "tenon/variable.h"

namespace tenon::internal {

// Makes the variable <primary>/<name>, of the shape and dtype of `primary`, on its device, not
// trainable. It belongs to the current variable scope, as get_variable's do, whose partitioner
// doesn't count. The name is made unique: w/Adam, then w/Adam_1.
// Throws ValueError (does_not_exist), naming the slot, inside a scope that only reuses, unless it
// ignores that.
Variable create_slot(const Variable& primary, const Initializer& initializer,
                     const std::string& name, bool ignore_reuse = false);
// The same with `value` as its initial value, whose shape needn't be known.
Variable create_slot_of_value(const Variable& primary, const Output& value, const std::string& name,
                              bool ignore_reuse = false);
// The same of zeros, whatever is known of the primary's shape.
Variable create_zeros_slot(const Variable& primary, const std::string& name,
                           bool ignore_reuse = false);
// Of zeros, for a tensor: wherever the current device is.
Variable create_zeros_slot(const Output& primary, const std::string& name);

// The slots and other variables of one optimizer in one graph.
class SlotTable {
 public:
  explicit SlotTable(const Graph& graph) : graph_(graph.state()) {}
  bool is_of(const Graph& graph) const noexcept { return graph_.lock() == graph.state(); }
  bool is_gone() const noexcept { return graph_.expired(); }

  Variable find(const Variable& primary, std::string_view slot_name) const;  // empty: none
  void add(const Variable& primary, std::string_view slot_name, Variable slot);
  Variable find_non_slot(std::string_view name) const;
  void add_non_slot(std::string_view name, Variable variable);
  // A slot name is there from when a slot of it was asked for.
  void add_names_to(std::vector<std::string>& names) const;
  std::vector<Variable> all() const;

 private:
  struct Slot {
    std::string name;
    Variable variable;
  };
  std::weak_ptr<GraphState> graph_;
  std::vector<Slot> slots_;
  std::unordered_multimap<const Node*, size_t> by_owner_;  // places in slots_
  std::vector<std::pair<std::string, Variable>> non_slots_;
};

}  // namespace tenon::internal
