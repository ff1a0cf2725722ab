// Initial values from a checkpoint: what a variable's initializer gives it, instead of its own.
//
//   train::init_from_checkpoint("pretrained/model.ckpt", {{"encoder/", "model/encoder/"},
//                                                         {"head/w", head_weights}});
//   train::warm_start("run", {"model/encoder"});
//   session.run(global_variables_initializer());
//
// An initializer that the graph had before, inside of an initializer of all variables too, keeps
// its own value: call these before you make one. The values are read now and kept in the graph;
// where a model is only to go on, a Saver (tenon/saver.h) takes less memory.
//
// No other thread may use the variables meanwhile.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/variable.h"

namespace tenon::train {

// What of the graph takes values: a variable that get_variable made, or a scope ("model/"), by its
// full name; or a variable, or the parts of one.
class TENON_API AssignmentTarget {
 public:
  AssignmentTarget(std::string name) : name_(std::move(name)) {}
  AssignmentTarget(const char* name) : name_(tenon::internal::not_null(name)) {}
  AssignmentTarget(Variable variable) : variables_{std::move(variable)} {}
  AssignmentTarget(std::vector<Variable> parts) : variables_(std::move(parts)) {}

  const std::string& name() const noexcept { return name_; }
  const std::vector<Variable>& variables() const noexcept { return variables_; }

 private:
  std::string name_;
  std::vector<Variable> variables_;
};

// A tensor of the checkpoint, or a scope there ("encoder/"; "/" is all of it), and what takes it.
struct Assignment {
  std::string tensor;
  AssignmentTarget target;
};

// A scope takes for each of its variables the tensor of the same name below the checkpoint's scope;
// partitioned variables take their parts. `path` is a prefix, a file or a folder, as
// tenon/checkpoint.h says, and what it throws of those is thrown here. Throws ValueError, having
// changed nothing:
//   not_in_checkpoint   a tensor that isn't there
//   does_not_exist      a name that is no variable's, where the checkpoint's doesn't end in "/"
//   shape_incompatible, dtype_incompatible   a tensor that doesn't fit its variable
//   bad_argument        parts of different variables
TENON_API void init_from_checkpoint(std::string_view path,
                                    const std::vector<Assignment>& assignment_map,
                                    Location where = Location::current());

// Which variables take values: those of TRAINABLE_VARIABLES whose names a regular expression
// matches at their start; those of GLOBAL_VARIABLES that one of a list matches; or a list itself.
class TENON_API WarmStartVariables {
 public:
  WarmStartVariables(std::string trainable) : trainable_(std::move(trainable)) {}
  WarmStartVariables(const char* trainable) : trainable_(tenon::internal::not_null(trainable)) {}
  WarmStartVariables(std::vector<std::string> scopes) : scopes_(std::move(scopes)) {}
  WarmStartVariables(std::initializer_list<std::string> scopes)
      : WarmStartVariables(std::vector<std::string>(scopes)) {}
  WarmStartVariables(std::vector<Variable> variables) : variables_(std::move(variables)) {}
  WarmStartVariables(std::initializer_list<Variable> variables)
      : WarmStartVariables(std::vector<Variable>(variables)) {}

  // All of them, in the default graph.
  std::vector<Variable> variables() const;

 private:
  std::string trainable_;
  std::optional<std::vector<std::string>> scopes_;
  std::optional<std::vector<Variable>> variables_;
};

// init_from_checkpoint for variables that have the same names in the checkpoint, or those that the
// map gives them; names are those of whole variables. Throws besides ValueError (bad_argument) for
// a name of the map that is none of these variables', or where two are the same.
TENON_API void warm_start(std::string_view path,
                          const WarmStartVariables& vars_to_warm_start = ".*",
                          const std::map<std::string, std::string>& var_name_to_prev_var_name = {},
                          Location where = Location::current());

}  // namespace tenon::train
