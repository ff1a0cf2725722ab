// Any bytes as a graph, and as a SavedModel's folder: what is read gives operations or an Error,
// and takes no more memory than 16 times the file. The last byte says which.
//
//   build/fuzz/fuzz_graph CORPUS samples/data/cifar tests/import/data
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz/allocations.h"
#include "fuzz/folder.h"
#include "tenon/error.h"
#include "tenon/graph.h"
#include "tenon/import_graph_def.h"
#include "tenon/saved_model.h"
#include "tenon/session.h"

namespace {

void read(char format, std::string_view bytes) {
  const tenon::Graph graph;
  const tenon::ScopeGuard as_default = graph.as_default();
  if ((format & 3) != 3) {
    tenon::import_graph_def_bytes(bytes, {.strict = (format & 3) == 1});
    return;
  }
  const bool text = (format & 4) != 0;
  for (const char* name : {"/saved_model.pb", "/saved_model.pbtxt"}) {
    std::filesystem::remove(folder() + name);
  }
  const std::string name = text ? "/saved_model.pbtxt" : "/saved_model.pb";
  std::ofstream(folder() + name, std::ios::binary) << bytes;
  tenon::Session session(graph);
  tenon::saved_model::load(session, {"serve"}, folder());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const fuzz::AllocationLimit limit(16, size);
  try {
    read(bytes.back(), bytes);
  } catch (const tenon::Error&) {  // NOLINT(bugprone-empty-catch): one of the two answers
  }
  return 0;
}
