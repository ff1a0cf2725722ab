// Making a new variable: its nodes, and its places in collections.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tenon/variable.h"
#include "tenon/variable_creator.h"

namespace tenon::internal {

// What tf.Variable takes, but for options.name.
struct NewVariable {
  // May hold slashes, and is made unique in the name scope; "" is none, as TensorFlow has it: the
  // variable is then named after its operation's type or the scope.
  std::string name = {};
  std::string default_name = {};  // instead of "": of tf.Variable
  // One of the two: a value, or what makes one below <variable>/Initializer.
  std::optional<Input> value = {};
  std::function<Input()> make = {};
  // Whether `make` is a function of ours: then what it adds was made at `where`.
  bool built_in = false;
  VariableOptions options = {};
  Location where = {};
};

NewVariable new_variable(const InitialValue& initial_value, const VariableOptions& options,
                         std::string default_name, Location where);

// Adds the variable to the default graph and to its collections, or has the thread's creators do it
// (variable_creator.cc). What was added is taken back when it fails.
Variable make_variable(const NewVariable& arguments);
Variable make_variable_itself(const NewVariable& arguments);
Variable make_with_creators(const NewVariable& wanted,
                            const std::vector<VariableCreator>& creators);

// Until the context is left: neither devices nor colocation (colocate_with(None, True)).
Context enter_no_colocation();

Context enter_caching_device(const CachingDevice& device);

// As initial_value, but with every read of another variable in it replaced by a read that falls
// back to that variable's initial value, so that initialising all at once has no order.
Output guard_against_uninitialized(const std::string& name, const Output& initial_value);

// A new read of a resource variable, where the program is.
Output read_resource(const Variable& variable, Location where = {});

}  // namespace tenon::internal
