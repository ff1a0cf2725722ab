// The free functions that write variables: tenon/state_ops.h.
#include "tenon/state_ops.h"

#include <initializer_list>
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/node.h"
#include "core/variables/write_parts.h"

namespace tenon {
namespace {

using internal::add_output;
using internal::AttrMap;
using internal::CallerLine;
using internal::InputList;
using internal::str;

// The variable that a write's answer refers to; any other output is itself.
Output written_variable(Output answer) {
  while (answer && !answer.op().node()->def->writes.empty() && answer.op().input_count() > 0) {
    answer = answer.op().input(0);
  }
  return answer;
}

// A write of a reference variable; of what a write answered, a write of its variable after it.
Output write_reference(const Ref& ref, const char* type, std::initializer_list<Input> arguments,
                       const AttrMap& attrs, const std::string& name, Location where) {
  const CallerLine line(where);
  const Output variable = written_variable(ref.endpoint());
  Context after;
  if (!(variable == ref.endpoint())) after = enter_control_dependencies({ref.endpoint()});
  std::vector<InputList> inputs = {variable};
  for (const Input& argument : arguments) inputs.emplace_back(argument);
  return add_output(type, inputs, {.name = name, .attrs = attrs, .where = where});
}

bool is_resource(const Ref& ref) { return ref.is_variable() && ref.variable().is_resource(); }

// A write of a resource variable, and what it then is.
Output write_resource(const Variable& variable, const std::string& type, const Input& indices,
                      const Input& updates, const std::string& name, Location where) {
  const Output values = internal::as_output(updates, "Const", variable.dtype());
  const Operation write = internal::add_operation(type, {variable.handle(), indices, values},
                                                  {.name = name, .attrs = {}, .where = where});
  const ScopeGuard after = control_dependencies({write});
  return add_output(
      "ReadVariableOp", {variable.handle()},
      {.attrs = {{"dtype", variable.dtype()}}, .shape = variable.shape(), .where = where});
}

Output scatter(const Ref& ref, const char* kind, const Input& indices, const Input& updates,
               const UpdateOptions& options, Location where) {
  const CallerLine line(where);
  if (is_resource(ref)) {
    return write_resource(ref.variable(), str("Resource", kind), indices, updates, options.name,
                          where);
  }
  return write_reference(ref, kind, {indices, updates}, {{"use_locking", options.use_locking}},
                         options.name, where);
}

// The same of rows, which a partitioned variable has as well.
Output scatter_rows(const Ref& ref, const char* kind, const Input& indices, const Input& updates,
                    const UpdateOptions& options, Location where) {
  if (!ref.is_variable() || !ref.variable().is_partitioned()) {
    return scatter(ref, kind, indices, updates, options, where);
  }
  const CallerLine line(where);
  return internal::scatter_parts(
      *ref.variable().state(), indices, updates,
      [&](const Variable& part, const Input& part_indices, const Input& part_updates) {
        return scatter(part, kind, part_indices, part_updates, options, where);
      });
}

}  // namespace

Output assign(const Ref& ref, const Input& value, const AssignOptions& options, Location where) {
  if (is_resource(ref)) return ref.variable().assign(value, {.name = options.name}, where);
  return write_reference(
      ref, "Assign", {value},
      {{"use_locking", options.use_locking}, {"validate_shape", options.validate_shape}},
      options.name, where);
}

Output assign_add(const Ref& ref, const Input& value, const UpdateOptions& options,
                  Location where) {
  if (is_resource(ref)) return ref.variable().assign_add(value, {.name = options.name}, where);
  return write_reference(ref, "AssignAdd", {value}, {{"use_locking", options.use_locking}},
                         options.name, where);
}

Output assign_sub(const Ref& ref, const Input& value, const UpdateOptions& options,
                  Location where) {
  if (is_resource(ref)) return ref.variable().assign_sub(value, {.name = options.name}, where);
  return write_reference(ref, "AssignSub", {value}, {{"use_locking", options.use_locking}},
                         options.name, where);
}

Output scatter_update(const Ref& ref, const Input& indices, const Input& updates,
                      const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterUpdate", indices, updates, options, where);
}
Output scatter_add(const Ref& ref, const Input& indices, const Input& updates,
                   const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterAdd", indices, updates, options, where);
}
Output scatter_sub(const Ref& ref, const Input& indices, const Input& updates,
                   const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterSub", indices, updates, options, where);
}
Output scatter_mul(const Ref& ref, const Input& indices, const Input& updates,
                   const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterMul", indices, updates, options, where);
}
Output scatter_div(const Ref& ref, const Input& indices, const Input& updates,
                   const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterDiv", indices, updates, options, where);
}
Output scatter_min(const Ref& ref, const Input& indices, const Input& updates,
                   const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterMin", indices, updates, options, where);
}
Output scatter_max(const Ref& ref, const Input& indices, const Input& updates,
                   const UpdateOptions& options, Location where) {
  return scatter_rows(ref, "ScatterMax", indices, updates, options, where);
}
Output scatter_nd_update(const Ref& ref, const Input& indices, const Input& updates,
                         const UpdateOptions& options, Location where) {
  return scatter(ref, "ScatterNdUpdate", indices, updates, options, where);
}
Output scatter_nd_add(const Ref& ref, const Input& indices, const Input& updates,
                      const UpdateOptions& options, Location where) {
  return scatter(ref, "ScatterNdAdd", indices, updates, options, where);
}
Output scatter_nd_sub(const Ref& ref, const Input& indices, const Input& updates,
                      const UpdateOptions& options, Location where) {
  return scatter(ref, "ScatterNdSub", indices, updates, options, where);
}

}  // namespace tenon
