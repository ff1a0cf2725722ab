#include "tenon/saved_model.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/import/graph_file.h"
#include "core/import/meta_graph.h"
#include "core/import/reading.h"
#include "core/import/saved_model_names.h"
#include "core/io/file.h"
#include "core/io/meta_graph_def.h"
#include "tenon/collections.h"

namespace tenon::saved_model {

namespace {

using internal::joined_path;
using internal::MetaGraphDef;

// The MetaGraph of exactly these tags.
MetaGraphDef read_model(const std::string& path, const std::vector<std::string>& tags) {
  const internal::GraphFile file(path, internal::TextGraph::kSavedModel);
  std::vector<std::string> there;
  auto found =
      internal::reading(path, file.bytes(), "SavedModel", [&]() -> std::optional<MetaGraphDef> {
        for (const std::string_view bytes : internal::decode_saved_model(file.bytes())) {
          MetaGraphDef graph = internal::decode_meta_graph_def(bytes);
          if (std::set<std::string>(graph.tags.begin(), graph.tags.end()) ==
              std::set<std::string>(tags.begin(), tags.end())) {
            return graph;
          }
          there.push_back('{' + internal::join(graph.tags) + '}');
        }
        return std::nullopt;
      });
  if (found) return std::move(*found);
  if (there.empty()) internal::fail_reading(path, file.bytes(), "SavedModel", "it has no graph");
  internal::fail<ValueError>(ErrorKind::bad_argument, "MetaGraphDef associated with tags {",
                             internal::join(tags), "} could not be found in SavedModel ", path,
                             ": it has those of ", internal::join(there));
}

std::map<std::string, std::string> names_of(
    const std::map<std::string, internal::TensorInfo>& tensors) {
  std::map<std::string, std::string> names;
  for (const auto& [name, tensor] : tensors) names[name] = tensor.name;
  return names;
}

// The operation that the model initialises itself with, its assets fed to it.
void initialize(Session& session, const MetaGraphDef& file, const std::string& folder,
                const std::string& scope) {
  Feeds assets;
  const std::string prefix = scope.empty() ? "" : scope + '/';
  for (const auto& [tensor, name] : file.assets) {
    const std::string path = joined_path(joined_path(folder, "assets"), name);
    assets.push_back({session.graph().tensor(prefix + tensor), Tensor(path)});
  }
  const auto own = file.signatures.find(std::string(internal::kInitSignature));
  if (own != file.signatures.end()) {
    for (const auto& [name, op] : own->second.outputs) session.run(prefix + op.name, assets);
    return;
  }
  for (const char* key : {internal::kMainOp, "legacy_init_op"}) {
    for (const Operation& op : get_collection<Operation>(key)) session.run(op, assets);
  }
}

}  // namespace

LoadedModel load(Session& session, const std::vector<std::string>& tags, const std::string& folder,
                 const train::ImportMetaGraphOptions& options, Location where) {
  const internal::CallerLine line(where);
  const bool is_file = internal::name_of(folder).starts_with(internal::kSavedModelFile) &&
                       !internal::folder_exists(folder);
  std::string path = is_file ? folder : joined_path(folder, internal::kSavedModelFile);
  if (!internal::file_exists(path) && internal::file_exists(path + "txt")) path += "txt";
  const MetaGraphDef file = read_model(path, tags);
  const Graph graph = session.graph();
  const ScopeGuard as_default = graph.as_default();
  train::ImportedMetaGraph imported = internal::add_meta_graph(file, path, options);
  const std::string home = is_file ? internal::folder_of(folder) : folder;
  const std::string variables = joined_path(joined_path(home, "variables"), "variables");
  if (internal::file_exists(variables + ".index")) imported.saver.restore(session, variables);
  initialize(session, file, home, options.import_scope);
  LoadedModel model{imported.saver, std::move(imported.elements), {}};
  for (const auto& [name, signature] : file.signatures) {
    if (name == internal::kInitSignature) continue;
    model.signatures[name] = {names_of(signature.inputs), names_of(signature.outputs),
                              signature.method};
  }
  return model;
}

}  // namespace tenon::saved_model
