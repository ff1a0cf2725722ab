// tenon graph: what is in a model that TensorFlow wrote, and whether Tenon runs it.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/graph_picture.h"
#include "tools/model.h"

namespace tenon::tool {

namespace {

std::string described(const Output& output) {
  std::string text(to_string(output.dtype()));
  return text + ' ' + output.shape().to_string();
}

int64_t bytes_of(DType dtype, const Shape& shape) {
  if (!shape.fully_defined()) return 0;
  return shape.element_count() * static_cast<int64_t>(size_of(dtype));
}

// name (Type) what it makes
void write_head(const Operation& op, std::ostream& out) {
  out << op.name() << " (" << op.type() << ')';
  for (int i = 0; i < op.output_count(); ++i) {
    out << (i == 0 ? " " : ", ") << described(op.output(i));
  }
}

// One line an operation: name (Type) what it makes <- what it takes.
void show(const Graph& graph, std::ostream& out) {
  for (const Operation& op : graph.operations()) {
    write_head(op, out);
    const char* separator = " <- ";
    for (int i = 0; i < op.input_count(); ++i) {
      out << separator << op.input(i).name();
      separator = ", ";
    }
    for (const Operation& control : op.control_inputs()) {
      out << separator << '^' << control.name();
      separator = ", ";
    }
    if (!op.device().empty()) out << " on " << op.device();
    out << '\n';
  }
}

// What takes nothing and must be fed, and what nobody takes.
void list_ends(const Graph& graph, std::ostream& out) {
  std::set<std::string> used;
  const std::vector<Operation> operations = graph.operations();
  for (const Operation& op : operations) {
    for (int i = 0; i < op.input_count(); ++i) used.insert(op.input(i).op().name());
    for (const Operation& control : op.control_inputs()) used.insert(control.name());
  }
  out << "Inputs:\n";
  for (const Operation& op : operations) {
    if (!op.type().starts_with("Placeholder")) continue;
    out << "  " << op.output(0).name() << ' ' << described(op.output(0)) << '\n';
  }
  out << "Outputs:\n";
  for (const Operation& op : operations) {
    if (used.contains(op.name())) continue;
    out << "  ";
    write_head(op, out);
    out << '\n';
  }
}

void list_signatures(const Model& model, std::ostream& out) {
  if (model.signatures().empty()) return;
  out << "Signatures:\n";
  for (const auto& [name, signature] : model.signatures()) {
    out << "  " << name << (signature.method.empty() ? "" : " (" + signature.method + ')') << '\n';
    for (const auto& [key, tensor] : signature.inputs) {
      out << "    takes " << key << ": " << tensor << '\n';
    }
    for (const auto& [key, tensor] : signature.outputs) {
      out << "    gives " << key << ": " << tensor << '\n';
    }
  }
}

void sum_up(const Model& model, std::ostream& out) {
  std::map<std::string, int64_t> counts;
  int64_t constants = 0, constant_bytes = 0, elements = 0, variable_bytes = 0;
  const std::vector<Operation> operations = model.graph().operations();
  for (const Operation& op : operations) {
    ++counts[op.type()];
    if (op.type() != "Const") continue;
    ++constants;
    constant_bytes += bytes_of(op.output(0).dtype(), op.output(0).shape());
  }
  const std::vector<Variable> variables = model.variables();
  for (const Variable& variable : variables) {
    const Shape shape = variable.shape();
    elements += shape.fully_defined() ? shape.element_count() : 0;
    variable_bytes += bytes_of(variable.dtype(), shape);
  }
  out << operations.size() << " operations of " << counts.size() << " types, " << constants
      << " constants of " << constant_bytes << " bytes, " << variables.size() << " variables of "
      << elements << " elements and " << variable_bytes << " bytes\n";
  std::vector<std::pair<std::string, int64_t>> rows(counts.begin(), counts.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [type, count] : rows) out << "  " << type << ' ' << count << '\n';
  list_ends(model.graph(), out);
  list_signatures(model, out);
}

// Whether Tenon runs all of it: what it lacks is said, or how much there is.
int check(ModelSource source, std::ostream& out) {
  source.strict = true;
  try {
    const Model model(source);
    out << "All " << model.graph().operations().size() << " operations are supported\n";
    return 0;
  } catch (const UnimplementedError& error) {
    out << error.what() << '\n';
    return 1;
  }
}

int freeze(const ModelSource& source, const std::string& out) {
  if (out.empty() || source.elements.empty()) {
    throw UsageError("freeze needs --output A,B and --out FILE");
  }
  Model model(source);
  const std::string frozen =
      graph_util::convert_variables_to_constants(model.session(), source.elements);
  std::ofstream file(out, std::ios::binary);
  if (!file.write(frozen.data(), static_cast<std::streamsize>(frozen.size())).flush()) {
    throw RuntimeError(ErrorKind::file_failed, "can't write " + out);
  }
  return 0;
}

}  // namespace

int graph(const std::vector<std::string>& all) {
  const Arguments arguments(
      all, {{"--checkpoint", 1}, {"--tags", 1}, {"--output", 1}, {"--out", 1}, {"--svg", 0}});
  arguments.require_words(2, "show, check, freeze, dot or summary, and MODEL");
  const std::string& action = arguments.words()[0];
  ModelSource source{.path = arguments.words()[1],
                     .checkpoint = arguments.value("--checkpoint"),
                     .elements = words_of(arguments.value("--output"))};
  if (arguments.has("--tags")) source.tags = words_of(arguments.value("--tags"));
  if (action == "check") return check(source, std::cout);
  if (action == "freeze") return freeze(source, arguments.value("--out"));
  if (action != "show" && action != "summary" && action != "dot") {
    throw UsageError("there is no action " + action);
  }
  const Model model(source);
  if (action == "show") show(model.graph(), std::cout);
  if (action == "summary") sum_up(model, std::cout);
  if (action == "dot") {
    (arguments.has("--svg") ? write_svg : write_dot)(model.graph(), std::cout);
  }
  return 0;
}

}  // namespace tenon::tool
