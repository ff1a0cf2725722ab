#include "tenon/import_graph_def.h"

#include <string>

#include "core/base/caller_line.h"
#include "core/import/graph_file.h"
#include "core/import/graph_importer.h"
#include "core/import/reading.h"
#include "core/io/graph_def.h"
#include "core/io/text_graph_def.h"

namespace tenon {

namespace {

constexpr const char* kKind = "graph of TensorFlow's";

ImportedElements import_from(std::string_view bytes, std::string_view what,
                             const ImportOptions& options) {
  return internal::reading(what, bytes, kKind, [&] {
    const internal::GraphDef file = internal::decode_graph_def(bytes);
    if (!internal::is_graph_def(file)) {
      internal::fail_reading(what, bytes, kKind, "it has nodes without a name or a type");
    }
    if (file.nodes.empty() && !internal::kind_of_file(bytes).empty()) {
      internal::fail_reading(what, bytes, kKind, "it has no nodes");
    }
    internal::GraphImporter importer(file, bytes.size(), options);
    return importer.add_to(internal::default_graph_state());
  });
}

}  // namespace

ImportedElements import_graph_def(const std::string& path, const ImportOptions& options,
                                  Location where) {
  const internal::CallerLine line(where);
  const internal::GraphFile file(path, internal::TextGraph::kGraphDef);
  return import_from(file.bytes(), path, options);
}

ImportedElements import_graph_def_bytes(std::string_view bytes, const ImportOptions& options,
                                        Location where) {
  const internal::CallerLine line(where);
  constexpr const char* what = "What was given";
  if (!internal::is_text_graph(bytes)) return import_from(bytes, what, options);
  return import_from(internal::bytes_of_text(bytes, internal::TextGraph::kGraphDef, what), what,
                     options);
}

}  // namespace tenon
