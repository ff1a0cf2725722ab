// The fixed forms of FORMAT.md (initializers, regularizers, constraints, partitioners, getters) and
// the arguments of scopes and variables that hold them.
#pragma once

#include <tenon/tenon.h>

#include "tests/golden/program.h"

namespace replay {

tenon::Initializer initializer_from(Program& program, const Json& form);
tenon::InitialValue initial_value_from(Program& program, const Json& form);
tenon::Regularizer regularizer_from(const Json& form);
tenon::Constraint constraint_from(const Json& form);
tenon::Partitioner partitioner_from(const Json& form);
tenon::CustomGetter getter_from(Program& program, const Json& form);

tenon::GetVariableOptions get_variable_options(Program& program, const Json& step);
tenon::VariableOptions variable_options(const Json& step);
// All but reuse and auxiliary_name_scope, whose mistakes have an order of their own.
tenon::VariableScopeOptions scope_options(Program& program, const Json& step);

}  // namespace replay
