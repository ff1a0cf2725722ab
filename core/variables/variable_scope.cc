// VariableScope and its guards: the stack of scopes, and what a scope passes on.
#include "tenon/variable_scope.h"

#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/variables/reuse_report.h"
#include "core/variables/scope_stack.h"

namespace tenon {

using internal::fail;
using internal::GraphState;
using internal::require;
using internal::ScopeStack;
using internal::ScopeState;

namespace {

ScopeState& get_mutable(const std::shared_ptr<ScopeState>& state) {
  require<ValueError>(state != nullptr, ErrorKind::bad_argument, "Use of an empty VariableScope");
  return *state;
}

CustomGetter wrapped(const CustomGetter& inner, const CustomGetter& outer) {
  if (!outer) return inner;
  return [inner, outer](const Getter& getter, std::string name, GetVariableOptions options) {
    const Getter next = [outer, getter](std::string_view wanted,
                                        const GetVariableOptions& arguments) {
      return outer(getter, std::string(wanted), arguments);
    };
    return inner(next, std::move(name), std::move(options));
  };
}

// What options say replaces what the new scope has from the scope around it, or from the captured
// scope that it re-enters.
void apply(const VariableScopeOptions& options, ScopeState& scope) {
  if (options.initializer) scope.initializer = options.initializer;
  if (options.regularizer) scope.regularizer = options.regularizer;
  if (options.caching_device) scope.caching_device = options.caching_device;
  if (options.partitioner) scope.partitioner = options.partitioner;
  if (options.custom_getter) {
    scope.custom_getter = wrapped(options.custom_getter, scope.custom_getter);
  }
  if (options.dtype) scope.dtype = *options.dtype;
  if (options.use_resource) scope.use_resource = options.use_resource;
  scope.constraint = options.constraint;  // TensorFlow passes this one on to no scope
}

void set_reuse(Reuse reuse, Location where, ScopeState& scope) {
  if (!reuse) return;
  scope.reuse = reuse;
  scope.reuse_set_by = scope.name;
  scope.reuse_set_at = where;
  scope.reuse_log = reuse.is_auto() ? std::make_shared<internal::ReuseLog>() : nullptr;
}

// Everything that one entering has opened; left in reverse order.
struct Entered {
  std::shared_ptr<GraphState> graph;
  Context default_graph;
  Context names;
  std::shared_ptr<ScopeState> before;
  std::string name;            // of the scope, where its counts are to be reset
  std::optional<size_t> jump;  // the mark of a jump, where they are to be restored

