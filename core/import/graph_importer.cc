#include "core/import/graph_importer.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/import/flow_adder.h"
#include "core/import/tensor_name.h"

namespace tenon::internal {

GraphImporter::GraphImporter(const GraphDef& file, size_t bytes, const ImportOptions& options,
                             const FunctionLibrary* functions)
    : file_(file),
      options_(options),
      links_(file, options.input_map),
      flow_(links_),
      functions_(file),
      adder_(file, bytes, options, links_, functions != nullptr ? *functions : functions_),
      required_(file.nodes.size(), options.strict),
      left_out_(file.nodes.size()) {
  if (!options.strict) find_required();
}

void GraphImporter::find_required() {
  std::vector<size_t> open;
  for (const std::string& element : options_.return_elements) {
    const size_t* node = links_.find(parse_tensor_name(element).node);
    if (node != nullptr) open.push_back(*node);
  }
  while (!open.empty()) {
    const size_t index = open.back();
    open.pop_back();
    if (required_[index]) continue;
    required_[index] = true;
    const std::vector<size_t> producers = links_.producers_of(index);
    open.insert(open.end(), producers.begin(), producers.end());
  }
}

void GraphImporter::leave_out_savers() {
  static constexpr std::array<std::string_view, 8> kSaverTypes = {
      "SaveV2", "RestoreV2",  "MergeV2Checkpoints", "ShardedFilename",
      "Save",   "SaveSlices", "RestoreSlice",       "Restore"};
  for (const size_t index : links_.inputs_first()) {
    const auto producers = links_.producers_of(index);
    left_out_[index] = std::find(kSaverTypes.begin(), kSaverTypes.end(), file_.nodes[index].op) !=
                           kSaverTypes.end() ||
                       std::any_of(producers.begin(), producers.end(),
                                   [this](size_t producer) { return left_out_[producer]; });
    if (left_out_[index]) required_[index] = false;
  }
}

ImportedElements GraphImporter::add_to(const std::shared_ptr<GraphState>& graph) {
  links_.check_mapped();
  for (const std::string& element : options_.return_elements) {
    require<ValueError>(links_.find(parse_tensor_name(element).node) != nullptr,
                        ErrorKind::bad_argument, "Requested return_element '", element,
                        "' not found in graph_def.");
  }
  check_required();
  find_left_out();
  const std::lock_guard lock(graph->mutex);
  const GraphState::Trial trial(*graph);
  FlowAdder(*graph, links_, flow_, adder_, {required_, left_out_}).add_all();
  for (size_t i = 0; i < file_.nodes.size(); ++i) {  // what is made later is named otherwise
    if (adder_.is_there(i)) graph->unique_absolute_name(adder_.full_name(file_.nodes[i].name));
  }
  return elements_of(*graph);
}

// What isn't supported, with all that hangs on it: nobody asked for it.
void GraphImporter::find_left_out() {
  std::vector<std::vector<size_t>> users(links_.size());
  std::vector<size_t> open;
  for (size_t i = 0; i < links_.size(); ++i) {
    if (required_[i]) continue;
    for (const size_t producer : links_.producers_of(i)) users[producer].push_back(i);
    Unsupported unsupported;
    adder_.check_support(i, unsupported);
    if (left_out_[i] || !unsupported.empty() || flow_.place(i).place == nullptr ||
        flow_.is_cyclic(i)) {
      open.push_back(i);
    }
  }
  while (!open.empty()) {
    const size_t index = open.back();
    open.pop_back();
    left_out_[index] = true;
    for (const size_t user : users[index]) {
      if (!left_out_[user]) open.push_back(user);
    }
  }
}

void GraphImporter::gather_unsupported(Unsupported& unsupported) const {
  for (size_t i = 0; i < file_.nodes.size(); ++i) {
    if (required_[i]) adder_.check_support(i, unsupported);
  }
}

void GraphImporter::check_required() const {
  Unsupported unsupported;
  gather_unsupported(unsupported);
  require<UnimplementedError>(unsupported.empty(), ErrorKind::no_kernel,
                              "The graph needs what Tenon doesn't have:", unsupported.to_string());
  for (size_t i = 0; i < file_.nodes.size(); ++i) {
    if (!required_[i]) continue;
    require<ValueError>(flow_.place(i).place != nullptr, ErrorKind::bad_argument,
                        "The graph's conditionals and loops can't be told: ", flow_.trouble_of(i));
    require<ValueError>(!flow_.is_cyclic(i), ErrorKind::bad_argument, "Node '", file_.nodes[i].name,
                        "' depends on itself, and no loop is there");
  }
}

ImportedElements GraphImporter::elements_of(GraphState& graph) const {
  ImportedElements elements;
  for (const std::string& element : options_.return_elements) {
    const TensorName name = parse_tensor_name(element);
    Node* node = added(name.node);
    require<ValueError>(node != nullptr, ErrorKind::inside_control_flow,
                        "Requested return_element '", element,
                        "' is part of a conditional or loop, and has no value outside");
    if (name.node.size() == element.size()) {
      elements.operations.push_back(graph.handle(node));
      continue;
    }
    if (const Output* output = adder_.stand_in(*links_.find(name.node), name.output)) {
      elements.outputs.push_back(*output);
      continue;
    }
    require<ValueError>(static_cast<size_t>(name.output) < node->output_dtypes.size(),
                        ErrorKind::bad_argument, "Requested return_element '", element,
                        "' not found in graph_def: the operation has ", node->output_dtypes.size(),
                        " outputs");
    elements.outputs.push_back(graph.handle(Endpoint{node, name.output}));
  }
  return elements;
}

}  // namespace tenon::internal
