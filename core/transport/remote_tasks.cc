#include "core/transport/remote_tasks.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/backend/module.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/transport/remote_device.h"

namespace tenon::internal {
namespace {

// What a process says of itself when it starts.
struct Introduction {
  std::string version = {};
  TaskAddress where = {};
  bool asks_for_a_task = false;
  std::string refused = {};
};

// Processes of one build of Tenon understand each other.
std::string own_version() { return str(TENON_VERSION, " (", module_abi(), ")"); }

void add(Message& message, const Introduction& said) {
  message.add(said.version).add(said.where.cluster.size());
  for (const auto& [job, addresses] : said.where.cluster) message.add(job).add(addresses);
  message.add(said.where.job).add(said.where.index).add(said.asks_for_a_task).add(said.refused);
}

Introduction read_introduction(MessageReader& reader) {
  Introduction said{.version = reader.text()};
  if (said.version != own_version()) return said;  // who knows what follows
  for (size_t left = reader.number<size_t>(); left > 0; --left) {
    const std::string job = reader.text();
    said.where.cluster[job] = reader.list<std::string>([&] { return reader.text(); });
  }
  said.where.job = reader.text();
  said.where.index = reader.number<int>();
  said.asks_for_a_task = reader.number<bool>();
  said.refused = reader.text();
  return said;
}

template <typename... Parts>
void require_fit(bool fits, const Parts&... parts) {
  require<InvalidArgumentError>(fits, ErrorKind::bad_argument,
                                "The cluster can't start: ", parts...);
}

// Looks at what all have said, in the same order in every process.
void check(const std::vector<Introduction>& all) {
  const Introduction& first = all[0];
  const size_t tasks = first.where.all().size();
  for (size_t rank = 0; rank < all.size(); ++rank) {
    require_fit(all[rank].version == first.version, "rank 0 runs Tenon ", first.version, ", rank ",
                rank, " ", all[rank].version);
  }
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const Introduction& one = all[rank];
    require_fit(one.where.cluster == first.where.cluster, "rank ", rank,
                " has another ClusterSpec than rank 0");
    require_fit(one.refused.empty(), "rank ", rank, " says: ", one.refused);
    require_fit(one.asks_for_a_task == first.asks_for_a_task, "rank ",
                one.asks_for_a_task ? rank : 0, " says which task it is (job_name, task_index), ",
                "and rank ", one.asks_for_a_task ? 0 : rank, " doesn't: either all do, or none");
  }
  require_fit(tasks == all.size(), "its ClusterSpec has ", tasks,
              tasks == 1 ? " task, and " : " tasks, and ", all.size(),
              all.size() == 1 ? " process was" : " processes were",
              " started. Start one for each: ", "mpirun -n ", tasks, " PROGRAM");
  std::map<std::string, size_t> ranks;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const auto [before, added] = ranks.try_emplace(all[rank].where.device_prefix(), rank);
    require_fit(added, "ranks ", before->second, " and ", rank, " both are ", before->first);
  }
}

// A variable of another process: its value is there while it is acquired for reading.
class RemoteVariable : public VariableStorage {
 public:
  RemoteVariable(VariableKey key, Device& device, Transport& transport, int task)
      : VariableStorage(key.name, device),
        key_(std::move(key)),
        transport_(transport),
        task_(task) {}

  bool is_elsewhere() const override { return true; }
  // One at a time: `value` is this object's own.
  void acquire(Access access) override {
    require<RuntimeError>(access == Access::kRead, ErrorKind::bad_placement, "The variable ",
                          key_.name, " is written by ", transport_.task_name(task_), " alone");
    VariableStorage::acquire(Access::kWrite);
    try {
      Message message;
      message.add(TaskRequest::kReadVariable);
      message.add(key_.device).add(key_.container).add(key_.type).add(key_.name);
      const std::string what = str("the variable ", key_.name);
      value = transport_.ask(task_, std::move(message), what)->answer().tensor();
    } catch (...) {
      VariableStorage::release(Access::kWrite);
      throw;
    }
  }
  void release(Access) override {
    value = Tensor();
    VariableStorage::release(Access::kWrite);
  }

 private:
  const VariableKey key_;
  Transport& transport_;
  const int task_;
};

class RemoteTransport : public Transport {
 public:
  RemoteTransport(std::shared_ptr<RemoteTasks> tasks, std::unique_ptr<Transport> own,
                  std::shared_ptr<InProcessTask> own_task)
      : tasks_(std::move(tasks)), own_(std::move(own)), own_task_(std::move(own_task)) {
    devices_ = own_->devices();
    task_of_.assign(devices_.size(), 0);
    for (const auto& [task, devices] : tasks_->devices()) {
      for (const auto& device : devices) {
        devices_.push_back(device.get());
        task_of_.push_back(task);
      }
    }
  }

