// The tasks of a cluster whose processes reach each other by messages: who is there, what they ask
// each other, and which of them has stopped or is lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/backend/messenger.h"
#include "core/transport/message.h"

namespace tenon::internal {

// Tasks are numbered by their processes' ranks. Thread-safe.
class Peers : private MessageReceiver {
 public:
  enum class State : uint8_t { kRunning, kJoining, kStopped, kLost };
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;
  // Answers a request; called on threads that it may keep. What it throws is thrown where the
  // answer is waited for.
  using Answerer = std::function<Message(int from, MessageReader& request)>;

  explicit Peers(Messenger& messenger) : messenger_(messenger), tasks_(size()) {}
  ~Peers() override { stop(); }
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  int rank() const { return messenger_.rank(); }
  size_t size() const { return static_cast<size_t>(messenger_.size()); }

  // Says `hello` to all, and waits for what they say, by rank. Throws FailedPreconditionError
  // (bad_argument) naming the ranks that have said nothing when the time is over.
  std::vector<MessageReader> greet(const Message& hello, std::chrono::milliseconds patience,
                                   std::chrono::milliseconds lost_after);
  // From now on requests are answered; until then they wait. `names` are for errors, by rank.
  void serve(std::vector<std::string> names, Answerer answerer);

  // A request that is under way. It must not outlive the peers.
  class Question {
   public:
    Question(Peers& peers, uint64_t number) : peers_(peers), number_(number) {}
    ~Question();
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    // Throws what answering threw, with the task's name; RuntimeError (closed) where the task has
    // stopped or is lost; DeadlineExceededError (timed_out).
    MessageReader answer(const Deadline& deadline = {});

   private:
    Peers& peers_;
    const uint64_t number_;
  };
  // `what` says what is waited for when the task is lost: "a part of a run".
  std::unique_ptr<Question> ask(int rank, Message request, std::string what);

  // Puts something into another task's box of that name, and takes what another one has put into
  // ours. Each name is used once. `take` throws as answer() does.
  void put(int to, const std::string& box, Message message);
  MessageReader take(int from, const std::string& box, const std::string& what);

  State state(int rank) const;
  // Throws RuntimeError (closed) where that task has stopped or is lost.
  void check_running(int rank) const;
  // Waits until all other tasks wait here, too, or have stopped, or until this one is stopped.
  // Throws RuntimeError (closed) when one of them is lost.
  void join();
  // Answers what is being answered, and tells all others.
  void stop();

 private:
  struct Task {
    std::string name = {};
    State state = State::kRunning;
    std::string why = {};  // it is lost
    std::optional<WireMessage> hello = {};
  };
  struct Asked {
    int rank = 0;
    std::string what = {};
    std::optional<WireMessage> answer = {};
  };
  struct Request {
    int from = 0;
    WireMessage message = {};
  };

  void make_room(WireMessage& message) override { MessageReader::make_room(message); }
  void receive(int from, WireMessage message) override;
  void lose(int rank, const std::string& why) override;

  Task& task(int rank) { return tasks_[static_cast<size_t>(rank)]; }
  const Task& task(int rank) const { return tasks_[static_cast<size_t>(rank)]; }
  std::string name_of(int rank) const;
  [[noreturn]] void fail_gone(int rank, const std::string& waiting_for) const;
  void say_state(State state);
  bool may_end() const;
  void queue(Request request);
  void answer_requests();
  void answer(Request request);

  Messenger& messenger_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_, requested_;
  std::vector<Task> tasks_;
  std::map<uint64_t, Asked> asked_;
  std::map<std::pair<int, std::string>, MessageReader> boxes_;
  uint64_t last_number_ = 0;
  Answerer answerer_;
  std::deque<Request> requests_;
  std::vector<std::thread> threads_;
  size_t idle_threads_ = 0;
  bool started_ = false, stopped_ = false;
};

}  // namespace tenon::internal
