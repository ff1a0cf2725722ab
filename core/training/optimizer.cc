#include <algorithm>
#include <set>
#include <unordered_set>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/training/slots.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/gradients.h"
#include "tenon/math_ops.h"
#include "tenon/optimizer.h"

namespace tenon::train {

using internal::fail;
using internal::require;
using internal::SlotTable;
using internal::str;

namespace {

void require_floating(DType dtype, const std::string& name) {
  require<ValueError>(is_floating(dtype), ErrorKind::dtype_incompatible, "Invalid type ",
                      to_string(dtype), " for ", name,
                      ", expected one of float16, bfloat16, float32, float64: only what is "
                      "floating can be trained.");
}

bool is_sparse(const Output& gradient) { return gradient.op().type() == "_IndexedSlices"; }

std::string names_of(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables) {
    names.push_back(str(variable.name(), " (made at ", variable.made_at(), ")"));
  }
  return internal::join(names);
}

std::vector<Variable> variables_of(const GradientsAndVariables& pairs) {
  std::vector<Variable> variables;
  for (const GradientAndVariable& pair : pairs) variables.push_back(pair.variable);
  return variables;
}

bool has_gradient(const GradientsAndVariables& pairs) {
  return std::any_of(pairs.begin(), pairs.end(),
                     [](const GradientAndVariable& pair) { return bool(pair.gradient); });
}

// Makes each dense gradient wait for all the others.
void gate(std::vector<Output>& gradients) {
  std::vector<Output*> dense;
  std::vector<Output> values;
  for (Output& gradient : gradients) {
    if (!gradient || is_sparse(gradient)) continue;
    dense.push_back(&gradient);
    values.push_back(gradient);
  }
  if (values.empty()) return;
  const std::vector<Output> gated = tuple(values);
  for (size_t i = 0; i < dense.size(); ++i) *dense[i] = gated[i];
}

std::vector<Variable> variables_to_train(const VarList& list) {
  std::vector<Variable> variables = list.is_given() ? list.variables() : trainable_variables();
  require<ValueError>(!variables.empty(), ErrorKind::no_gradient, "No variables to optimize.");
  return variables;
}

// What the gradient is taken by.
Ref differentiated(const Variable& variable) {
  return variable.is_tensor() ? Ref(variable.value()) : Ref(variable);
}

// Whether the loss is computed from any of the variables: asked before anything is made.
bool depends_on_any(const Output& loss, const std::vector<Variable>& variables) {
  std::vector<const internal::Node*> found = {loss.op().node()};
  std::unordered_set<const internal::Node*> seen(found.begin(), found.end());
  for (size_t i = 0; i < found.size(); ++i) {
    for (const internal::Endpoint& input : found[i]->inputs) {
      if (seen.insert(input.node).second) found.push_back(input.node);
    }
  }
  return std::any_of(variables.begin(), variables.end(), [&](const Variable& variable) {
    return seen.contains(differentiated(variable).endpoint().op().node());
  });
}

// All that can be wrong with the pairs, before anything is made.
void check(const GradientsAndVariables& pairs) {
  require<ValueError>(!pairs.empty(), ErrorKind::no_gradient, "No variables provided.");
  require<ValueError>(has_gradient(pairs), ErrorKind::no_gradient,
                      "No gradients provided for any variable: ", names_of(variables_of(pairs)),
                      ".");
  for (const auto& [gradient, variable] : pairs) {
    if (!gradient) continue;
    require<UnimplementedError>(!variable.is_tensor(), ErrorKind::bad_argument,
                                "Trying to update a tensor: ", variable.op().name(),
                                " is made by a custom getter. Train the variables that it is made "
                                "of: name them in var_list.");
    require<RuntimeError>(!is_sparse(gradient) || !variable.constraint(), ErrorKind::bad_constraint,
                          "Cannot use a constraint function on a sparse variable: ",
                          variable.name(), " has a constraint, and is read by gather.");
    // Of resource variables the operations say it, as TensorFlow's do.
    require<ValueError>(
        variable.is_resource() || gradient.shape().compatible_with(variable.shape()),
        ErrorKind::shape_incompatible, "The gradient ", gradient.name(), " has shape ",
        gradient.shape(), ", its variable ", variable.name(), " shape ", variable.shape(), ".");
    require<TypeError>(gradient.dtype() == variable.dtype(), ErrorKind::dtype_incompatible,
                       "The gradient ", gradient.name(), " is ", to_string(gradient.dtype()),
                       ", its variable ", variable.name(), " is ", to_string(variable.dtype()),
                       ".");
  }
}

// Counts the global step up, once `updates` has run.
Operation count_up(const Variable& global_step, const Operation& updates, const std::string& name) {
  auto after = control_dependencies({updates});
  auto beside = colocate_with(global_step.op());
  if (global_step.is_resource()) {
    const Output one = internal::as_output(1, "Const", global_step.dtype());
    return internal::add_operation("AssignAddVariableOp", {global_step.handle(), one},
                                   {.name = name});
  }
  return global_step.assign_add(1, {.name = name}).op();
}

void add_to_train_ops(const Operation& op) {
  const auto list = get_collection_ref(GraphKeys::TRAIN_OP);
  const bool known = std::any_of(list->begin(), list->end(), [&](const std::any& item) {
    const auto* other = std::any_cast<Operation>(&item);
    return other != nullptr && *other == op;
  });
  if (!known) list->push_back(op);
}

}  // namespace

