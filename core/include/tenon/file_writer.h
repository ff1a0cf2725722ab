// FileWriter: event files, which TensorBoard reads.
//
//   summary::FileWriter writer("run", get_default_graph());
//   writer.add_summary(session.run(merged), step);   // tenon/summary.h
//   writer.add_scalar("accuracy", right, step);
//
// Files are TensorFlow's (events.out.tfevents.<seconds>.<host>), one a writer; TensorBoard looks
// for them in the folder and those below it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/tensor.h"

namespace tenon {

class Graph;

namespace internal {
class EventFile;
}  // namespace internal

namespace summary {

// That a training began, was saved or ended: TensorBoard drops what a training that began again had
// written beyond its step.
struct SessionLog {
  enum class Status { START = 1, STOP = 2, CHECKPOINT = 3 };
  Status status = Status::START;
  std::string checkpoint_path = {};
  std::string msg = {};
};

struct Event {
  double wall_time = 0;  // seconds since 1970; 0: now
  int64_t step = 0;
  // One of the three.
  std::string summary = {};    // serialized
  std::string graph_def = {};  // serialized
  std::optional<SessionLog> session_log = {};
};

struct FileWriterOptions {
  double flush_secs = 120;           // what is added lies in memory no longer than until then
  std::string filename_suffix = {};  // behind the host's name
};

// Copies share the file, and may be used from several threads. What the system refuses throws as
// tenon/checkpoint.h says of files; after close(), adding throws RuntimeError (closed).
class TENON_API FileWriter {
 public:
  // The folder and the file are made with the first event.
  explicit FileWriter(std::string logdir, FileWriterOptions options = {},
                      Location where = Location::current());
  // The same, and add_graph.
  FileWriter(std::string logdir, const Graph& graph, FileWriterOptions options = {},
             Location where = Location::current());

  // Of a string, the value of a summary operation. Throws TypeError (dtype_incompatible) for
  // another tensor, ValueError (bad_argument) for more than one element.
  void add_summary(const Tensor& summary, int64_t global_step = 0,
                   Location where = Location::current());
  void add_scalar(std::string_view tag, float value, int64_t global_step = 0,
                  Location where = Location::current());
  // The graph as it is now. What TensorFlow has no operations for is in it by the name that it has
  // here.
  void add_graph(const Graph& graph, int64_t global_step = 0, Location where = Location::current());
  void add_session_log(const SessionLog& log, int64_t global_step = 0,
                       Location where = Location::current());
  void add_event(const Event& event, Location where = Location::current());

  // Puts all that was added into the file. Closing, and the death of the last copy, do so too; the
  // latter says nothing of failures.
  void flush(Location where = Location::current());
  void close(Location where = Location::current());
  const std::string& get_logdir() const;

 private:
  std::shared_ptr<internal::EventFile> file_;
};

}  // namespace summary
}  // namespace tenon
