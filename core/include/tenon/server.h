// A cluster: jobs of tasks, each with devices, variables and containers of its own (tf.train.Server
// of TensorFlow 1), in one process or over several.
//
//   train::ClusterSpec cluster = {{"ps", {"ps0:2222", "ps1:2222"}}, {"worker", {"w0:2222"}}};
//   train::Server ps0(cluster, {.job_name = "ps", .task_index = 0});
//   train::Server ps1(cluster, {.job_name = "ps", .task_index = 1});
//   train::Server worker(cluster, {.job_name = "worker", .task_index = 0});
//   auto spread = device(train::replica_device_setter({.cluster = cluster.as_dict()}));
//   Variable w = get_variable("w", {.shape = {3}});        // on /job:ps/task:0
//   Session session({.target = worker.target()});          // sees the devices of all three
//
// Servers over equal ClusterSpecs are one cluster. Addresses are names; Tenon opens no port. Unless
// a protocol is asked for, its tasks are the threads of this process, and what is on two CPUs of
// the cluster is in one memory. With ServerOptions::protocol "mpi" each task is a process that
// mpirun has started (docs/cluster.md):
//
//   train::Server server(cluster, {.protocol = "mpi"});    // mpirun -n 3 program: three tasks
//   if (server.job_name() == "ps") return server.join();   // until the workers have stopped
//
// A variable belongs to the task that it is placed on, and is known there by its device, container,
// kind (reference or resource) and name. All sessions on the cluster, whichever server's target
// they were made on and whichever graph they run, see the same variable under the same name; it
// keeps its value when they are closed. Random operations and plans stay each session's own.
// Sessions without a target share nothing. Where graphs declare a variable differently: one of
// another dtype, or of a shape that doesn't fit the value that is there, can't be used
// (InvalidArgumentError, dtype_incompatible or shape_incompatible); initialising a resource
// variable gives it its new shape, as in TensorFlow.
//
// Runs of one session that share variables behave as if one came after the other, and so do runs
// of several sessions, except that a run whose shapes hang on values counts as two runs there. Over
// several processes a run is cut where it crosses tasks, and each part is a run of its own to other
// sessions: as workers in TensorFlow do, they train on variables that others write meanwhile.
//
// Thread-safety: everything here may be used from several threads at once.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/session.h"

namespace tenon::internal {
class ServerState;
}  // namespace tenon::internal

namespace tenon {

// Variables made in it live in this container of the task that they are placed on; the innermost
// counts, and "" is the task's own. Session::reset clears containers; variables of one name in two
// containers are two. It
// matters to sessions with a target alone. Throws ValueError
// (invalid_name) for characters other than letters, digits and "_.-/", the first one a letter, a
// digit or ".".
TENON_API ScopeGuard container(std::string_view name);
TENON_API Context enter_container(std::string_view name);

}  // namespace tenon

namespace tenon::train {

// The tasks of a cluster: for each job the addresses of its tasks, which are numbered from 0.
class TENON_API ClusterSpec {
 public:
  using Jobs = std::map<std::string, std::vector<std::string>>;

  ClusterSpec() = default;
  ClusterSpec(Jobs jobs) : jobs_(std::move(jobs)) {}
  ClusterSpec(std::initializer_list<Jobs::value_type> jobs) : jobs_(jobs) {}
  explicit operator bool() const noexcept { return !jobs_.empty(); }
  bool operator==(const ClusterSpec&) const = default;

  const Jobs& as_dict() const noexcept { return jobs_; }
  std::vector<std::string> jobs() const;  // sorted
  // Throw ValueError (bad_argument) for a job or task that the cluster doesn't have.
  int num_tasks(std::string_view job) const;
  const std::vector<std::string>& job_tasks(std::string_view job) const;
  const std::string& task_address(std::string_view job, int task) const;

 private:
  Jobs jobs_;
};

struct ServerOptions {
  std::string job_name = {};  // may be left out where the cluster has one job
  int task_index = -1;        // may be left out where that job has one task
  // "": the cluster's tasks are all in this process. "mpi": each is a process of its own, that
  // mpirun has started. Either all processes say which task they are, or none: then the first one
  // is the first task, in the order of the jobs' names and of the tasks in each.
  std::string protocol = {};
  // The task's devices: device_count, emulated_gpus, threads and the memory limits.
  SessionOptions config = {};
  bool start = true;  // false: by start()
  // Over several processes: how long a task may be silent before it counts as lost. Every process
  // says each second that it is there, whatever it computes.
  int lost_after_in_ms = 8000;
};

// One task of a cluster. It runs nothing itself: sessions run what is placed on its devices. One
// that was moved from throws FailedPreconditionError (closed).
class TENON_API Server {
 public:
  // Throws ValueError (bad_argument) where the job or task must be said, InvalidArgumentError
  // (bad_argument) for a job or task that the cluster doesn't have, and what start() throws. Over
  // several processes all of them throw what is wrong with one of them.
  explicit Server(const ClusterSpec& cluster, const ServerOptions& options = {});
  // Stops it.
  ~Server();
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;

  // A cluster of one task, "/job:localhost/task:0", with an address of its own.
  static Server create_local_server(const SessionOptions& config = {});

  // Opens the task's devices. Throws FailedPreconditionError (already_exists) when a server is
  // running at its address, InvalidArgumentError (bad_argument) when it was stopped. Over several
  // processes it waits until all of them start theirs, for config.operation_timeout_in_ms, and
  // throws InvalidArgumentError (bad_argument) where they don't fit each other: another number of
  // them than the cluster has tasks, two for one task, other ClusterSpecs, other builds of Tenon.
  void start();

  // What a session is given to run on the cluster: SessionOptions::target. A session waits for the
  // cluster's other tasks to start, for SessionOptions::operation_timeout_in_ms; then it throws
  // FailedPreconditionError (bad_argument) that names those which haven't.
  std::string target() const;
  const ClusterSpec& cluster() const;
  std::string job_name() const;
  int task_index() const;

  // Ends the task: its variables are gone. Of the sessions made before, those made on its target
  // throw RuntimeError (closed) from now on, the others in runs that use its devices or variables;
  // runs that have begun go on. A new server may take its place, for new sessions.
  void stop();
  // Waits until the server has been stopped, by another thread. Over several processes also until
  // all other tasks wait here, too, or have stopped (in TensorFlow it never returns, but here the
  // whole program is to end). Throws RuntimeError (closed) when one of them is lost.
  void join() const;

 private:
  internal::ServerState& usable() const;

  std::shared_ptr<internal::ServerState> state_;
};

}  // namespace tenon::train