GradientsAndVariables zip(const ListOf<Output>& gradients, const ListOf<Variable>& variables) {
  require<ValueError>(gradients.size() == variables.size(), ErrorKind::bad_argument, "zip of ",
                      gradients.size(), " gradients and ", variables.size(), " variables");
  GradientsAndVariables pairs;
  for (size_t i = 0; i < gradients.size(); ++i) pairs.push_back({gradients[i], variables[i]});
  return pairs;
}

VarList::VarList(std::initializer_list<Variable> variables)
    : VarList(std::vector<Variable>(variables)) {}

VarList::VarList(const std::vector<Variable>& variables) : given_(true) {
  for (const Variable& variable : variables) {
    if (variable.is_partitioned()) {
      const std::vector<Variable> parts = variable.parts();
      variables_.insert(variables_.end(), parts.begin(), parts.end());
    } else {
      variables_.push_back(variable);
    }
  }
}

struct Optimizer::State {
  std::string name;
  bool use_locking;
  bool slots_ignore_reuse;
  std::set<std::string> slot_names;
  std::vector<SlotTable> tables;  // one a graph

  SlotTable* find(const Graph& graph) {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const SlotTable& table) { return table.is_of(graph); });
    return found == tables.end() ? nullptr : &*found;
  }
  SlotTable& table(const Graph& graph) {
    if (SlotTable* known = find(graph)) return *known;
    tables.erase(std::remove_if(tables.begin(), tables.end(),
                                [](const SlotTable& table) { return table.is_gone(); }),
                 tables.end());
    return tables.emplace_back(graph);
  }
};

Optimizer::Optimizer(std::string name, bool use_locking, bool slots_ignore_reuse)
    : state_(std::make_unique<State>(
          State{std::move(name), use_locking, slots_ignore_reuse, {}, {}})) {
  require<ValueError>(!state_->name.empty(), ErrorKind::bad_argument,
                      "Must specify the optimizer name");
}

Optimizer::~Optimizer() = default;

const std::string& Optimizer::get_name() const noexcept { return state_->name; }
bool Optimizer::use_locking() const noexcept { return state_->use_locking; }

Operation Optimizer::minimize(const Output& loss, const MinimizeOptions& options, Location where) {
  const internal::CallerLine line(where);
  const auto require_gradient = [&](bool found, const std::vector<Variable>& variables) {
    require<ValueError>(found, ErrorKind::no_gradient,
                        "No gradients provided for any variable, check your graph for ops that do "
                        "not support gradients, between variables ",
                        names_of(variables), " and loss ", loss.name(), " (made at ",
                        loss.op().made_at(), ").");
  };
  const std::vector<Variable> variables = variables_to_train(options.var_list);
  require_floating(loss.dtype(), loss.name());
  require_gradient(depends_on_any(loss, variables), variables);
  const GradientsAndVariables pairs =
      compute_gradients(loss, {.var_list = options.var_list,
                               .gate_gradients = options.gate_gradients,
                               .aggregation_method = options.aggregation_method,
                               .colocate_gradients_with_ops = options.colocate_gradients_with_ops,
                               .grad_loss = options.grad_loss});
  require_gradient(has_gradient(pairs), variables);
  return apply_gradients(pairs, {.global_step = options.global_step, .name = options.name});
}

GradientsAndVariables Optimizer::compute_gradients(const Output& loss,
                                                   const ComputeGradientsOptions& options,
                                                   Location where) {
  const internal::CallerLine line(where);
  const GateGradients gating = options.gate_gradients;
  require<ValueError>(gating == GateGradients::NONE || gating == GateGradients::OP ||
                          gating == GateGradients::GRAPH,
                      ErrorKind::bad_argument,
                      "gate_gradients must be one of GateGradients::NONE, OP and GRAPH, not ",
                      static_cast<int>(gating), ".");
  require_floating(loss.dtype(), loss.name());
  const bool starts =
      options.grad_loss && (options.grad_loss->is_output() || options.grad_loss->value());
  if (starts && options.grad_loss->is_output()) {
    require_floating(options.grad_loss->dtype(), options.grad_loss->name());
  }
  const std::vector<Variable> variables = variables_to_train(options.var_list);

  std::vector<Ref> targets;
  for (const Variable& variable : variables) {
    targets.push_back(differentiated(variable));
  }
  GradientsOptions how;
  if (starts) how.grad_ys = {*options.grad_loss};
  how.colocate_gradients_with_ops = options.colocate_gradients_with_ops;
  how.aggregation_method = options.aggregation_method;
  std::vector<Output> gradients = tenon::gradients({loss}, targets, how);
  if (gating == GateGradients::GRAPH) gate(gradients);

  GradientsAndVariables pairs;
  for (size_t i = 0; i < variables.size(); ++i) {
    if (gradients[i]) require_floating(variables[i].dtype(), variables[i].name());
    pairs.push_back({gradients[i], variables[i]});
  }
  return pairs;
}

