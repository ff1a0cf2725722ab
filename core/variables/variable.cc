// Variable: what a handle answers, and the operations that read and write a variable.
#include "tenon/variable.h"

#include <ostream>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/kernels/strided_slice.h"
#include "core/variables/make_variable.h"
#include "core/variables/variable_state.h"
#include "core/variables/write_parts.h"
#include "tenon/array_ops.h"
#include "tenon/state_ops.h"

namespace tenon {

using internal::add_output;
using internal::CallerLine;
using internal::fail;
using internal::require;
using internal::VariableState;
using Kind = VariableState::Kind;

namespace {

// The state behind a handle that may be used.
const VariableState& get(const Variable& variable) {
  require<ValueError>(variable.state() != nullptr, ErrorKind::bad_argument,
                      "Use of an empty Variable: it refers to no variable. So does what average() "
                      "and get_slot() answer of a variable that apply() or apply_gradients() was "
                      "not told of.");
  const VariableState& state = *variable.state();
  require<FailedPreconditionError>(!state.graph.expired(), ErrorKind::closed, "Variable ",
                                   state.name, " belongs to a graph that is gone");
  return state;
}

// The same, of a single variable: neither partitioned nor a tensor.
const VariableState& single(const Variable& variable, const char* asked) {
  const VariableState& state = get(variable);
  require<ValueError>(state.kind != Kind::partitioned, ErrorKind::bad_argument,
                      "Partitioned variable ", state.name, " has no ", asked,
                      " of its own: its parts() have");
  require<ValueError>(state.kind != Kind::tensor, ErrorKind::not_a_variable, "'", state.name,
                      "' is a tensor that a custom getter made, not a variable: it has no ", asked);
  return state;
}

// Where something is done with the variable; of a conversion, which can't tell, where it was made.
Location line_of(const VariableState& state, const Location& where) {
  return where.line != 0 ? where : state.made_at;
}

// What tf.cond makes of initialized_value: the question, its switches, the read, and the merge.
constexpr int64_t kOperationsOfCond = 9;

// What TensorFlow answers for a write of a resource variable: its value, read after the write.
Output read_after(const VariableState& state, const Operation& write, Location where) {
  const ScopeGuard after = control_dependencies({write});
  return add_output("ReadVariableOp", {state.handle},
                    {.attrs = {{"dtype", state.dtype}}, .shape = state.shape, .where = where});
}

void check_shape(const VariableState& state, const Shape& assigned) {
  require<ValueError>(state.shape.compatible_with(assigned), ErrorKind::shape_incompatible,
                      "Cannot assign value to variable '", state.name,
                      "': Shape mismatch. The variable shape ", state.shape,
                      ", and the assigned value shape ", assigned, " are incompatible.");
}

// AssignAdd, AssignSub and their resource kin.
Output update(const Variable& variable, const Input& delta, const char* verb,
              const OpOptions& options, Location where) {
  const CallerLine line(where);
  const VariableState& state = single(variable, verb);
  if (state.kind == Kind::reference) {
    return add_output(verb, {state.handle, delta},
                      {.name = options.name, .attrs = {{"use_locking", false}}, .where = where});
  }
  Operation write;
  {
    Context after;
    if (state.cached_value) {
      after = enter_control_dependencies({state.cached_value});
    }
    const Output value = internal::as_output(delta, "Const", state.dtype);
    write = internal::add_operation(
        internal::str(verb, "VariableOp"), {state.handle, value},
        {.name = options.name, .attrs = {{"dtype", state.dtype}}, .where = where});
  }
  return read_after(state, write, where);
}

}  // namespace

Variable::Variable(const InitialValue& initial_value, const VariableOptions& options,
                   Location where) {
  *this =
      internal::make_variable(internal::new_variable(initial_value, options, "Variable", where));
}

Variable Variable::from_tensor(Output tensor) {
  auto state = std::make_shared<VariableState>();
  state->kind = Kind::tensor;
  state->graph = tensor.op().state();
  state->name = tensor.name();
  state->dtype = tensor.dtype();
  state->shape = tensor.shape();
  state->made_at = tensor.op().made_at();
  state->read = std::move(tensor);
  return Variable(std::move(state));
}

bool Variable::operator==(const Variable& other) const noexcept {
  return state_ == other.state_ ||
         (is_tensor() && other.is_tensor() && state_->read == other.state_->read);
}

bool Variable::is_partitioned() const noexcept {
  return state_ != nullptr && state_->kind == Kind::partitioned;
}
bool Variable::is_tensor() const noexcept {
  return state_ != nullptr && state_->kind == Kind::tensor;
}
bool Variable::is_resource() const { return get(*this).kind == Kind::resource; }

const std::string& Variable::name() const { return get(*this).name; }

Operation Variable::op() const {
  return is_tensor() ? get(*this).read.op() : single(*this, "operation").handle.op();
}

DType Variable::dtype() const { return get(*this).dtype; }
Shape Variable::shape() const { return is_tensor() ? get(*this).read.shape() : get(*this).shape; }
std::string Variable::device() const { return op().device(); }
Graph Variable::graph() const { return Graph(get(*this).graph.lock()); }
Location Variable::made_at() const { return get(*this).made_at; }

bool Variable::trainable() const {
  return is_partitioned() ? get(*this).trainable : single(*this, "trainable").trainable;
}
const Constraint& Variable::constraint() const { return single(*this, "constraint").constraint; }
VariableSynchronization Variable::synchronization() const {
  return single(*this, "synchronization").synchronization;
}
VariableAggregation Variable::aggregation() const {
  return single(*this, "aggregation").aggregation;
}

Operation Variable::initializer() const {
  const VariableState& state = get(*this);
  require<ValueError>(
      state.kind == Kind::reference || state.kind == Kind::resource, ErrorKind::not_a_variable, "'",
      state.name, "' is ",
      state.kind == Kind::tensor ? "a tensor that a custom getter made" : "a partitioned variable",
      ", which has no initializer of its own");
  return state.initializer;
}
Output Variable::initial_value() const { return single(*this, "initial value").initial_value; }
Output Variable::handle() const { return single(*this, "handle").handle; }

Output Variable::graph_element() const {
  const VariableState& state = get(*this);
  if (state.kind == Kind::partitioned) return as_tensor();
  return state.kind == Kind::reference ? state.handle : state.read;
}

Output Variable::value(Location where) const {
  const VariableState& state = get(*this);
  if (state.kind == Kind::partitioned) return as_tensor(where);
  if (state.kind != Kind::resource) return state.read;
  if (state.cached_value) return state.cached_value;
  const CallerLine line(line_of(state, where));
  const Context nowhere = internal::enter_no_colocation();
  return internal::read_resource(*this);
}

Output Variable::read_value(Location where) const {
  const VariableState& state = single(*this, "read_value");
  const CallerLine line(where);
  if (state.kind == Kind::reference) {
    return add_output("Identity", {state.handle}, {.name = "read"});
  }
  Output value;
  {
    const Context names = enter_name_scope("Read").first;
    value = internal::read_resource(*this);
  }
  return add_output("Identity", {value});
}

Output Variable::is_initialized(Location where) const {
  const VariableState& state = single(*this, "is_initialized");
  return add_output(state.kind == Kind::reference ? "IsVariableInitialized" : "VarIsInitializedOp",
                    {state.handle}, {.where = where});
}

// As tf.cond(is_initialized, read_value, initial_value), whose result is named cond/Merge.
Output Variable::initialized_value(Location where) const {
  const VariableState& state = single(*this, "initialized_value");
  const CallerLine line(where);
  const std::lock_guard lock(state.graph.lock()->mutex);
  const Context init_scope = enter_control_dependencies(nullptr);  // tf.init_scope
  const NameScope names = name_scope("cond");
  state.graph.lock()->operations_saved += kOperationsOfCond - 1;
  return add_output(state.kind == Kind::reference ? "_InitializedValue" : "_InitializedResource",
                    {state.handle, state.initial_value},
                    {.name = "Merge", .attrs = {{"T", state.dtype}}});
}

Output Variable::assign(const Input& value, const OpOptions& options, Location where) const {
  const CallerLine line(where);
  if (is_partitioned()) {
    return internal::write_parts(get(*this), value, [&](const Variable& part, const Input& piece) {
      return part.assign(piece, options, where);
    });
  }
  const VariableState& state = single(*this, "assign");
  if (state.kind == Kind::reference) {
    return add_output("Assign", {state.handle, value},
                      {.name = options.name,
                       .attrs = {{"use_locking", false}, {"validate_shape", true}},
                       .where = where});
  }
  const Output assigned = internal::as_output(value, "Const", state.dtype);
  check_shape(state, assigned.shape());
  const Operation write = internal::add_operation(
      "AssignVariableOp", {state.handle, assigned},
      {.name = options.name,
       .attrs = {{"dtype", state.dtype},
                 {"validate_shape", state.validate_shape && state.shape.fully_defined()}},
       .where = where});
  return read_after(state, write, where);
}

Output Variable::assign_add(const Input& delta, const OpOptions& options, Location where) const {
  const CallerLine line(where);
  if (is_partitioned()) {
    return internal::write_parts(get(*this), delta, [&](const Variable& part, const Input& piece) {
      return part.assign_add(piece, options, where);
    });
  }
  return update(*this, delta, "AssignAdd", options, where);
}

Output Variable::assign_sub(const Input& delta, const OpOptions& options, Location where) const {
  const CallerLine line(where);
  if (is_partitioned()) {
    return internal::write_parts(get(*this), delta, [&](const Variable& part, const Input& piece) {
      return part.assign_sub(piece, options, where);
    });
  }
  return update(*this, delta, "AssignSub", options, where);
}

Output Variable::scatter_update(const Input& indices, const Input& updates,
                                const OpOptions& options, Location where) const {
  return tenon::scatter_update(*this, indices, updates, {.use_locking = true, .name = options.name},
                               where);
}
Output Variable::scatter_add(const Input& indices, const Input& updates, const OpOptions& options,
                             Location where) const {
  return tenon::scatter_add(*this, indices, updates, {.use_locking = false, .name = options.name},
                            where);
}
Output Variable::scatter_sub(const Input& indices, const Input& updates, const OpOptions& options,
                             Location where) const {
  return tenon::scatter_sub(*this, indices, updates, {.use_locking = false, .name = options.name},
                            where);
}

Output Variable::count_up_to(int64_t limit, const OpOptions& options, Location where) const {
  const VariableState& state = single(*this, "count_up_to");
  return add_output(
      state.kind == Kind::reference ? "CountUpTo" : "ResourceCountUpTo", {state.handle},
      {.name = options.name, .attrs = {{"limit", limit}, {"T", state.dtype}}, .where = where});
}

VariableSlice Variable::operator[](std::span<const Index> index) const {
  return {value()[index], *this};
}
VariableSlice Variable::operator[](const Index& index) const {
  return (*this)[std::span(&index, 1)];
}
VariableSlice Variable::operator[](std::initializer_list<Index> index) const {
  return (*this)[std::span(index.begin(), index.size())];
}

Output VariableSlice::assign(const Input& value, const OpOptions& options, Location where) const {
  const VariableState& state = single(variable_, "assignment to a slice");
  const internal::Node& read = *op().node();
  const bool is_reference = state.kind == Kind::reference;
  std::vector<internal::InputList> inputs = {state.handle};
  for (int i = 1; i < op().input_count(); ++i) inputs.emplace_back(op().input(i));
  inputs.emplace_back(is_reference ? value : internal::as_output(value, "Const", state.dtype));
  const std::string name = options.name.empty() ? read.name + "/_assign" : options.name;
  const Operation write = internal::add_operation(
      is_reference ? "StridedSliceAssign" : "ResourceStridedSliceAssign", inputs,
      {.name = name, .attrs = internal::strided_slice_masks(read.attrs), .where = where});
  return is_reference ? write.output(0) : read_after(state, write, where);
}

std::vector<Variable> Variable::parts() const {
  return is_partitioned() ? get(*this).parts : std::vector<Variable>{*this};
}
std::vector<int64_t> Variable::partitions() const { return get(*this).partitions; }
std::optional<Variable::SliceInfo> Variable::save_slice_info() const {
  return get(*this).slice_info;
}

Output Variable::as_tensor(Location where) const {
  const VariableState& state = get(*this);
  if (state.kind != Kind::partitioned) return value(where);
  const CallerLine line(line_of(state, where));
  const ScopeGuard at_once = control_dependencies(nullptr);
  if (state.parts.size() == 1) {
    const NameScope root = name_scope("");
    return add_output("Identity", {state.parts[0].value()}, {.name = state.name});
  }
  Output joined;
  {
    const NameScope names = name_scope(state.name + "/ConcatPartitions/");
    joined =
        concat(std::vector<Input>(state.parts.begin(), state.parts.end()), state.partition_axis());
  }
  const NameScope root = name_scope("");
  return add_output("Identity", {joined}, {.name = state.name});
}

std::ostream& operator<<(std::ostream& out, const Variable& variable) {
  if (!variable) return out << "<empty tenon::Variable>";
  return out << "<tenon::Variable '" << variable.name() << "' shape=" << variable.shape()
             << " dtype=" << variable.dtype() << '>';
}

std::string Ref::name() const { return is_variable() ? variable_.name() : output_.name(); }

}  // namespace tenon
