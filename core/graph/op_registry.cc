#include <algorithm>

#include "core/base/check.h"
#include "core/graph/op_def.h"

namespace tenon::internal {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_dtype_name(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z';
}

// "name: T", "name: int32", "name: N * T", "name: list(T)", "name: Ref(T)"; a type attribute that
// starts in lower case ("dtype", "out_type") is told from a dtype by its being no dtype's name.
ArgDef parse_arg(const std::string& op, std::string_view text) {
  const size_t colon = text.find(':');
  require<ValueError>(colon != std::string_view::npos, ErrorKind::bad_argument, "Operation ", op,
                      " has an argument without a type: ", text);
  ArgDef arg{.name = std::string(trimmed(text.substr(0, colon)))};
  std::string_view type = trimmed(text.substr(colon + 1));
  if (const size_t star = type.find('*'); star != std::string_view::npos) {
    arg.number_attr = trimmed(type.substr(0, star));
    type = trimmed(type.substr(star + 1));
  }
  if (type.starts_with("Ref(") && type.ends_with(")")) {
    arg.is_ref = true;
    type = type.substr(4, type.size() - 5);
  }
  if (type.starts_with("list(") && type.ends_with(")")) {
    arg.lists_types = true;
    type = type.substr(5, type.size() - 6);
  }
  static constexpr std::string_view kAttributes[] = {"dtype",         "out_type",  "output_type",
                                                     "index_type",    "out_idx",   "elem_type",
                                                     "element_dtype", "shape_type"};
  const bool is_attribute =
      arg.lists_types || !is_dtype_name(type) ||
      std::find(std::begin(kAttributes), std::end(kAttributes), type) != std::end(kAttributes);
  if (is_attribute) {
    arg.type_attr = type;
  } else {
    arg.dtype = dtype_from_string(type);
  }
  return arg;
}

}  // namespace

void OpRegistry::add(OpDef def) {
  auto op = std::make_unique<RegisteredOp>(RegisteredOp{std::move(def), {}, {}});
  for (const std::string& input : op->inputs) op->input_args.push_back(parse_arg(op->name, input));
  for (const std::string& output : op->outputs) {
    op->output_args.push_back(parse_arg(op->name, output));
  }
  const std::string_view name = op->name;
  require<ValueError>(!ops_.contains(name), ErrorKind::bad_argument, "Operation ", name,
                      " is defined twice");
  ops_.emplace(name, std::move(op));
}

const RegisteredOp* OpRegistry::find(std::string_view name) const noexcept {
  const auto found = ops_.find(name);
  return found == ops_.end() ? nullptr : found->second.get();
}

std::vector<std::string> OpRegistry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, op] : ops_) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

const OpRegistry& OpRegistry::global() {
  static const OpRegistry* registry = [] {
    auto* filled = new OpRegistry;  // never destroyed: graphs may outlive statics
    register_all_ops(*filled);
    return filled;
  }();
  return *registry;
}

}  // namespace tenon::internal
