// What of the public API hands out a whole graph.
#include <mutex>
#include <string>
#include <utility>

#include "core/base/caller_line.h"
#include "core/export/graph_writer.h"
#include "core/io/file.h"
#include "tenon/file_writer.h"
#include "tenon/graph.h"

namespace tenon {

namespace {

std::string written(const Graph& graph, const internal::GraphWriterOptions& options) {
  const std::lock_guard lock(graph.state()->mutex);
  internal::GraphWriter writer(*graph.state(), options);
  writer.write();
  return writer.finish();
}

}  // namespace

std::string Graph::as_graph_def() const { return written(*this, {}); }

namespace summary {

FileWriter::FileWriter(std::string logdir, const Graph& graph, FileWriterOptions options,
                       Location where)
    : FileWriter(std::move(logdir), std::move(options), where) {
  add_graph(graph, 0, where);
}

void FileWriter::add_graph(const Graph& graph, int64_t global_step, Location where) {
  const tenon::internal::CallerLine line(where);
  add_event({.step = global_step, .graph_def = written(graph, {.keeps_own_types = true})}, where);
}

}  // namespace summary
}  // namespace tenon
