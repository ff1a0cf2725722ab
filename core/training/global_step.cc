#include "tenon/global_step.h"

#include "core/base/check.h"
#include "tenon/collections.h"
#include "tenon/variable_scope.h"

namespace tenon::train {
namespace {

constexpr const char* kName = "global_step";

// The variable whose operation has that name, in any collection of variables.
Variable find_by_name() {
  for (const auto key : {GraphKeys::GLOBAL_VARIABLES, GraphKeys::LOCAL_VARIABLES}) {
    for (const std::any& item : get_collection<std::any>(key)) {
      const auto* variable = std::any_cast<Variable>(&item);
      if (variable != nullptr && !variable->is_partitioned() && variable->op().name() == kName) {
        return *variable;
      }
    }
  }
  return {};
}

}  // namespace

void assert_global_step(const Ref& global_step) {
  const Input step =
      global_step.is_variable() ? Input(global_step.variable()) : Input(global_step.output());
  internal::require<TypeError>(is_integer(step.dtype()), ErrorKind::dtype_incompatible,
                               "Existing \"global_step\" does not have integer type: ", step.name(),
                               " is ", to_string(step.dtype()), ".");
  internal::require<TypeError>(
      !step.shape().fully_defined() || step.shape().rank() == 0, ErrorKind::bad_argument,
      "Existing \"global_step\" is not scalar: ", step.name(), " has shape ", step.shape(), ".");
}

Variable get_global_step() {
  const auto listed = get_collection<Variable>(GraphKeys::GLOBAL_STEP);
  if (listed.size() > 1) return {};
  const Variable found = listed.empty() ? find_by_name() : listed.front();
  if (found) assert_global_step(found);
  return found;
}

Variable create_global_step(Location where) {
  const Variable known = get_global_step();
  internal::require<ValueError>(!known, ErrorKind::already_exists,
                                "\"global_step\" already exists. get_or_create_global_step gives ",
                                "the one that there is.");
  auto root = name_scope("");
  return get_variable(kName,
                      {.shape = {},
                       .dtype = int64,
                       .initializer = zeros_initializer,
                       .trainable = false,
                       .collections = {GraphKeys::GLOBAL_VARIABLES, GraphKeys::GLOBAL_STEP},
                       .aggregation = VariableAggregation::ONLY_FIRST_REPLICA},
                      where);
}

Variable get_or_create_global_step(Location where) {
  const Variable known = get_global_step();
  return known ? known : create_global_step(where);
}

}  // namespace tenon::train
