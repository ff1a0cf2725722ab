// The operations of summaries, under TensorFlow's names, in their collections.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "tenon/collections.h"
#include "tenon/summary.h"

namespace tenon::summary {

namespace {

using internal::require;

// What names don't have becomes "_", and slashes at the beginning go.
std::string clean_tag(std::string_view name) {
  std::string clean;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '/' && clean.empty()) continue;
    clean += letter || c == '_' || c == '-' || c == '/' || c == '.' ? c : '_';
  }
  return clean;
}

// What is made of a name: the tag, and the operation's name, a scope.
struct Names {
  std::string tag, operation;
};

template <typename Make>
Output in_scope(std::string_view name, const std::string& family,
                const std::optional<std::vector<std::string>>& collections, const Make& make) {
  const std::string clean = clean_tag(name);
  const NameScope scope = name_scope(family.empty() ? clean : family + '/' + clean);
  const std::string tag = scope.name().substr(0, scope.name().size() - 1);
  const Output summary = make(Names{family.empty() ? tag : family + '/' + tag, scope.name()});
  add_to_collections(collections.value_or(std::vector{std::string(GraphKeys::SUMMARIES)}), summary);
  return summary;
}

Input tag_input(const Names& names, Location where) { return Input(Tensor(names.tag), where); }

}  // namespace

Output scalar(std::string_view name, Input tensor, const SummaryOptions& options) {
  const internal::CallerLine line(tensor.where());
  return in_scope(name, options.family, options.collections, [&](const Names& names) {
    return internal::add_output("ScalarSummary", {tag_input(names, tensor.where()), tensor},
                                {.name = names.operation, .where = tensor.where()});
  });
}

Output histogram(std::string_view name, Input values, const SummaryOptions& options) {
  const internal::CallerLine line(values.where());
  return in_scope(name, options.family, options.collections, [&](const Names& names) {
    return internal::add_output("HistogramSummary", {tag_input(names, values.where()), values},
                                {.name = names.operation, .where = values.where()});
  });
}

Output image(std::string_view name, Input tensor, const ImageOptions& options) {
  const internal::CallerLine line(tensor.where());
  require<ValueError>(options.max_outputs >= 1, ErrorKind::bad_argument,
                      "Attr 'max_images' of 'ImageSummary' Op passed ", options.max_outputs,
                      " less than minimum 1.");
  return in_scope(name, options.family, options.collections, [&](const Names& names) {
    return internal::add_output("ImageSummary", {tag_input(names, tensor.where()), tensor},
                                {.name = names.operation,
                                 .attrs = {{"max_images", options.max_outputs}},
                                 .where = tensor.where()});
  });
}

Output text(std::string_view name, Input tensor, const SummaryOptions& options) {
  const internal::CallerLine line(tensor.where());
  require<ValueError>(tensor.dtype() == string, ErrorKind::dtype_incompatible, "Expected tensor ",
                      tensor.is_output() ? tensor.name() : "that is given",
                      " to have dtype string, got ", tensor.dtype());
  return in_scope(name, options.family, options.collections, [&](const Names& names) {
    // SummaryMetadata{plugin_data{plugin_name: "text"}}
    const Input metadata(Tensor("\x0a\x06\x0a\x04text"), tensor.where());
    return internal::add_output("TensorSummaryV2",
                                {tag_input(names, tensor.where()), tensor, metadata},
                                {.name = names.operation, .where = tensor.where()});
  });
}

Output merge(const Inputs& inputs, const MergeOptions& options, Location where) {
  const internal::CallerLine line(where);
  const NameScope scope = name_scope(options.name.empty() ? "Merge" : options.name);
  const Output merged =
      internal::add_output("MergeSummary", {inputs}, {.name = options.name, .where = where});
  add_to_collections(options.collections, merged);
  return merged;
}

Output merge_all(std::string_view key, std::optional<std::string_view> scope, std::string_view name,
                 Location where) {
  const std::vector<Output> summaries =
      scope ? get_collection<Output>(key, *scope) : get_collection<Output>(key);
  if (summaries.empty()) return {};
  return merge(summaries, {.name = std::string(name)}, where);
}

}  // namespace tenon::summary
