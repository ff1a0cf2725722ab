#include "core/transport/peers.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"

namespace tenon::internal {
namespace {

enum class MessageKind : uint8_t { kHello, kState, kRequest, kAnswer, kFailure, kBox };

// No request waits for another one: few threads are enough for any number of them.
constexpr size_t kMostThreads = 8;

}  // namespace

std::vector<MessageReader> Peers::greet(const Message& hello, std::chrono::milliseconds patience,
                                        std::chrono::milliseconds lost_after) {
  try {
    messenger_.start(*this, lost_after);
  } catch (const std::runtime_error& error) {
    fail<FailedPreconditionError>(ErrorKind::already_exists,
                                  "Could not start the server: ", error.what());
  }
  started_ = true;
  for (int to = 0; to < messenger_.size(); ++to) {
    Message message;
    message.add(MessageKind::kHello).add(hello);
    messenger_.send(to, std::move(message).to_wire());
  }
  std::unique_lock lock(mutex_);
  std::vector<int> missing;
  changed_.wait_for(lock, patience, [&] {
    missing.clear();
    for (int from = 0; from < messenger_.size(); ++from) {
      if (!task(from).hello) missing.push_back(from);
    }
    return missing.empty();
  });
  require<FailedPreconditionError>(
      missing.empty(), ErrorKind::bad_argument, "After ", patience.count(), " ms these of the ",
      messenger_.size(), " processes that were started together have no server over MPI: ranks ",
      internal::join(missing), ". Start one in each, or let it wait longer ",
      "(ServerOptions::config.operation_timeout_in_ms)");
  std::vector<MessageReader> all;
  for (Task& one : tasks_) all.emplace_back(std::move(*one.hello)).number<MessageKind>();
  return all;
}

void Peers::serve(std::vector<std::string> names, Answerer answerer) {
  std::deque<Request> before;
  {
    const std::lock_guard lock(mutex_);
    for (size_t rank = 0; rank < names.size(); ++rank) tasks_[rank].name = std::move(names[rank]);
    answerer_ = std::move(answerer);
    before.swap(requests_);
  }
  for (Request& request : before) queue(std::move(request));
}

std::unique_ptr<Peers::Question> Peers::ask(int rank, Message request, std::string what) {
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++last_number_;
    asked_[number] = {.rank = rank, .what = std::move(what)};
  }
  auto question = std::make_unique<Question>(*this, number);
  Message message;
  message.add(MessageKind::kRequest).add(number).add(std::move(request));
  messenger_.send(rank, std::move(message).to_wire());
  return question;
}

Peers::Question::~Question() {
  const std::lock_guard lock(peers_.mutex_);
  peers_.asked_.erase(number_);
}

MessageReader Peers::Question::answer(const Deadline& deadline) {
  std::unique_lock lock(peers_.mutex_);
  Asked& asked = peers_.asked_.at(number_);
  const auto is_over = [&] {
    const State state = peers_.task(asked.rank).state;
    return asked.answer || state >= State::kStopped || peers_.stopped_;
  };
  if (!deadline) {
    peers_.changed_.wait(lock, is_over);
  } else {
    require<DeadlineExceededError>(peers_.changed_.wait_until(lock, *deadline, is_over),
                                   ErrorKind::timed_out, "The time of the run is over while ",
                                   peers_.name_of(asked.rank), " works on ", asked.what);
  }
  if (!asked.answer) peers_.fail_gone(asked.rank, asked.what);
  MessageReader reader(std::move(*asked.answer));
  const auto kind = reader.number<MessageKind>();
  reader.number<uint64_t>();
  if (kind == MessageKind::kFailure) {
    const std::string where = str(" (on ", peers_.name_of(asked.rank), ")");
    lock.unlock();
    throw_error(reader, where);
  }
  return reader;
}

void Peers::put(int to, const std::string& box, Message message) {
  Message wire;
  wire.add(MessageKind::kBox).add(box).add(std::move(message));
  messenger_.send(to, std::move(wire).to_wire());
}

MessageReader Peers::take(int from, const std::string& box, const std::string& what) {
  std::unique_lock lock(mutex_);
  auto found = boxes_.end();
  changed_.wait(lock, [&] {
    found = boxes_.find({from, box});
    return found != boxes_.end() || task(from).state >= State::kStopped || stopped_;
  });
  if (found == boxes_.end()) fail_gone(from, what);
  MessageReader taken = std::move(found->second);
  boxes_.erase(found);
  return taken;
}

