#include "core/io/file_kind.h"

#include <algorithm>
#include <protozero/exception.hpp>

#include "core/io/meta_graph_def.h"

namespace tenon::internal {

namespace {

constexpr std::string_view kIndexEnd = "\x57\xfb\x80\x8b\x24\x75\x47\xdb";  // of LevelDB's tables

template <typename IsOne>
bool reads_as(const IsOne& is_one) {
  try {
    return is_one();
  } catch (const protozero::exception&) {
    return false;
  }
}

bool holds_graph(std::string_view bytes) {
  const GraphDef graph = decode_graph_def(bytes);
  return !graph.nodes.empty() && is_graph_def(graph);
}

}  // namespace

bool is_graph_def(const GraphDef& graph) {
  return std::all_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const NodeDef& node) { return !node.name.empty() && !node.op.empty(); });
}

std::string_view kind_of_file(std::string_view bytes) {
  if (bytes.starts_with("\x89HDF")) return "an HDF5 file, which Keras reads";
  if (bytes.starts_with("PK\x03\x04")) return "a zip archive, as .npz files are";
  if (bytes.substr(std::min<size_t>(4, bytes.size())).starts_with("TFL3")) {
    return "a model of TensorFlow Lite";
  }
  if (bytes.ends_with(kIndexEnd)) return "a checkpoint, which train::Saver restores";
  if (reads_as([&] { return holds_graph(bytes); })) return "a graph, which import_graph_def reads";
  if (reads_as([&] { return holds_graph(decode_meta_graph_def(bytes).graph); })) {
    return "a MetaGraph, which train::import_meta_graph reads";
  }
  const auto is_saved_model = [&] {
    const auto graphs = decode_saved_model(bytes);
    return !graphs.empty() && holds_graph(decode_meta_graph_def(graphs[0]).graph);
  };
  return reads_as(is_saved_model) ? "a SavedModel, which saved_model::load reads" : "";
}

}  // namespace tenon::internal
