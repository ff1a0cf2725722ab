#include "core/transport/in_process.h"

#include <algorithm>
#include <condition_variable>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/transport/remote_tasks.h"

namespace tenon::internal {
namespace {

// The running tasks of this process, by address.
struct Running {
  struct Entry {
    TaskAddress where;
    std::shared_ptr<InProcessTask> task;
    std::shared_ptr<RemoteTasks> others = nullptr;  // null: they are of this process
  };
  std::mutex mutex;
  std::condition_variable started;
  std::map<std::string, Entry> tasks;

  const Entry& at(std::string_view target) const {
    for (const auto& [address, entry] : tasks) {
      if (entry.where.target() == target) return entry;
    }
    std::vector<std::string> targets;
    for (const auto& [address, entry] : tasks) targets.push_back(entry.where.target());
    fail<NotFoundError>(ErrorKind::bad_argument,
                        "No session factory registered for the given session options: {target: \"",
                        target, "\"}. No server of this process has that target; ",
                        targets.empty() ? "none is running" : "those running are ", join(targets));
  }

  // The running task at an address of this cluster; null if there is none.
  std::shared_ptr<InProcessTask> find(const TaskAddress& where) const {
    const auto found = tasks.find(where.address());
    const bool is_it = found != tasks.end() && found->second.where.cluster == where.cluster;
    return is_it ? found->second.task : nullptr;
  }
};

Running& running() {
  static auto* all = new Running();  // servers may outlive static objects
  return *all;
}

class InProcessTransport : public Transport {
 public:
  using Tasks = std::map<std::string, std::shared_ptr<InProcessTask>>;

  // `tasks` are those of the cluster by their prefix of device names; `own` is the session's.
  InProcessTransport(Tasks tasks, const std::string& own)
      : tasks_(std::move(tasks)), own_(tasks_.find(own)), resets_(own_->second->resets) {
    add_devices(own_);
    for (auto task = tasks_.begin(); task != tasks_.end(); ++task) {
      if (task != own_) add_devices(task);
    }
  }

  const std::vector<Device*>& devices() const override { return devices_; }

  std::shared_ptr<VariableStorage> variable(const VariableKey& key, Device& device) override {
    const auto at = std::find(devices_.begin(), devices_.end(), &device) - devices_.begin();
    return task_of_[static_cast<size_t>(at)]->second->variable(key, device);
  }

  void check_running(const std::vector<bool>& used) const override {
    for (size_t i = 0; i < used.size(); ++i) {
      if (used[i]) check_task(*task_of_[i]);
    }
  }

 private:
  void check_own_task() const override {
    check_task(*own_);
    require<RuntimeError>(own_->second->resets == resets_, ErrorKind::closed,
                          "Attempted to use a closed Session: its target was reset");
  }
  void give_up_variables() override {}  // they are the tasks'

  static void check_task(const Tasks::value_type& task) {
    require<RuntimeError>(!task.second->stopped, ErrorKind::closed, "The server of ", task.first,
                          " has stopped: sessions made before can't use it any more");
  }

  void add_devices(Tasks::const_iterator task) {
    for (Device* device : task->second->devices()) {
      devices_.push_back(device);
      task_of_.push_back(task);
    }
  }

  const Tasks tasks_;
  const Tasks::const_iterator own_;
  const int resets_;
  std::vector<Device*> devices_;
  std::vector<Tasks::const_iterator> task_of_;  // by device
};

}  // namespace

InProcessTask::InProcessTask(std::vector<std::unique_ptr<Device>> devices)
    : devices_(std::move(devices)) {}

std::vector<Device*> InProcessTask::devices() const {
  std::vector<Device*> all;
  for (const auto& device : devices_) all.push_back(device.get());
  return all;
}

std::shared_ptr<VariableStorage> InProcessTask::variable(const VariableKey& key, Device& device) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<VariableStorage>& slot = variables_[key];
  if (!slot) slot = std::make_shared<VariableStorage>(key.name, device);
  return slot;
}

