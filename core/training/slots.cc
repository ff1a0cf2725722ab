#include "core/training/slots.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "tenon/array_ops.h"
#include "tenon/variable_scope.h"

namespace tenon::internal {
namespace {

// Sets a scope's partitioner aside while it lives: a slot has its primary's parts, not parts of
// its own.
class WithoutPartitioner {
 public:
  explicit WithoutPartitioner(VariableScope scope)
      : scope_(std::move(scope)), partitioner_(scope_.partitioner()) {
    scope_.set_partitioner({});
  }
  ~WithoutPartitioner() { scope_.set_partitioner(partitioner_); }
  WithoutPartitioner(const WithoutPartitioner&) = delete;
  WithoutPartitioner& operator=(const WithoutPartitioner&) = delete;

 private:
  VariableScope scope_;
  Partitioner partitioner_;
};

// What a slot is, for whoever sees its name in an error and never asked for it.
std::string slot_told(const Operation& primary, const std::string& name) {
  return str(" It is a slot: what '", name, "' (an optimizer or a moving average) keeps of ",
             primary.name(), ", which was made at ", primary.made_at(), ".");
}

Variable make_slot(const Operation& primary, const std::string& name, GetVariableOptions options,
                   bool ignore_reuse = false) {
  const std::string default_name = primary.name() + "/" + name;
  auto scope = variable_scope({.default_name = default_name});
  WithoutPartitioner whole(get_variable_scope());
  options.trainable = false;
  if (ignore_reuse) options.reuse = false;
  try {
    return get_variable("", options);  // named as the scope is
  } catch (Error& error) {
    if (error.kind() == ErrorKind::does_not_exist) {
      error.add_context(slot_told(primary, name) +
                        " Slots are made where minimize, apply_gradients or apply is called "
                        "first: call it outside of the scope that reuses, or give the optimizer "
                        "{.slots_ignore_reuse = true}.");
    } else if (error.kind() == ErrorKind::already_exists) {
      error.add_context(slot_told(primary, name) +
                        " Another optimizer of that name has made it in this scope: give one of "
                        "the two another {.name = ...}.");
    }
    throw;
  }
}

}  // namespace

Variable create_slot(const Variable& primary, const Initializer& initializer,
                     const std::string& name, bool ignore_reuse) {
  auto beside = colocate_with(primary.op());
  return make_slot(primary.op(), name,
                   {.shape = primary.shape(),
                    .dtype = primary.dtype(),
                    .initializer = initializer,
                    .use_resource = primary.is_resource()},
                   ignore_reuse);
}

Variable create_slot_of_value(const Variable& primary, const Output& value, const std::string& name,
                              bool ignore_reuse) {
  auto beside = colocate_with(primary.op());
  return make_slot(primary.op(), name,
                   {.dtype = value.dtype(),
                    .initializer = value,
                    .validate_shape = value.shape().fully_defined(),
                    .use_resource = primary.is_resource()},
                   ignore_reuse);
}

Variable create_zeros_slot(const Variable& primary, const std::string& name, bool ignore_reuse) {
  if (primary.shape().fully_defined()) {
    return create_slot(primary, zeros_initializer, name, ignore_reuse);
  }
  return create_slot_of_value(primary, zeros_like(primary.initialized_value()), name, ignore_reuse);
}

Variable create_zeros_slot(const Output& primary, const std::string& name) {
  if (primary.shape().fully_defined()) {
    return make_slot(
        primary.op(), name,
        {.shape = primary.shape(), .dtype = primary.dtype(), .initializer = zeros_initializer});
  }
  return make_slot(
      primary.op(), name,
      {.dtype = primary.dtype(), .initializer = zeros_like(primary), .validate_shape = false});
}

Variable SlotTable::find(const Variable& primary, std::string_view slot_name) const {
  const auto [begin, end] = by_owner_.equal_range(primary.op().node());
  for (auto at = begin; at != end; ++at) {
    if (slots_[at->second].name == slot_name) return slots_[at->second].variable;
  }
  return {};
}

void SlotTable::add(const Variable& primary, std::string_view slot_name, Variable slot) {
  by_owner_.emplace(primary.op().node(), slots_.size());
  slots_.push_back({std::string(slot_name), std::move(slot)});
}

Variable SlotTable::find_non_slot(std::string_view name) const {
  for (const auto& [known, variable] : non_slots_) {
    if (known == name) return variable;
  }
  return {};
}

void SlotTable::add_non_slot(std::string_view name, Variable variable) {
  non_slots_.emplace_back(name, std::move(variable));
}

void SlotTable::add_names_to(std::vector<std::string>& names) const {
  for (const Slot& slot : slots_) names.push_back(slot.name);
}

std::vector<Variable> SlotTable::all() const {
  std::vector<Variable> variables;
  for (const auto& [name, variable] : non_slots_) variables.push_back(variable);
  for (const Slot& slot : slots_) variables.push_back(slot.variable);
  return variables;
}

}  // namespace tenon::internal
