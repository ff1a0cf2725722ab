// Server: a task of a cluster, and resetting its containers.
#include "tenon/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/container.h"
#include "core/session/devices.h"
#include "core/session/task_server.h"
#include "core/transport/in_process.h"
#include "core/transport/remote_tasks.h"

namespace tenon {

using internal::require;
using internal::TaskAddress;

// Shared by the handle and by who waits in join.
class internal::ServerState {
 public:
  // Without a messenger the other tasks are in this process.
  ServerState(train::ClusterSpec cluster, Meeting meeting, SessionOptions config,
              Messenger* messenger)
      : cluster_(std::move(cluster)),
        meeting_(std::move(meeting)),
        config_(std::move(config)),
        messenger_(messenger) {}
  ~ServerState() { stop(); }
  ServerState(const ServerState&) = delete;
  ServerState& operator=(const ServerState&) = delete;

  void start() {
    std::lock_guard lock(mutex_);
    require<InvalidArgumentError>(!stopped_, ErrorKind::bad_argument, "The server of ",
                                  where().device_prefix(),
                                  " was stopped; a new one can take its place");
    if (task_) return;
    messenger_ == nullptr ? start_here() : start_over(*messenger_);
  }

  void stop() {
    std::lock_guard lock(mutex_);
    if (task_) stop_task(where(), *task_);
    if (others_) others_->peers().stop();
    task_.reset();
    stopped_ = true;
    stopping_.notify_all();
  }

  void join() {
    std::unique_lock lock(mutex_);
    const std::shared_ptr<RemoteTasks> others = others_;
    if (!others) return stopping_.wait(lock, [this] { return stopped_; });
    lock.unlock();
    others->peers().join();
  }

  const train::ClusterSpec& cluster() const { return cluster_; }
  const TaskAddress& where() const { return meeting_.where; }

 private:
  void start_here() {
    auto task = std::make_shared<InProcessTask>(open_devices(config_, where().device_prefix()));
    start_task(where(), task);
    task_ = std::move(task);
  }

  // Whatever is wrong here, the others are told before it is thrown.
  void start_over(Messenger& messenger) {
    std::vector<std::unique_ptr<Device>> devices;
    try {
      if (meeting_.refused.empty()) devices = open_devices(config_, where().device_prefix());
    } catch (const Error& error) {
      meeting_.refused = error.what();
    }
    auto task = std::make_shared<InProcessTask>(std::move(devices));
    auto others = std::make_shared<RemoteTasks>(messenger);
    others->meet(meeting_, *task);
    start_task(where(), task, others);
    auto server = std::make_shared<TaskServer>(where().device_prefix(), task);
    others->serve([server = std::move(server)](int from, MessageReader& request) {
      return server->answer(from, request);
    });
    task_ = std::move(task);
    others_ = std::move(others);
  }

  train::ClusterSpec cluster_;
  Meeting meeting_;
  SessionOptions config_;
  Messenger* const messenger_;
  std::mutex mutex_;  // of what follows
  std::condition_variable stopping_;
  std::shared_ptr<InProcessTask> task_;
  std::shared_ptr<RemoteTasks> others_;  // of other processes
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

// Of a process among several: what is wrong with its options is for all of them to hear.
internal::Meeting meeting_of(const ClusterSpec& cluster, const ServerOptions& options,
                             const internal::Messenger& messenger) {
  internal::Meeting meeting{
      .where = internal::RemoteTasks::by_rank({cluster.as_dict(), "", 0}, messenger),
      .asks_for_a_task = !options.job_name.empty() || options.task_index >= 0,
      .patience = std::chrono::milliseconds(options.config.operation_timeout_in_ms),
      .lost_after = std::chrono::milliseconds(options.lost_after_in_ms)};
  if (!meeting.asks_for_a_task) return meeting;
  try {
    meeting.where = task_of(cluster, options);
  } catch (const Error& error) {
    meeting.refused = error.what();
  }
  return meeting;
}

std::shared_ptr<internal::ServerState> new_server(const ClusterSpec& cluster,
                                                  const ServerOptions& options) {
  using internal::ServerState;
  if (options.protocol.empty()) {
    return std::make_shared<ServerState>(
        cluster, internal::Meeting{.where = task_of(cluster, options)}, options.config, nullptr);
  }
  internal::Messenger& messenger = internal::backends().messenger(options.protocol);
  return std::make_shared<ServerState>(cluster, meeting_of(cluster, options, messenger),
                                       options.config, &messenger);
}

}  // namespace

Server::Server(const ClusterSpec& cluster, const ServerOptions& options)
    : state_(new_server(cluster, options)) {
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