  const std::vector<Device*>& devices() const override { return devices_; }
  int task_of(size_t device) const override { return task_of_[device]; }
  int remote_tasks() const override { return static_cast<int>(tasks_->devices().size()); }
  const std::string& task_name(int task) const override { return tasks_->name(task); }

  std::shared_ptr<VariableStorage> variable(const VariableKey& key, Device& device) override {
    const auto at = std::find(devices_.begin(), devices_.end(), &device) - devices_.begin();
    const int task = task_of_[static_cast<size_t>(at)];
    if (task == 0) return own_->variable(key, device);
    return std::make_shared<RemoteVariable>(key, device, *this, task);
  }

  std::unique_ptr<Peers::Question> ask(int task, Message request, std::string what) override {
    return tasks_->peers().ask(tasks_->rank_of(task), std::move(request), std::move(what));
  }

  void check_running(const std::vector<bool>& used) const override {
    for (size_t i = 0; i < used.size(); ++i) {
      if (used[i] && task_of_[i] != 0) tasks_->peers().check_running(tasks_->rank_of(task_of_[i]));
    }
    own_->check_running(
        std::vector<bool>(used.begin(), used.begin() + std::ssize(own_->devices())));
  }

 private:
  void check_own_task() const override { own_->check_open(); }
  void give_up_variables() override {}  // they are the tasks'

  const std::shared_ptr<RemoteTasks> tasks_;
  const std::unique_ptr<Transport> own_;
  const std::shared_ptr<InProcessTask> own_task_;  // whose devices these are
  std::vector<Device*> devices_;
  std::vector<int> task_of_;  // by device
};

}  // namespace

TaskAddress RemoteTasks::by_rank(const TaskAddress& cluster, const Messenger& messenger) {
  const std::vector<TaskAddress> all = cluster.all();
  if (all.empty()) return cluster;
  return all[std::min(all.size() - 1, static_cast<size_t>(messenger.rank()))];
}

void RemoteTasks::meet(const Meeting& meeting, const InProcessTask& own) {
  Message hello;
  add(hello, {own_version(), meeting.where, meeting.asks_for_a_task, meeting.refused});
  const std::vector<Device*> devices = own.devices();
  hello.add(devices.size());
  for (const Device* device : devices) add_device(hello, *device);
  std::vector<MessageReader> said = peers_.greet(hello, meeting.patience, meeting.lost_after);
  std::vector<Introduction> all;
  for (MessageReader& reader : said) all.push_back(read_introduction(reader));
  check(all);
  int task = 0;
  for (int rank = 0; rank < static_cast<int>(all.size()); ++rank) {
    const TaskAddress& where = all[static_cast<size_t>(rank)].where;
    names_.push_back(where.device_prefix());
    ranks_[where.job][where.index] = rank;
    if (rank == peers_.rank()) continue;
    RemoteTaskDevices& remote = devices_.emplace_back(RemoteTaskDevices{.task = ++task});
    MessageReader& reader = said[static_cast<size_t>(rank)];
    for (size_t left = reader.number<size_t>(); left > 0; --left) {
      remote.devices.push_back(read_device(reader));
    }
  }
}

void RemoteTasks::serve(Peers::Answerer answerer) { peers_.serve(names_, std::move(answerer)); }

int RemoteTasks::rank_of(int task) const {
  if (task == 0) return peers_.rank();
  return task <= peers_.rank() ? task - 1 : task;
}

std::vector<int> RemoteTasks::ranks_of(const std::string& job) const {
  std::vector<int> ranks;
  for (const auto& [number, rank] : ranks_.at(job)) ranks.push_back(rank);
  return ranks;
}

const std::string& RemoteTasks::name(int task) const {
  return names_[static_cast<size_t>(rank_of(task))];
}

std::unique_ptr<Transport> RemoteTasks::connect(std::unique_ptr<Transport> own,
                                                const std::shared_ptr<InProcessTask>& task) {
  return std::make_unique<RemoteTransport>(shared_from_this(), std::move(own), task);
}

void RemoteTasks::reset(const std::vector<std::string>& containers) {
  std::vector<std::unique_ptr<Peers::Question>> asked;
  for (const RemoteTaskDevices& remote : devices_) {
    Message message;
    message.add(TaskRequest::kReset).add(containers);
    asked.push_back(
        peers_.ask(rank_of(remote.task), std::move(message), "a reset of its containers"));
  }
  for (const auto& question : asked) question->answer();
}

}  // namespace tenon::internal
