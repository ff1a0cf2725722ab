// variable_creator_scope: the creators of a thread, and asking them one after the other.
#include "tenon/variable_creator.h"

#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/nesting.h"
#include "core/variables/make_variable.h"
#include "core/variables/scope_stack.h"

namespace tenon {

using internal::NewVariable;
using internal::require;
using internal::ScopeStack;

namespace {

constexpr int kMostCreators = 500;
thread_local int creators_running = 0;

// Counts the creators that are inside of one another: one that makes a variable each time that it
// is asked for one never ends.
struct CreatorRun : internal::Nesting {
  explicit CreatorRun(const NewVariable& wanted) : Nesting(creators_running) {
    require<RuntimeError>(creators_running <= kMostCreators, ErrorKind::bad_argument,
                          "The variable creators asked for variable ", wanted.name, " at ",
                          wanted.where, " call themselves without end (", kMostCreators,
                          " times so far). Call the creator that they were given.");
  }
};

InitialValue initial_value_of(const NewVariable& wanted) {
  if (wanted.make) {
    return InitialValue(wanted.built_in ? Initializer::built_in_thunk(wanted.make)
                                        : Initializer(wanted.make));
  }
  return wanted.value ? InitialValue(Initializer(*wanted.value)) : InitialValue();
}

}  // namespace

Variable internal::make_with_creators(const NewVariable& wanted,
                                      const std::vector<VariableCreator>& creators) {
  const CreatorRun run(wanted);
  NextCreator next = [default_name = wanted.default_name, where = wanted.where](
                         const InitialValue& initial_value, const VariableOptions& options) {
    return make_variable_itself(new_variable(initial_value, options, default_name, where));
  };
  for (const VariableCreator& creator : creators) {
    next = [creator, outer = std::move(next)](const InitialValue& initial_value,
                                              const VariableOptions& options) {
      const ProgramRuns own_lines;
      return creator(outer, initial_value, options);
    };
  }
  VariableOptions options = wanted.options;
  options.name = wanted.name;
  const Variable answer = next(initial_value_of(wanted), options);
  require<ValueError>(static_cast<bool>(answer), ErrorKind::bad_argument,
                      "The variable creators returned no variable for ", wanted.name,
                      ". Asked for at ", wanted.where,
                      ". A creator returns what the one that it was given returns.");
  return answer;
}

Context enter_variable_creator_scope(VariableCreator creator) {
  require<ValueError>(creator != nullptr, ErrorKind::bad_argument,
                      "variable_creator_scope needs a function, this one is empty");
  const std::shared_ptr<internal::GraphState> graph = internal::default_graph_state();
  std::vector<VariableCreator>& creators = ScopeStack::of(*graph).creators;
  const size_t before = creators.size();
  creators.push_back(std::move(creator));
  return Context([graph, before] { ScopeStack::of(*graph).creators.resize(before); });
}

ScopeGuard variable_creator_scope(VariableCreator creator) {
  return ScopeGuard(enter_variable_creator_scope(std::move(creator)));
}

}  // namespace tenon
