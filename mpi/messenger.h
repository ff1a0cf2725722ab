// Messages over MPI. One thread makes all calls of MPI: it sends what others have put into a list,
// and looks for what has come; two-sided and non-blocking, so that any MPI does.
#pragma once

#include <mpi.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/backend/messenger.h"

namespace tenon::mpi {

using internal::MessageReceiver;
using internal::WireMessage;

enum Tag : int { kHead = 1, kBlock = 2, kBeat = 3 };
enum Word : int { kAlive = 0, kLeaving = 1 };  // of a beat

// What MPI calls an error.
std::string text_of(int error);

class MpiMessenger : public internal::Messenger {
 public:
  // Initialises MPI unless the program has. Throws std::runtime_error.
  MpiMessenger();
  ~MpiMessenger() override = default;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void start(MessageReceiver& receiver, std::chrono::milliseconds lost_after) override;
  void send(int to, WireMessage message) override;
  void stop() override;
  // At the end of the program: ends MPI where we began it.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  struct Outgoing {
    int to = 0;
    WireMessage message = {};
    std::string head = {};  // as it is sent: the sizes of the blocks before the message's own
    std::vector<MPI_Request> requests = {};
  };
  struct Incoming {
    int from = 0;
    WireMessage message = {};
    std::vector<MPI_Request> requests = {};
  };
  struct Peer {
    Clock::time_point heard = {};
    bool left = false;  // it has said that it goes
    bool lost = false;
    bool told = false;  // the receiver knows that it has left
  };

  void end_thread();
  // All of these on the thread of MPI.
  void serve();
  void begin();
  void end();
  bool send_waiting();
  bool receive_heads();
  bool take_beats();
  bool complete();
  bool hand_out();
  void beat();
  void watch();
  void say(int word);
  void lose(int peer, const std::string& why);
  void tell_lost(int peer, const std::string& why);
  bool has_lost() const;
  void start_sending(Outgoing& out);
  void receive_head(MPI_Message& message, const MPI_Status& status);
  void post(std::vector<MPI_Request>& requests, const internal::MessageBlock& block, int peer,
            bool sends) const;
  void rest(Clock::time_point active);
  static bool is_done(std::vector<MPI_Request>& requests, std::string& failure);
  // Calls the receiver, for whose end stop() waits. False where there is none.
  template <typename Call>
  bool with_receiver(const Call& call) {
    std::unique_lock lock(mutex_);
    MessageReceiver* const receiver = receiver_;
    if (receiver == nullptr) return false;
    in_receiver_ = true;
    lock.unlock();
    call(*receiver);
    lock.lock();
    in_receiver_ = false;
    changed_.notify_all();
    return true;
  }

  int rank_ = 0, size_ = 1;
  MPI_Comm world_ = MPI_COMM_NULL;
  bool ours_ = false;  // we have initialised MPI
  size_t piece_bytes_;
  std::list<Outgoing> sending_;
  std::list<Outgoing> abandoned_;  // that nobody takes: MPI may read their memory yet
  std::list<Incoming> receiving_;  // in the order in which the heads came
  std::vector<Peer> peers_;
  Clock::time_point beaten_ = {};

  std::mutex mutex_;  // of what follows
  std::condition_variable wake_, changed_;
  std::deque<Outgoing> waiting_;
  MessageReceiver* receiver_ = nullptr;
  bool in_receiver_ = false;
  std::chrono::milliseconds lost_after_ = {};
  bool begun_ = false, leaving_ = false, ending_ = false;
  std::string failure_;
  std::thread thread_;
};

}  // namespace tenon::mpi
