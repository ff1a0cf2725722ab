// make_template: the scope of a template, what its calls may make, and where its errors come from.
#include "tenon/template.h"

#include <algorithm>
#include <any>
#include <mutex>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/variables/scope_stack.h"
#include "tenon/collections.h"

namespace tenon {

using internal::fail;
using internal::str;

namespace internal {

struct TemplateState {
  std::string name = {};
  TemplateOptions options = {};
  Location made_at = {};

  std::mutex mutex = {};  // of what follows; not held while the function runs
  VariableScope scope = {};
  bool first_call = true;          // no call has begun, or only calls that threw
  bool variables_created = false;  // a first call has ended well
};

}  // namespace internal

using internal::TemplateState;

namespace {

// Later calls make nothing that would be trained.
void call_again(const std::function<void()>& function) {
  // As TensorFlow does, which makes the lists where there are none.
  get_collection_ref(GraphKeys::GLOBAL_VARIABLES);
  const size_t before = get_collection_ref(GraphKeys::TRAINABLE_VARIABLES)->size();
  function();
  const std::vector<std::any> now = get_collection<std::any>(GraphKeys::TRAINABLE_VARIABLES);
  if (now.size() == before) return;
  std::vector<std::string> made;
  for (size_t i = before; i < now.size(); ++i) {
    const Variable* variable = std::any_cast<Variable>(&now[i]);
    if (variable == nullptr) continue;
    made.push_back(str(variable->name(), " (made at ", variable->made_at(), ")"));
  }
  fail<ValueError>(ErrorKind::bad_argument,
                   "Trainable variable created when calling a template after the first time, "
                   "perhaps you used tf.Variable when you meant tf.get_variable: ",
                   internal::join(made), ".");
}

// The end of a call that may have been the first.
void end_first(TemplateState& state, bool well) {
  const std::lock_guard lock(state.mutex);
  state.first_call = !well;
  state.variables_created = state.variables_created || well;
}

std::pair<Context, VariableScope> open_first(const TemplateState& state) {
  const VariableScopeOptions options{.default_name = state.name,
                                     .custom_getter = state.options.custom_getter};
  return enter_variable_scope(state.options.unique_name, options, state.made_at);
}

void keep_scope(TemplateState& state, const VariableScope& scope) {
  const std::lock_guard lock(state.mutex);
  if (!state.scope) state.scope = scope;
}

}  // namespace

TemplateState& TemplateBase::state() const {
  internal::require<FailedPreconditionError>(
      state_ != nullptr, ErrorKind::closed,
      "Use of a template that was moved from: it is no template any more");
  return *state_;
}

TemplateBase::TemplateBase(std::string_view name, const TemplateOptions& options, Location where)
    : state_(std::make_shared<TemplateState>()) {
  state_->name = name;
  state_->options = options;
  state_->made_at = where;
  if (!options.create_scope_now) return;
  state_->scope = internal::enter_pure_variable_scope(options.unique_name.value_or(state_->name),
                                                      !options.unique_name, options.custom_getter)
                      .second;
}

void TemplateBase::call(const std::function<void()>& function) const {
  TemplateState& state = this->state();
  VariableScope scope;
  bool first = false, created = false;
  {
    const std::lock_guard lock(state.mutex);
    scope = state.scope;
    created = state.variables_created;
    first = std::exchange(state.first_call, false);
  }
  try {
    auto [context, entered] =
        scope ? enter_variable_scope(scope, {.reuse = !first}, state.made_at) : open_first(state);
    if (!scope) keep_scope(state, entered);
    if (created) {
      call_again(function);
    } else {
      function();  // not first: inside the first call, or beside it on another thread
    }
  } catch (Error& error) {
    if (first) end_first(state, false);
    error.add_context(
        str(" In template '", state.name, "', originally defined at ", state.made_at, "."));
    throw;
  } catch (...) {
    if (first) end_first(state, false);
    throw;
  }
  if (first) end_first(state, true);
}

const std::string& TemplateBase::name() const { return state().name; }

VariableScope TemplateBase::variable_scope() const {
  const std::lock_guard lock(state().mutex);
  return state_->scope;
}

std::string TemplateBase::variable_scope_name() const {
  const VariableScope scope = variable_scope();
  if (!scope || scope.name().empty() || scope.name().ends_with('/')) {
    return scope ? scope.name() : std::string();
  }
  return scope.name() + "/";
}

std::vector<Variable> TemplateBase::below(std::string_view key) const {
  {
    const std::lock_guard lock(state().mutex);
    if (!state_->variables_created) return {};
  }
  return get_collection<Variable>(key, variable_scope_name());
}

std::vector<Variable> TemplateBase::variables() const {
  std::vector<Variable> all = global_variables();
  const std::vector<Variable> local = local_variables();
  all.insert(all.end(), local.begin(), local.end());
  return all;
}
std::vector<Variable> TemplateBase::global_variables() const {
  return below(GraphKeys::GLOBAL_VARIABLES);
}
std::vector<Variable> TemplateBase::local_variables() const {
  return below(GraphKeys::LOCAL_VARIABLES);
}
std::vector<Variable> TemplateBase::trainable_variables() const {
  return below(GraphKeys::TRAINABLE_VARIABLES);
}
std::vector<Variable> TemplateBase::non_trainable_variables() const {
  const std::vector<Variable> trainable = trainable_variables();
  std::vector<Variable> rest = global_variables();
  std::erase_if(rest, [&](const Variable& variable) {
    return std::find(trainable.begin(), trainable.end(), variable) != trainable.end();
  });
  return rest;
}

}  // namespace tenon