std::string Peers::name_of(int rank) const {
  return task(rank).name.empty() ? str("rank ", rank) : task(rank).name;
}

void Peers::fail_gone(int rank, const std::string& waiting_for) const {
  const std::string waited =
      waiting_for.empty() ? "" : str(". ", name_of(messenger_.rank()), " waited for ", waiting_for);
  if (task(rank).state == State::kLost) {
    fail<RuntimeError>(ErrorKind::closed, "Lost the task ", name_of(rank), " (rank ", rank,
                       "): it ", task(rank).why, waited);
  }
  fail<RuntimeError>(ErrorKind::closed, "The server of ",
                     name_of(stopped_ ? messenger_.rank() : rank),
                     " has stopped: sessions made before can't use it any more", waited);
}

Peers::State Peers::state(int rank) const {
  const std::lock_guard lock(mutex_);
  return task(rank).state;
}

void Peers::check_running(int rank) const {
  const std::lock_guard lock(mutex_);
  if (stopped_ || task(rank).state >= State::kStopped) fail_gone(rank, "");
}

bool Peers::may_end() const {
  if (stopped_) return true;
  for (int other = 0; other < messenger_.size(); ++other) {
    if (task(other).state == State::kLost) return true;
  }
  for (int other = 0; other < messenger_.size(); ++other) {
    if (other != messenger_.rank() && task(other).state == State::kRunning) return false;
  }
  return true;
}

void Peers::join() {
  say_state(State::kJoining);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return may_end(); });
  if (stopped_) return;
  for (int other = 0; other < messenger_.size(); ++other) {
    if (task(other).state == State::kLost) fail_gone(other, "it to stop (Server::join)");
  }
}

void Peers::say_state(State state) {
  for (int to = 0; to < messenger_.size(); ++to) {
    if (to == messenger_.rank()) continue;
    Message message;
    message.add(MessageKind::kState).add(state);
    messenger_.send(to, std::move(message).to_wire());
  }
}

void Peers::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    threads.swap(threads_);
    requested_.notify_all();
    changed_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  if (!started_) return;
  say_state(State::kStopped);
  messenger_.stop();
}

void Peers::receive(int from, WireMessage message) {
  const auto kind = static_cast<MessageKind>(message.head.at(0));
  if (kind == MessageKind::kRequest) return queue({from, std::move(message)});
  const std::lock_guard lock(mutex_);
  if (kind == MessageKind::kHello) {
    task(from).hello = std::move(message);
  } else if (kind == MessageKind::kState) {
    MessageReader reader(std::move(message));
    reader.number<MessageKind>();
    // Who has stopped may wait in join afterwards.
    task(from).state = std::max(task(from).state, reader.number<State>());
  } else if (kind == MessageKind::kBox) {
    MessageReader reader(std::move(message));
    reader.number<MessageKind>();
    const std::string box = reader.text();
    boxes_[{from, box}] = std::move(reader);
  } else {
    MessageReader reader(WireMessage{.head = message.head});
    reader.number<MessageKind>();
    const auto found = asked_.find(reader.number<uint64_t>());
    if (found != asked_.end()) found->second.answer = std::move(message);
  }
  changed_.notify_all();
}

void Peers::lose(int rank, const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (task(rank).state == State::kStopped) return;
  task(rank).state = State::kLost;
  task(rank).why = why;
  changed_.notify_all();
}

void Peers::queue(Request request) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;  // who waits for it is told that we have stopped
  requests_.push_back(std::move(request));
  if (answerer_ == nullptr) return;
  if (idle_threads_ < requests_.size() && threads_.size() < kMostThreads) {
    threads_.emplace_back([this] { answer_requests(); });
  }
  requested_.notify_one();
}

void Peers::answer_requests() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_threads_;
    requested_.wait(lock, [this] { return stopped_ || !requests_.empty(); });
    --idle_threads_;
    if (stopped_) return;
    Request request = std::move(requests_.front());
    requests_.pop_front();
    lock.unlock();
    answer(std::move(request));
    lock.lock();
  }
}

void Peers::answer(Request request) {
  MessageReader reader(std::move(request.message));
  reader.number<MessageKind>();
  const auto number = reader.number<uint64_t>();
  Message message;
  try {
    Message made = answerer_(request.from, reader);
    message.add(MessageKind::kAnswer).add(number).add(std::move(made));
  } catch (const std::exception& error) {
    message = Message();
    add_error(message.add(MessageKind::kFailure).add(number), error);
  }
  messenger_.send(request.from, std::move(message).to_wire());
}

}  // namespace tenon::internal
