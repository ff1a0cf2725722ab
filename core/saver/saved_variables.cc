#include "core/saver/saved_variables.h"

#include <any>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tenon/collections.h"

namespace tenon::internal {

namespace {

// Whether a variable is a part of a partitioned one, and where in it.
SavedVariable::Part part_of(const Variable& variable) {
  const auto info = variable.save_slice_info();
  SavedVariable::Part part{variable, {}};
  if (!info) return part;
  for (size_t axis = 0; axis < info->var_offset.size(); ++axis) {
    part.slice.extents.push_back({info->var_offset[axis], info->var_shape[axis]});
  }
  return part;
}

// Adds a variable, or its parts, to those of a name.
void add_to(SavedVariable& saved, const Variable& variable) {
  for (const Variable& one : variable.parts()) {
    const auto info = one.save_slice_info();
    require<ValueError>(saved.parts.empty() || (info && !saved.is_whole()), ErrorKind::bad_argument,
                        "At least two variables have the same name: ", saved.name);
    saved.dtype = one.dtype();
    saved.shape = info ? info->full_shape : one.shape();
    saved.parts.push_back(part_of(one));
  }
}

void require_variable(const Variable& variable) {
  require<ValueError>(static_cast<bool>(variable), ErrorKind::bad_argument,
                      "Variable to save is an empty handle");
  require<TypeError>(!variable.is_tensor(), ErrorKind::not_a_variable,
                     "Variable to save is not a Variable: ", variable);
}

std::string own_name(const Variable& variable) {
  if (variable.is_partitioned()) return variable.name();
  const auto info = variable.save_slice_info();
  return info ? info->full_name : variable.op().name();
}

}  // namespace

SavedVariable saved_variable(const std::string& name, const std::vector<Variable>& parts) {
  SavedVariable saved;
  saved.name = name;
  for (const Variable& part : parts) {
    require_variable(part);
    require<ValueError>(own_name(part) == own_name(parts.front()), ErrorKind::bad_argument,
                        "Slices must all be from the same tensor: ", own_name(part),
                        " != ", own_name(parts.front()));
    add_to(saved, part);
  }
  return saved;
}

std::vector<SavedVariable> saved_variables(const train::SaverVariables& variables) {
  std::map<std::string, SavedVariable> found;
  std::set<std::string> seen;  // operations
  const auto add = [&](const std::string& name, const Variable& variable) {
    for (const Variable& part : variable.parts()) {
      require<ValueError>(seen.insert(part.op().name()).second, ErrorKind::bad_argument,
                          variables.by_name().empty()
                              ? "At least two variables have the same name: "
                              : "The same saveable will be restored with two names: ",
                          name);
    }
    SavedVariable& saved = found[name];
    saved.name = name;
    add_to(saved, variable);
  };
  for (const Variable& variable : variables.list()) {
    require_variable(variable);
    add(own_name(variable), variable);
  }
  for (const auto& [name, variable] : variables.by_name()) {
    require_variable(variable);
    add(name, variable);
  }
  std::vector<SavedVariable> all;
  for (auto& [name, saved] : found) all.push_back(std::move(saved));
  return all;
}

train::SaverVariables all_saveable_variables() {
  std::vector<Variable> variables = global_variables();
  for (const std::any& item : get_collection<std::any>(GraphKeys::SAVEABLE_OBJECTS)) {
    const auto* variable = std::any_cast<Variable>(&item);
    require<TypeError>(variable != nullptr, ErrorKind::not_a_variable,
                       "Variable to save is not a Variable: an item of SAVEABLE_OBJECTS of type ",
                       item.type().name());
    variables.push_back(*variable);
  }
  return variables;
}

}  // namespace tenon::internal
