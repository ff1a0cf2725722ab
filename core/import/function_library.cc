#include "core/import/function_library.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/op_def.h"
#include "core/import/attr_like.h"
#include "core/import/expansions.h"
#include "core/import/legacy_ops.h"
#include "core/io/function_def.h"

namespace tenon::internal {

namespace {

// Outputs of operations that Tenon makes of several of its own, or builds bodies of.
int output_of_other(std::string_view type, std::string_view output) {
  if (const Expansion* expansion = expansion_of(type)) return expansion->place_of(output);
  const bool is_second =
      (type == "Switch" && output == "output_true") || (type == "Merge" && output == "value_index");
  return is_second ? 1 : 0;
}

// Which of all outputs of a node the first of this name is.
int64_t first_output(const NodeDef& node, std::string_view output) {
  const RegisteredOp* op = OpRegistry::global().find(current_type(node.op));
  if (op == nullptr) return output_of_other(node.op, output);
  int64_t first = 0;
  for (const ArgDef& arg : op->output_args) {
    if (arg.name == output) return first;
    // Names of a list are one behind the other, as many as an attribute says.
    const std::string& counted_by = arg.lists_types ? arg.type_attr : arg.number_attr;
    AttrMap counts;
    if (const std::string_view* count = find_attr(node, counted_by)) {
      if (auto value = decode_attr_value(*count, like_of(*op, counted_by), 0))
        counts.set(counted_by, *value);
    }
    constexpr size_t kMost = std::numeric_limits<int>::max();  // outputs that names can tell
    const bool is_known = counts.has(counted_by) || !arg.is_list();
    first += is_known ? static_cast<int64_t>(std::min(arg.count(counts), kMost)) : 1;
  }
  return 0;
}

// Makes names of a function those of a graph.
class FunctionReader {
 public:
  FunctionReader(const FunctionDef& file, std::deque<std::string>& texts)
      : file_(file), texts_(texts) {
    for (const NodeDef& node : file.nodes) nodes_[node.name] = &node;
  }

  LibraryFunction read() {
    for (const std::string_view input : file_.inputs) function_.add_argument(input);
    for (NodeDef node : file_.nodes) {
      for (std::string_view& input : node.inputs) input = input_of(input);
      function_.graph.nodes.push_back(std::move(node));
    }
    for (const std::string_view output : file_.outputs) {
      const auto at = std::find_if(file_.returns.begin(), file_.returns.end(),
                                   [&](const auto& pair) { return pair.first == output; });
      function_.returns.push_back(at == file_.returns.end() ? std::string(output)
                                                            : tensor_of(at->second));
    }
    for (const std::string_view target : file_.targets) function_.targets.emplace_back(target);
    return std::move(function_);
  }

 private:
  std::string_view input_of(std::string_view input) {
    if (input.starts_with('^')) return input;
    if (function_.argument(input) >= 0) {
      function_.used.emplace(input);
      return input;
    }
    return texts_.emplace_back(tensor_of(input));
  }

  // "node:output:1" as "node:3".
  std::string tensor_of(std::string_view text) const {
    const size_t last = text.rfind(':');
    const size_t first = last == text.npos ? last : text.rfind(':', last - 1);
    if (first == text.npos) return std::string(text);
    const std::string_view name = text.substr(0, first);
    const char* const end = text.data() + text.size();
    int place = -1;
    const auto [stop, error] = std::from_chars(text.data() + last + 1, end, place);
    require<ValueError>(error == std::errc() && stop == end && place >= 0, ErrorKind::bad_argument,
                        "Function '", file_.name, "' takes '", text,
                        "', which is the name of no output");
    const auto node = nodes_.find(name);
    const int64_t begin =
        node == nodes_.end()
            ? 0
            : first_output(*node->second, text.substr(first + 1, last - first - 1));
    return str(name, ':', begin + place);
  }

  const FunctionDef& file_;
  std::deque<std::string>& texts_;
  std::unordered_map<std::string_view, const NodeDef*> nodes_;
  LibraryFunction function_;
};

}  // namespace

void LibraryFunction::add_argument(std::string_view name) {
  numbers_.emplace(name, static_cast<int>(arguments.size()));
  arguments.emplace_back(name);
}

int LibraryFunction::argument(std::string_view name) const {
  const auto at = numbers_.find(name);
  return at == numbers_.end() ? -1 : at->second;
}

FunctionLibrary::FunctionLibrary(const GraphDef& graph) {
  for (const FunctionDef& function : decode_library(graph.library)) {
    LibraryFunction read = FunctionReader(function, texts_).read();
    read.graph.producer = graph.producer;
    functions_.emplace(function.name, std::move(read));
  }
}

void FunctionLibrary::count_call(std::string_view name) const {
  constexpr size_t kMost = 100000;
  added_ += find(name)->graph.nodes.size() + 1;
  require<ValueError>(added_ <= kMost, ErrorKind::bad_argument,
                      "The graph's functions call one another so often that there would be more "
                      "than ",
                      kMost, " operations");
}

const LibraryFunction* FunctionLibrary::find(std::string_view name) const {
  const auto at = functions_.find(name);
  return at == functions_.end() ? nullptr : &at->second;
}

}  // namespace tenon::internal
