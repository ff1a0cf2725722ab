#include "core/session/task_server.h"

#include <algorithm>

#include "core/base/check.h"

namespace tenon::internal {
namespace {

std::vector<Endpoint> read_endpoints(const ReceivedGraph& graph, MessageReader& reader) {
  return reader.list<Endpoint>([&] {
    const auto number = reader.number<int>();
    return graph.endpoint(number, reader.number<int>());
  });
}

}  // namespace

// Operations have their devices already, and graphs that grow are the other session's concern.
ServedSession::ServedSession(std::unique_ptr<Transport> task)
    : session_(received_.graph(), {.graph_growth_warning = false}, std::move(task)) {}

void ServedSession::prepare(MessageReader& request) {
  const auto number = request.number<uint64_t>();
  const std::lock_guard lock(mutex_);
  received_.read(request);
  auto part = std::make_shared<RunRequest>();
  part->fetches = read_endpoints(received_, request);
  const auto read_node = [&] { return received_.node(request.number<int>()); };
  part->targets = request.list<Node*>(read_node);
  part->feeds = read_endpoints(received_, request);
  part->done = request.list<const Node*>(read_node);
  parts_[number] = std::move(part);
}

Message ServedSession::run(MessageReader& request) {
  std::shared_ptr<const RunRequest> part;
  {
    const auto number = request.number<uint64_t>();
    const std::lock_guard lock(mutex_);
    part = parts_.at(number);
  }
  RunOptions options;
  options.timeout_in_ms = request.number<int>();
  const std::vector<Tensor> feeds = request.list<Tensor>([&] { return request.tensor(); });
  const LeasedCall call(session_.calls());
  call->assign(*part, feeds);
  call->results.assign(part->fetches.size(), Tensor());
  session_.run_here(*call, options);
  Message answer;
  for (const Tensor& result : call->results) answer.add(result);
  return answer;
}

std::shared_ptr<ServedSession> TaskServer::session(int from, uint64_t number, bool may_make) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<ServedSession>& found = sessions_[{from, number}];
  require<RuntimeError>(found || may_make, ErrorKind::closed, "Attempted to use a closed Session");
  if (!found) found = std::make_shared<ServedSession>(connect_to(prefix_, task_));
  return found;
}

VariableStorage& TaskServer::variable(MessageReader& request) {
  VariableKey key;
  key.device = request.text();
  key.container = request.text();
  key.type = request.text();
  key.name = request.text();
  const std::vector<Device*> devices = task_->devices();
  const auto device =
      std::ranges::find_if(devices, [&](const Device* one) { return one->name() == key.device; });
  require(device != devices.end(), ErrorKind::bad_placement, "There is no device ", key.device);
  return *task_->variable(key, **device);  // kept by the task
}

Message TaskServer::answer(int from, MessageReader& request) {
  Message answer;
  switch (request.number<TaskRequest>()) {
    case TaskRequest::kPrepare:
      session(from, request.number<uint64_t>(), true)->prepare(request);
      break;
    case TaskRequest::kRun:
      return session(from, request.number<uint64_t>(), false)->run(request);
    case TaskRequest::kClose: {
      std::shared_ptr<ServedSession> closed;  // outlives the lock
      const auto number = request.number<uint64_t>();
      const std::lock_guard lock(mutex_);
      closed = std::move(sessions_[{from, number}]);
      sessions_.erase({from, number});
      break;
    }
    case TaskRequest::kReadVariable: {
      VariableStorage& read = variable(request);
      const VariableAccess access(read, Access::kRead);
      const bool is_here = !read.value || read.device().host_memory();
      require<UnimplementedError>(is_here, ErrorKind::bad_placement, "The variable ", read.name(),
                                  " lies on a GPU of another task: fetch it by a run");
      answer.add(read.value ? read.value.clone() : Tensor());
      break;
    }
    case TaskRequest::kReset:
      task_->clear(request.list<std::string>([&] { return request.text(); }));
      break;
  }
  return answer;
}

}  // namespace tenon::internal
