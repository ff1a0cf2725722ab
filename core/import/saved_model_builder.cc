// SavedModels on their way out.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/endpoint.h"
#include "core/graph/static_value.h"
#include "core/import/saved_model_names.h"
#include "core/io/file.h"
#include "core/io/meta_graph_def.h"
#include "core/saver/meta_graph_writer.h"
#include "core/saver/saved_variables.h"
#include "tenon/saved_model.h"
#include "tenon/saver.h"

namespace tenon::saved_model {

namespace {

using internal::joined_path;
using internal::require;
using internal::SignatureDef;
using internal::TensorInfo;

std::map<std::string, TensorInfo> infos_of(const std::map<std::string, Output>& tensors,
                                           const Graph& graph) {
  std::map<std::string, TensorInfo> infos;
  for (const auto& [name, tensor] : tensors) {
    require<ValueError>(tensor && tensor.graph() == graph, ErrorKind::bad_argument,
                        "The signature's tensor '", name, "' is not of the model's graph");
    infos[name] = {tensor.name(), tensor.dtype(), tensor.shape()};
  }
  return infos;
}

// Copies the file that a constant names; answers the copy's name. Another file of that name stays.
std::string copy_asset(const Output& asset, const std::string& folder) {
  const Tensor path = internal::constant_value(internal::endpoint_of(asset));
  require<ValueError>(path && path.dtype() == DType::string && path.element_count() == 1,
                      ErrorKind::bad_argument, "The asset '", asset.name(),
                      "' must be a constant that holds a file's path");
  const std::string& from = path.data<std::string>()[0];
  const std::string contents = internal::read_file(from), base = internal::name_of(from);
  const std::string assets = joined_path(folder, "assets");
  internal::make_folder(assets);
  std::string name = base;
  for (int number = 1; internal::file_exists(joined_path(assets, name)); ++number) {
    if (internal::read_file(joined_path(assets, name)) == contents) return name;
    name = internal::str(base, '_', number);
  }
  internal::write_file(joined_path(assets, name), contents);
  return name;
}

}  // namespace

Builder::Builder(std::string folder, Location where) : folder_(std::move(folder)) {
  const internal::CallerLine line(where);
  require<ValueError>(internal::names_in(folder_).empty(), ErrorKind::bad_argument,
                      "Export directory ", folder_, " already exists, and isn't empty");
}

void Builder::add_meta_graph_and_variables(Session& session, const std::vector<std::string>& tags,
                                           const MetaGraphOptions& options, Location where) {
  const internal::CallerLine line(where);
  require<ValueError>(!has_variables_, ErrorKind::bad_argument,
                      "The model has its variables already: add_meta_graph adds further graphs");
  const Graph graph = session.graph();
  const ScopeGuard as_default = graph.as_default();
  add(graph, tags, options);
  const std::string variables = joined_path(folder_, "variables");
  internal::make_folder(variables);
  train::Saver({.allow_empty = true})
      .save(session, joined_path(variables, "variables"),
            {.write_meta_graph = false, .write_state = false});
  has_variables_ = true;
}

void Builder::add_meta_graph(const Graph& graph, const std::vector<std::string>& tags,
                             const MetaGraphOptions& options, Location where) {
  const internal::CallerLine line(where);
  require<ValueError>(has_variables_, ErrorKind::bad_argument,
                      "add_meta_graph_and_variables comes before add_meta_graph");
  const ScopeGuard as_default = graph.as_default();
  add(graph, tags, options);
}

// The graph is the default one.
void Builder::add(const Graph& graph, const std::vector<std::string>& tags,
                  const MetaGraphOptions& options) {
  const auto saved = internal::saved_variables(internal::all_saveable_variables());
  internal::MetaGraphParts parts{.saved = &saved, .clear_devices = options.clear_devices};
  parts.besides.tags = tags;
  for (const auto& [name, signature] : options.signatures) {
    parts.besides.signatures[name] = {infos_of(signature.inputs, graph),
                                      infos_of(signature.outputs, graph), signature.method};
  }
  if (options.main_op) {
    const std::string name = options.main_op.name();
    parts.besides.nodes[internal::kMainOp] = {name};
    parts.besides.signatures[internal::kInitSignature].outputs[internal::kInitSignature] = {
        .name = name};
  }
  for (const Output& asset : options.assets) {
    parts.besides.assets[asset.name()] = copy_asset(asset, folder_);
  }
  graphs_.push_back(internal::encode_meta_graph(*graph.state(), parts));
}

std::string Builder::save(Location where) {
  const internal::CallerLine line(where);
  std::string path = joined_path(folder_, internal::kSavedModelFile);
  internal::make_folder(folder_);
  internal::write_file(path, internal::encode_saved_model(graphs_));
  return path;
}

void simple_save(Session& session, const std::string& folder,
                 const std::map<std::string, Output>& inputs,
                 const std::map<std::string, Output>& outputs, const Operation& main_op,
                 Location where) {
  const internal::CallerLine line(where);
  Builder builder(folder);
  builder.add_meta_graph_and_variables(
      session, {"serve"},
      {.signatures = {{"serving_default", {.inputs = inputs, .outputs = outputs}}},
       .main_op = main_op});
  builder.save();
}

}  // namespace tenon::saved_model