  void leave() {
    ScopeStack& stack = ScopeStack::of(*graph);
    if (jump) {
      stack.counts.end_jump(*jump);
    } else {
      stack.counts.reset_below(name);
    }
    stack.current = before;
    names.exit();
    default_graph.exit();
  }
};

std::pair<Context, VariableScope> finish(std::shared_ptr<Entered> entered,
                                         std::shared_ptr<ScopeState> scope) {
  ScopeStack& stack = ScopeStack::of(*entered->graph);
  stack.current = scope;
  return {Context([entered = std::move(entered)] { entered->leave(); }),
          VariableScope(std::move(scope))};
}

std::shared_ptr<Entered> begin(const VariableScopeOptions& options) {
  auto entered = std::make_shared<Entered>();
  if (!options.values.empty()) {
    const std::vector<Input> values(options.values.begin(), options.values.end());
    entered->default_graph = internal::graph_of(values).enter_as_default();
  }
  entered->graph = internal::default_graph_state();
  entered->before = ScopeStack::of(*entered->graph).current;
  return entered;
}

// Opens the name scope that goes with the variable scope, or the current one again. Answers its
// name with the slash; nothing when a name of "" opens none.
std::optional<std::string> open_names(const std::string& name, const VariableScopeOptions& options,
                                      Entered& entered) {
  std::string wanted = name;
  if (!options.auxiliary_name_scope) {
    wanted = entered.graph->contexts().name_scope;
    if (!wanted.empty()) wanted += "/";
  } else if (name.empty()) {
    return std::nullopt;
  }
  auto [context, opened] = enter_name_scope(wanted);
  entered.names = std::move(context);
  return opened;
}

// The scope `name` (or one of that name made unique) below the one around it.
std::pair<Context, VariableScope> enter_below(std::shared_ptr<Entered> entered,
                                              const std::string& name, bool is_default,
                                              const std::optional<std::string>& opened,
                                              const VariableScopeOptions& options, Location where) {
  ScopeStack& stack = ScopeStack::of(*entered->graph);
  const ScopeState& around = *entered->before;
  const std::string own = is_default ? stack.counts.unique(around.name, name) : name;
  auto scope = std::make_shared<ScopeState>(around);
  scope->name = around.name.empty() ? own : around.name + "/" + own;
  scope->original_name_scope = opened.value_or(own);
  set_reuse(is_default ? Reuse() : options.reuse, where, *scope);
  apply(options, *scope);
  stack.counts.open(scope->name);
  entered->name = scope->name;
  return finish(std::move(entered), std::move(scope));
}

std::pair<Context, VariableScope> enter_by_name(const std::string& name, bool is_default,
                                                const VariableScopeOptions& options,
                                                Location where) {
  std::shared_ptr<Entered> entered = begin(options);
  std::optional<std::string> opened;
  if (is_default && options.auxiliary_name_scope) {
    auto [context, inside] = enter_name_scope(name);
    entered->names = std::move(context);
    opened = inside;
  } else {
    opened = open_names(name, options, *entered);
  }
  return enter_below(std::move(entered), name, is_default, opened, options, where);
}

std::pair<Context, VariableScope> enter_captured(const ScopeState& captured,
                                                 const VariableScopeOptions& options,
                                                 Location where) {
  std::shared_ptr<Entered> entered = begin(options);
  open_names(captured.name.substr(captured.name.rfind('/') + 1), options, *entered);
  auto scope = std::make_shared<ScopeState>(captured);
  set_reuse(options.reuse, where, *scope);
  apply(options, *scope);
  ScopeStack& stack = ScopeStack::of(*entered->graph);
  stack.counts.open(scope->name);  // before the mark: leaving a jump doesn't take this back
  entered->jump = stack.counts.begin_jump();
  return finish(std::move(entered), std::move(scope));
}

}  // namespace

std::pair<Context, VariableScope> internal::enter_pure_variable_scope(
    const std::string& name, bool make_unique, const CustomGetter& custom_getter) {
  const VariableScopeOptions options{.custom_getter = custom_getter};
  return enter_below(begin(options), name, make_unique, std::nullopt, options, {});
}

const ScopeState& VariableScope::get() const { return get_mutable(state_); }

const std::string& VariableScope::name() const { return get().name; }
const std::string& VariableScope::original_name_scope() const { return get().original_name_scope; }
Reuse VariableScope::reuse() const { return get().reuse; }
const Initializer& VariableScope::initializer() const { return get().initializer; }
const Regularizer& VariableScope::regularizer() const { return get().regularizer; }
const CachingDevice& VariableScope::caching_device() const { return get().caching_device; }
const Partitioner& VariableScope::partitioner() const { return get().partitioner; }
const CustomGetter& VariableScope::custom_getter() const { return get().custom_getter; }
const Constraint& VariableScope::constraint() const { return get().constraint; }
DType VariableScope::dtype() const { return get().dtype; }
std::optional<bool> VariableScope::use_resource() const { return get().use_resource; }

void VariableScope::reuse_variables(Location where) const {
  set_reuse(true, where, get_mutable(state_));
}
void VariableScope::set_initializer(Initializer initializer) const {
  get_mutable(state_).initializer = std::move(initializer);
}
void VariableScope::set_regularizer(Regularizer regularizer) const {
  get_mutable(state_).regularizer = std::move(regularizer);
}
void VariableScope::set_caching_device(CachingDevice caching_device) const {
  get_mutable(state_).caching_device = std::move(caching_device);
}
void VariableScope::set_partitioner(Partitioner partitioner) const {
  get_mutable(state_).partitioner = std::move(partitioner);
}
void VariableScope::set_custom_getter(CustomGetter custom_getter) const {
  get_mutable(state_).custom_getter = std::move(custom_getter);
}
void VariableScope::set_dtype(DType dtype) const { get_mutable(state_).dtype = dtype; }
void VariableScope::set_use_resource(std::optional<bool> use_resource) const {
  get_mutable(state_).use_resource = use_resource;
}

std::vector<Variable> VariableScope::global_variables() const {
  return get_collection<Variable>(GraphKeys::GLOBAL_VARIABLES);
}
std::vector<Variable> VariableScope::trainable_variables() const {
  return get_collection<Variable>(GraphKeys::TRAINABLE_VARIABLES);
}
std::vector<Variable> VariableScope::local_variables() const {
  return get_collection<Variable>(GraphKeys::LOCAL_VARIABLES);
}

VariableScope get_variable_scope() {
  return VariableScope(ScopeStack::of(*internal::default_graph_state()).current);
}

std::pair<Context, VariableScope> enter_variable_scope(std::optional<std::string> name,
                                                       const VariableScopeOptions& options,
                                                       Location where) {
  const internal::CallerLine line(where);
  if (name) return enter_by_name(*name, false, options, where);
  require<TypeError>(options.default_name.has_value(), ErrorKind::no_name,
                     "If default_name is None then name_or_scope is required: the variable scope "
                     "opened at ",
                     where, " has neither. Give it a name, or {.default_name = ...}.");
  require<ValueError>(!options.reuse, ErrorKind::bad_reuse,
                      "reuse=True cannot be used without a name_or_scope: the variable scope "
                      "opened at ",
                      where, " has only the default name '", *options.default_name,
                      "', which is new each time. Give it a name to share what it holds.");
  return enter_by_name(*options.default_name, true, options, where);
}

std::pair<Context, VariableScope> enter_variable_scope(const VariableScope& scope,
                                                       const VariableScopeOptions& options,
                                                       Location where) {
  const internal::CallerLine line(where);
  return enter_captured(get_mutable(scope.state()), options, where);
}

OpenVariableScope variable_scope(std::string_view name, const VariableScopeOptions& options,
                                 Location where) {
  auto [context, scope] = enter_variable_scope(std::string(name), options, where);
  return OpenVariableScope(std::move(context), std::move(scope));
}

OpenVariableScope variable_scope(const VariableScope& scope, const VariableScopeOptions& options,
                                 Location where) {
  auto [context, entered] = enter_variable_scope(scope, options, where);
  return OpenVariableScope(std::move(context), std::move(entered));
}

OpenVariableScope variable_scope(const VariableScopeOptions& options, Location where) {
  auto [context, scope] = enter_variable_scope(std::nullopt, options, where);
  return OpenVariableScope(std::move(context), std::move(scope));
}

}  // namespace tenon
