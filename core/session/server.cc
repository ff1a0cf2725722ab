// Server: a task of a cluster in this process, and resetting its containers.
#include "tenon/server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/container.h"
#include "core/session/devices.h"
#include "core/transport/in_process.h"

namespace tenon {

using internal::require;
using internal::TaskAddress;

// Shared by the handle and by who waits in join.
class internal::ServerState {
 public:
  ServerState(train::ClusterSpec cluster, TaskAddress where, SessionOptions config)
      : cluster_(std::move(cluster)), where_(std::move(where)), config_(std::move(config)) {}
  ~ServerState() { stop(); }

  void start() {
    std::lock_guard lock(mutex_);
    require<InvalidArgumentError>(!stopped_, ErrorKind::bad_argument, "The server of ",
                                  where_.device_prefix(),
                                  " was stopped; a new one can take its place");
    if (task_) return;
    auto task = std::make_shared<InProcessTask>(open_devices(config_, where_.device_prefix()));
    start_task(where_, task);
    task_ = std::move(task);
  }

  void stop() {
    std::lock_guard lock(mutex_);
    if (task_) stop_task(where_, *task_);
    task_.reset();
    stopped_ = true;
    stopping_.notify_all();
  }

  void join() {
    std::unique_lock lock(mutex_);
    stopping_.wait(lock, [this] { return stopped_; });
  }

  const train::ClusterSpec& cluster() const { return cluster_; }
  const TaskAddress& where() const { return where_; }

 private:
  train::ClusterSpec cluster_;
  TaskAddress where_;
  SessionOptions config_;
  std::mutex mutex_;  // of what follows
  std::condition_variable stopping_;
  std::shared_ptr<InProcessTask> task_;
  bool stopped_ = false;
};

namespace train {

std::vector<std::string> ClusterSpec::jobs() const {
  std::vector<std::string> names;
  for (const auto& [job, tasks] : jobs_) names.push_back(job);
  return names;
}

const std::vector<std::string>& ClusterSpec::job_tasks(std::string_view job) const {
  const auto found = jobs_.find(std::string(job));
  require<ValueError>(found != jobs_.end(), ErrorKind::bad_argument, "No such job in cluster: '",
                      job, "'. Its jobs are ", internal::join(jobs()));
  return found->second;
}

int ClusterSpec::num_tasks(std::string_view job) const {
  return static_cast<int>(job_tasks(job).size());
}

const std::string& ClusterSpec::task_address(std::string_view job, int task) const {
  const std::vector<std::string>& tasks = job_tasks(job);
  require<ValueError>(task >= 0 && task < num_tasks(job), ErrorKind::bad_argument,
                      "No task with index ", task, " in job '", job, "', which has ", tasks.size());
  return tasks[static_cast<size_t>(task)];
}

namespace {

TaskAddress task_of(const ClusterSpec& cluster, const ServerOptions& options) {
  TaskAddress where{cluster.as_dict(), options.job_name, options.task_index};
  if (where.job.empty()) {
    require<ValueError>(where.cluster.size() == 1, ErrorKind::bad_argument,
                        "Must specify an explicit `job_name`: the cluster has ",
                        where.cluster.size(), " jobs");
    where.job = where.cluster.begin()->first;
  }
  const auto job = where.cluster.find(where.job);
  require<InvalidArgumentError>(job != where.cluster.end(), ErrorKind::bad_argument, "Job \"",
                                where.job, "\" was not defined in cluster; its jobs are ",
                                internal::join(cluster.jobs()));
  const auto count = static_cast<int>(job->second.size());
  if (where.index < 0) {
    require<ValueError>(count == 1, ErrorKind::bad_argument,
                        "Must specify an explicit `task_index`: job \"", where.job, "\" has ",
                        count, " tasks");
    where.index = 0;
  }
  require<InvalidArgumentError>(where.index < count, ErrorKind::bad_argument, "Task ", where.index,
                                " was not defined in job \"", where.job, "\", which has ", count);
  return where;
}

}  // namespace

Server::Server(const ClusterSpec& cluster, const ServerOptions& options)
    : state_(std::make_shared<internal::ServerState>(cluster, task_of(cluster, options),
                                                     options.config)) {
  if (options.start) start();
}

internal::ServerState& Server::usable() const {
  require<FailedPreconditionError>(state_ != nullptr, ErrorKind::closed,
                                   "Use of a Server that was moved from: it is no server any more");
  return *state_;
}

Server::~Server() {
  if (state_) stop();
}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
  if (state_ && this != &other) stop();
  state_ = std::move(other.state_);
  return *this;
}

Server Server::create_local_server(const SessionOptions& config) {
  static std::atomic<int> count{0};
  const ClusterSpec cluster = {{"localhost", {internal::str("local:", ++count)}}};
  return Server(cluster, {.config = config});
}

void Server::start() { usable().start(); }
void Server::stop() { usable().stop(); }
void Server::join() const {
  usable();
  const std::shared_ptr<internal::ServerState> state = state_;
  state->join();
}
std::string Server::target() const { return usable().where().target(); }
const ClusterSpec& Server::cluster() const { return usable().cluster(); }
std::string Server::job_name() const { return usable().where().job; }
int Server::task_index() const { return usable().where().index; }

}  // namespace train

Context enter_container(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
  };
  const auto is_allowed = [&](char c) { return is_plain(c) || c == '_' || c == '-' || c == '/'; };
  require<ValueError>(
      name.empty() || (is_plain(name[0]) && std::all_of(name.begin(), name.end(), is_allowed)),
      ErrorKind::invalid_name, "container contains invalid characters: '", name,
      "'. It must match [A-Za-z0-9.][A-Za-z0-9_.\\-/]*");
  std::shared_ptr<internal::GraphState> graph = internal::default_graph_state();
  std::string before =
      std::exchange(internal::ContainerInForce::of(*graph).name, std::string(name));
  return Context([graph, before = std::move(before)] {
    internal::ContainerInForce::of(*graph).name = before;
  });
}

ScopeGuard container(std::string_view name) { return ScopeGuard(enter_container(name)); }

void Session::reset(std::string_view target, std::vector<std::string> containers) {
  internal::reset(target, std::move(containers));
}

}  // namespace tenon
