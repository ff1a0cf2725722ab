// Who is there: each process tells all others each second, and when it goes.
#include <algorithm>
#include <array>

#include "core/base/strings.h"
#include "mpi/messenger.h"

namespace tenon::mpi {
namespace {

using internal::str;

constexpr auto kBeatEach = std::chrono::seconds(1);

}  // namespace

bool MpiMessenger::take_beats() {
  bool was_any = false;
  while (true) {
    int is_there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    MPI_Improbe(MPI_ANY_SOURCE, kBeat, world_, &is_there, &message, &status);
    if (is_there == 0) return was_any;
    int word = kAlive;
    MPI_Mrecv(&word, 1, MPI_INT, &message, MPI_STATUS_IGNORE);
    Peer& peer = peers_[static_cast<size_t>(status.MPI_SOURCE)];
    peer.heard = Clock::now();
    if (word == kLeaving) peer.left = true;
    was_any |= word == kLeaving;
  }
}

// Small enough to be gone at once: nobody waits for it.
void MpiMessenger::say(int word) {
  static constexpr std::array<int, 2> kWords = {kAlive, kLeaving};
  for (int to = 0; to < size_; ++to) {
    const Peer& peer = peers_[static_cast<size_t>(to)];
    if (to == rank_ || peer.left || peer.lost) continue;
    Outgoing& out = sending_.emplace_back(Outgoing{.to = to});
    MPI_Request& request = out.requests.emplace_back(MPI_REQUEST_NULL);
    MPI_Isend(&kWords[static_cast<size_t>(word)], 1, MPI_INT, to, kBeat, world_, &request);
  }
}

void MpiMessenger::beat() {
  const Clock::time_point now = Clock::now();
  if (now - beaten_ < kBeatEach) return;
  beaten_ = now;
  say(kAlive);
}

void MpiMessenger::watch() {
  std::chrono::milliseconds patience = {};
  bool goes_on = false;
  {
    const std::lock_guard lock(mutex_);
    patience = lost_after_;
    goes_on = leaving_ && !ending_;
  }
  if (patience.count() == 0) return;  // nobody has started it
  const Clock::time_point now = Clock::now();
  for (int peer = 0; peer < size_; ++peer) {
    Peer& state = peers_[static_cast<size_t>(peer)];
    const bool was_heard = state.heard != Clock::time_point();  // else it may not have begun
    if (peer == rank_ || !was_heard || state.lost || state.told) continue;
    // Who knows that this process has left says nothing to it any more: only from its end on does
    // it count again who is silent.
    if (goes_on && !state.left) state.heard = now;
    // What it said before it left is handed out by then.
    if (state.left && now - state.heard > kBeatEach) {
      state.told = true;
      tell_lost(peer, "has ended its program");
    } else if (!state.left && now - state.heard > patience) {
      lose(peer, str("hasn't been heard of for ", patience.count(), " ms"));
    }
  }
}

void MpiMessenger::lose(int peer, const std::string& why) {
  Peer& state = peers_[static_cast<size_t>(peer)];
  if (state.lost || state.left) return;
  state.lost = true;
  tell_lost(peer, why);
}

void MpiMessenger::tell_lost(int peer, const std::string& why) {
  with_receiver([&](MessageReceiver& receiver) { receiver.lose(peer, why); });
}

bool MpiMessenger::has_lost() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.lost; });
}

}  // namespace tenon::mpi
