#include "core/session/staged_runner.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/session/session_state.h"

namespace tenon::internal {
namespace {

uint64_t next_session() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

std::string key_of(const RunRequest& request) {
  std::string key;
  for (const Endpoint& fetch : request.fetches) append_endpoint(key, fetch);
  append_number(key, -1);
  for (const Node* target : request.targets) append_number(key, target->id);
  append_number(key, -1);
  for (const Endpoint& feed : request.feeds) append_endpoint(key, feed);
  return key;
}

void add_endpoints(Message& message, const std::vector<Endpoint>& endpoints) {
  message.add(endpoints.size());
  for (const Endpoint& one : endpoints) message.add(one.node->id).add(one.index);
}

template <typename Nodes>
void add_ids(Message& message, const Nodes& nodes) {
  message.add(nodes.size());
  for (const Node* node : nodes) message.add(node->id);
}

// "a part of a run: train/Adam, loss:0"
std::string described(const StagePart& part) {
  std::vector<std::string> names;
  for (const Node* target : part.targets) names.push_back(target->name);
  for (const Endpoint& fetch : part.fetches) {
    names.push_back(str(fetch.node->name, ":", fetch.index));
  }
  constexpr size_t kMostNames = 3;
  const size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
  names.resize(names.size() - more);
  return str("a part of a run: ", join(names), more > 0 ? str(" and ", more, " more") : "");
}

int milliseconds_left(const Peers::Deadline& deadline) {
  if (!deadline) return 0;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      *deadline - std::chrono::steady_clock::now());
  return std::max(1, static_cast<int>(left.count()));
}

}  // namespace

StagedRunner::RemoteSession::RemoteSession(Transport& transport, int task)
    : number(next_session()), transport_(transport), task_(task) {}

StagedRunner::RemoteSession::~RemoteSession() {
  Message message;
  message.add(TaskRequest::kClose).add(number);
  transport_.ask(task_, std::move(message), "the end of a session");  // nobody waits for it
}

std::shared_ptr<const StagedRunner::Prepared> StagedRunner::prepared(const RunRequest& request) {
  const std::string key = key_of(request);
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const Prepared>& kept = prepared_[key];
  if (kept) return kept;
  auto made = std::make_shared<Prepared>();
  try {
    made->stages = session_.cut(request);
    if (!made->stages.only_of(0)) {
      for (const std::vector<StagePart>& parts : made->stages.levels) {
        std::vector<PreparedPart>& of_level = made->parts.emplace_back();
        for (const StagePart& part : parts) {
          of_level.push_back(part.task == 0 ? PreparedPart() : prepare(part));
        }
      }
    }
  } catch (...) {
    prepared_.erase(key);
    throw;
  }
  kept = std::move(made);
  return kept;
}

StagedRunner::PreparedPart StagedRunner::prepare(const StagePart& part) {
  Remote& remote = remotes_[part.task];
  if (!remote.session) {
    remote.session = std::make_shared<const RemoteSession>(transport_, part.task);
  }
  PreparedPart prepared{.session = remote.session, .number = ++last_number_};
  Message message;
  message.add(TaskRequest::kPrepare).add(prepared.session->number).add(prepared.number);
  try {
    session_.send_part(part, remote.sent, message);
    add_endpoints(message, part.fetches);
    add_ids(message, part.targets);
    add_endpoints(message, part.feeds);
    add_ids(message, part.done);
    transport_.ask(part.task, std::move(message), "its part of a graph")->answer();
  } catch (...) {
    remote = {};  // who knows what it has of the graph
    prepared_.clear();
    throw;
  }
  return prepared;
}