template <typename Which>
InProcessTask::Variables InProcessTask::variables_where(const Which& is_meant) const {
  Variables found;
  std::lock_guard lock(mutex_);
  for (const auto& [key, storage] : variables_) {
    if (is_meant(key)) found.push_back(storage);
  }
  return found;
}

// Waits for the runs that use them, without a lock that these may want.
void InProcessTask::clear(const Variables& variables) {
  for (const auto& storage : variables) {
    const VariableAccess access(*storage, Access::kWrite);
    storage->value = Tensor();
  }
}

void InProcessTask::clear(std::span<const std::string> containers) {
  clear(variables_where([&](const VariableKey& key) {
    return std::find(containers.begin(), containers.end(), key.container) != containers.end();
  }));
}

void InProcessTask::clear() {
  clear(variables_where([](const VariableKey&) { return true; }));
}

void start_task(const TaskAddress& where, std::shared_ptr<InProcessTask> task,
                std::shared_ptr<RemoteTasks> others) {
  Running& all = running();
  std::lock_guard lock(all.mutex);
  const bool added =
      all.tasks
          .try_emplace(where.address(), Running::Entry{where, std::move(task), std::move(others)})
          .second;
  require<FailedPreconditionError>(
      added, ErrorKind::already_exists, "Could not start the server of ", where.device_prefix(),
      ": one is running at its address, ", where.address(), ", already. Stop that one first");
  all.started.notify_all();
}

void stop_task(const TaskAddress& where, InProcessTask& task) {
  Running& all = running();
  std::lock_guard lock(all.mutex);
  task.stopped = true;
  const auto found = all.tasks.find(where.address());
  if (found != all.tasks.end() && found->second.task.get() == &task) all.tasks.erase(found);
}

std::shared_ptr<RemoteTasks> remote_tasks(std::string_view target) {
  Running& all = running();
  std::lock_guard lock(all.mutex);
  return all.at(target).others;
}

std::unique_ptr<Transport> connect_to(const std::string& prefix,
                                      std::shared_ptr<InProcessTask> task) {
  InProcessTransport::Tasks tasks;
  tasks[prefix] = std::move(task);
  return std::make_unique<InProcessTransport>(std::move(tasks), prefix);
}

std::unique_ptr<Transport> connect(std::string_view target, std::chrono::milliseconds patience) {
  Running& all = running();
  std::unique_lock lock(all.mutex);
  const Running::Entry entry = all.at(target);
  const TaskAddress& own = entry.where;
  if (entry.others) {
    return entry.others->connect(connect_to(own.device_prefix(), entry.task), entry.task);
  }
  std::map<std::string, std::shared_ptr<InProcessTask>> tasks;
  std::vector<std::string> missing;
  all.started.wait_for(lock, patience, [&] {
    missing.clear();
    for (const TaskAddress& where : own.all()) {
      tasks[where.device_prefix()] = all.find(where);
      if (!all.find(where)) missing.push_back(where.device_prefix());
    }
    return missing.empty();
  });
  require<FailedPreconditionError>(
      missing.empty(), ErrorKind::bad_argument, "CreateSession still waiting for response from ",
      "worker: ", join(missing), ". After ", patience.count(), " ms these tasks of the cluster of ",
      target, " have no server in this process. Start one for each, or let the session wait longer",
      " (SessionOptions::operation_timeout_in_ms)");
  return std::make_unique<InProcessTransport>(std::move(tasks), own.device_prefix());
}

void reset(std::string_view target, std::vector<std::string> containers) {
  if (containers.empty()) containers.emplace_back();
  std::vector<std::shared_ptr<InProcessTask>> tasks;
  std::shared_ptr<RemoteTasks> others;
  {
    Running& all = running();
    std::lock_guard lock(all.mutex);
    const Running::Entry& own = all.at(target);
    ++own.task->resets;
    others = own.others;
    for (const TaskAddress& where : own.where.all()) {
      if (std::shared_ptr<InProcessTask> task = all.find(where)) tasks.push_back(std::move(task));
    }
  }
  for (const auto& task : tasks) task->clear(containers);
  if (others) others->reset(containers);
}

}  // namespace tenon::internal