Operation Optimizer::apply_gradients(const GradientsAndVariables& gradients,
                                     const ApplyGradientsOptions& options, Location where) {
  const internal::CallerLine line(where);
  check(gradients);
  std::vector<Variable> variables;
  for (const auto& [gradient, variable] : gradients) {
    if (gradient) variables.push_back(variable);
  }
  {
    auto nothing_before = control_dependencies(nullptr);
    create_slots(variables);
  }
  auto scope = name_scope(options.name.empty() ? get_name() : options.name, {});
  prepare();
  std::vector<Operation> updates;
  for (const GradientAndVariable& pair : gradients) {
    if (pair.gradient) updates.push_back(update(pair));
  }
  Operation train_op;
  if (options.global_step) {
    train_op = count_up(options.global_step, finish(updates, "update"), scope.name());
  } else {
    train_op = finish(updates, scope.name());
  }
  add_to_train_ops(train_op);
  return train_op;
}

// The update of one variable, and its constraint after that.
Operation Optimizer::update(const GradientAndVariable& pair) {
  const Output& gradient = pair.gradient;
  const Variable& variable = pair.variable;
  auto scope = name_scope("update_" + variable.op().name());
  auto beside = colocate_with(variable.op());
  if (is_sparse(gradient)) {
    return apply_sparse({gradient.op().input(0), gradient.op().input(1), gradient}, variable);
  }
  const Operation updated = apply_dense(gradient, variable);
  if (!variable.constraint()) return updated;
  auto after = control_dependencies({updated});
  const Output updated_value = variable.read_value();
  const auto constrained = [&] {
    const internal::ProgramRuns own_lines;
    return variable.constraint()(updated_value);
  };
  return variable.assign(constrained()).op();
}

Variable Optimizer::get_slot(const Variable& variable, std::string_view name) const {
  const SlotTable* table = state_->find(variable.graph());
  return table == nullptr ? Variable() : table->find(variable, name);
}

std::vector<std::string> Optimizer::get_slot_names() const {
  return {state_->slot_names.begin(), state_->slot_names.end()};
}

std::vector<Variable> Optimizer::variables() const {
  const SlotTable* table = state_->find(get_default_graph());
  std::vector<Variable> all = table == nullptr ? std::vector<Variable>() : table->all();
  std::sort(all.begin(), all.end(),
            [](const Variable& a, const Variable& b) { return a.name() < b.name(); });
  return all;
}

void Optimizer::create_slots(const std::vector<Variable>&) {}

void Optimizer::prepare() {}

Operation Optimizer::apply_sparse(const SparseGradient& gradient, const Variable& variable) {
  return apply_dense(gradient.dense, variable);
}

Operation Optimizer::finish(const std::vector<Operation>& updates, const std::string& name) {
  const std::vector<ControlInput> inputs(updates.begin(), updates.end());
  return group(inputs, {.name = name});
}

Variable Optimizer::zeros_slot(const Variable& variable, const std::string& slot_name,
                               const std::string& op_name) {
  SlotTable& table = state_->table(variable.graph());
  if (Variable known = table.find(variable, slot_name)) return known;
  Variable made = internal::create_zeros_slot(variable, op_name, state_->slots_ignore_reuse);
  table.add(variable, slot_name, made);
  state_->slot_names.insert(slot_name);
  return made;
}

Variable Optimizer::slot_with_initializer(const Variable& variable, const Initializer& initializer,
                                          const std::string& slot_name,
                                          const std::string& op_name) {
  SlotTable& table = state_->table(variable.graph());
  if (Variable known = table.find(variable, slot_name)) return known;
  Variable made = internal::create_slot(variable, initializer, op_name, state_->slots_ignore_reuse);
  table.add(variable, slot_name, made);
  state_->slot_names.insert(slot_name);
  return made;
}

Variable Optimizer::non_slot(const Input& initial_value, const std::string& name,
                             const Variable& colocate) {
  SlotTable& table = state_->table(colocate.graph());
  if (Variable known = table.find_non_slot(name)) return known;
  auto beside = colocate_with(colocate.op());
  const Variable made(initial_value,
                      {.name = name, .trainable = false, .use_resource = colocate.is_resource()});
  table.add_non_slot(name, made);
  return made;
}

Variable Optimizer::get_non_slot(std::string_view name) const {
  const SlotTable* table = state_->find(get_default_graph());
  return table == nullptr ? Variable() : table->find_non_slot(name);
}

Output Optimizer::as_scalar(const Input& argument, const std::string& name) {
  return internal::as_output(argument, name);
}

Output Optimizer::read(const Variable& variable, const Output& indices) {
  return indices ? gather(variable, indices) : variable.value();
}

Operation Optimizer::write(const Variable& variable, const Output& indices, const Output& value) {
  return (indices ? variable.scatter_update(indices, value) : variable.assign(value)).op();
}

Output Optimizer::cast_to(const Output& scalar, const Variable& variable) {
  return cast(scalar, variable.dtype());
}

}  // namespace tenon::train
