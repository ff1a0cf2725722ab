#include "tenon/export_meta_graph.h"

#include <string>

#include "core/base/caller_line.h"
#include "core/io/file.h"
#include "core/saver/meta_graph_writer.h"
#include "core/saver/saver_state.h"

namespace tenon::train {

std::string export_meta_graph(const std::string& path, const ExportMetaGraphOptions& options,
                              Location where) {
  const internal::CallerLine line(where);
  using internal::MetaGraphParts;
  const Saver saver = options.saver ? *options.saver : Saver({.allow_empty = true});
  MetaGraphParts parts = saver.state()->meta_graph_parts();
  parts.collections = options.collection_list;
  parts.clear_devices = options.clear_devices;
  std::string bytes = internal::encode_meta_graph(*internal::default_graph_state(), parts);
  if (!path.empty()) internal::write_file(path, bytes);
  return bytes;
}

std::string write_graph(const Graph& graph, const std::string& folder, const std::string& name,
                        Location where) {
  const internal::CallerLine line(where);
  std::string path = internal::joined_path(folder, name);
  internal::make_folder(folder);
  internal::write_file(path, graph.as_graph_def());
  return path;
}

}  // namespace tenon::train
