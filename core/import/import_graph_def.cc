#include "tenon/import_graph_def.h"

#include <string>

#include "core/import/graph_importer.h"
#include "core/import/reading.h"
#include "core/io/graph_def.h"
#include "core/io/mapped_file.h"

namespace tenon {

namespace {

ImportedElements import_from(std::string_view bytes, std::string_view what,
                             const ImportOptions& options) {
  return internal::reading(what, "graph of TensorFlow's", [&] {
    const internal::GraphDef file = internal::decode_graph_def(bytes);
    internal::GraphImporter importer(file, bytes.size(), options);
    return importer.add_to(internal::default_graph_state());
  });
}

}  // namespace

ImportedElements import_graph_def(const std::string& path, const ImportOptions& options) {
  const internal::MappedFile file(path);
  return import_from(file.bytes(), path, options);
}

ImportedElements import_graph_def_bytes(std::string_view bytes, const ImportOptions& options) {
  return import_from(bytes, "What was given", options);
}

}  // namespace tenon
