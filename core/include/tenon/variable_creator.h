// variable_creator_scope: a say in how every new variable is made (tf.variable_creator_scope).
//
//   auto scope = variable_creator_scope([](const NextCreator& next, const InitialValue& value,
//                                          VariableOptions options) {
//     options.use_resource = true;
//     return next(value, options);
//   });
//
// Rules that are worth knowing:
//  - Creators are asked for what is made anew: by Variable, by get_variable (after custom getters,
//    never for a variable that is shared), for each part of a partitioned variable, and for what
//    optimizers and moving averages keep.
//  - The innermost creator is asked first; what it asks `next` for goes to the one around it, and
//    from the outermost one the variable is made.
//  - options.name is the full name from get_variable ("scope/w"), the name as given from Variable
//    ("" when none was), and of a slot ends in "/". A variable of get_variable is shared under the
//    name that it was asked for, whatever the creators made of it.
//  - Creators belong to the default graph of the calling thread, and to that thread.
#pragma once

#include <functional>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon {

// Asks the next creator outwards, or makes the variable.
using NextCreator =
    std::function<Variable(const InitialValue& initial_value, const VariableOptions& options)>;

// Returns what `next` returns, or another variable, or Variable::from_tensor. An empty answer
// throws ValueError (bad_argument) at whoever wanted the variable.
using VariableCreator = std::function<Variable(const NextCreator& next, InitialValue initial_value,
                                               VariableOptions options)>;

// Throws ValueError (bad_argument) for an empty function. A creator that makes variables is asked
// for these, too; one that never ends throws RuntimeError (bad_argument).
TENON_API ScopeGuard variable_creator_scope(VariableCreator creator);
// The same by handle: the scope is left by the context's exit().
TENON_API Context enter_variable_creator_scope(VariableCreator creator);

}  // namespace tenon