void StagedRunner::run(const RunRequest& request, const RunCall& call) {
  const std::shared_ptr<const Prepared> made = prepared(request);
  if (made->stages.only_of(0)) {
    const LeasedCall own(session_.calls());
    own->assign(request, call.feeds);
    own->results.assign(call.outputs.begin(), call.outputs.end());
    session_.run_here(*own, call.options);
    std::ranges::move(own->results, call.outputs.begin());
    return;
  }
  Values values{.slots = {}, .options = call.options, .deadline = {}};
  if (call.options.timeout_in_ms > 0) {
    values.deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(call.options.timeout_in_ms);
  }
  for (const Tensor& value : call.feeds) {
    values.slots.push_back(session_.devices().memory_holding(value) == kHost
                               ? value
                               : session_.devices().copy_to_host(value, call.options));
  }
  values.slots.resize(made->stages.slots);
  for (size_t level = 0; level < made->stages.levels.size(); ++level) {
    session_.check_open();
    run_level(*made, level, values);
    drop_used(made->stages, level, values);
  }
  // Each result is the caller's own, also what was fed or is asked for twice.
  std::vector<bool> is_given(values.slots.size(), false);
  std::fill_n(is_given.begin(), call.feeds.size(), true);
  for (size_t i = 0; i < made->stages.fetches.size(); ++i) {
    const ValueSlot slot = made->stages.fetches[i];
    call.outputs[i] = is_given[slot] ? values.slots[slot].clone() : values.slots[slot];
    is_given[slot] = true;
  }
}

void StagedRunner::run_level(const Prepared& prepared, size_t level, Values& values) {
  const std::vector<StagePart>& parts = prepared.stages.levels[level];
  std::vector<std::unique_ptr<Peers::Question>> asked;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_own = parts[i].task == 0;
    asked.push_back(is_own ? nullptr : ask_for(parts[i], prepared.parts[level][i], values));
  }
  std::exception_ptr failure;
  const auto attempt = [&](const auto& work) {
    try {
      work();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  };
  for (const StagePart& part : parts) {
    if (part.task == 0) attempt([&] { run_here(part, values); });
  }
  // All of them, whatever has failed: the next run isn't to meet parts of this one.
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!asked[i]) continue;
    attempt([&] {
      MessageReader answer = asked[i]->answer(values.deadline);
      for (const ValueSlot slot : parts[i].fetched) values.slots[slot] = answer.tensor();
    });
  }
  if (failure) std::rethrow_exception(failure);
}

std::unique_ptr<Peers::Question> StagedRunner::ask_for(const StagePart& part,
                                                       const PreparedPart& prepared,
                                                       const Values& values) {
  Message message;
  message.add(TaskRequest::kRun).add(prepared.session->number).add(prepared.number);
  message.add(milliseconds_left(values.deadline)).add(part.fed.size());
  for (const ValueSlot slot : part.fed) message.add(values.slots[slot]);
  return transport_.ask(part.task, std::move(message), described(part));
}

void StagedRunner::run_here(const StagePart& part, Values& values) {
  const LeasedCall call(session_.calls());
  std::vector<Tensor> feeds;
  for (const ValueSlot slot : part.fed) feeds.push_back(values.slots[slot]);
  call->assign(
      {.fetches = part.fetches, .targets = part.targets, .feeds = part.feeds, .done = part.done},
      feeds);
  call->results.assign(part.fetches.size(), Tensor());
  RunOptions options = values.options;
  options.timeout_in_ms = milliseconds_left(values.deadline);
  options.keep_on_device = false;
  session_.run_here(*call, options);
  for (size_t i = 0; i < part.fetched.size(); ++i) {
    values.slots[part.fetched[i]] = std::move(call->results[i]);
  }
}

void StagedRunner::drop_used(const Stages& stages, size_t level, Values& values) {
  for (size_t slot = 0; slot < values.slots.size(); ++slot) {
    if (stages.last_level[slot] == level) values.slots[slot] = Tensor();
  }
}

std::string StagedRunner::text(const RunRequest& request) {
  return session_.cut(request).to_string(
      [&](int task) { return task == 0 ? std::string("this task") : transport_.task_name(task); });
}

}  // namespace tenon::internal
