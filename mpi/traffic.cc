// Messages on their way: what is sent, and what comes.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/strings.h"
#include "mpi/messenger.h"

namespace tenon::mpi {
namespace {

using internal::MessageBlock;
using internal::str;

uint64_t take_number(std::string_view& bytes) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

// While we are leaving: what isn't taken would keep its sender from ending.
void make_room_to_drop(internal::WireMessage& message) {
  auto room = std::make_shared<std::vector<std::vector<char>>>();
  for (MessageBlock& block : message.blocks) block.data = room->emplace_back(block.bytes).data();
  message.owner = std::move(room);
}

}  // namespace

void MpiMessenger::post(std::vector<MPI_Request>& requests, const MessageBlock& block, int peer,
                        bool sends) const {
  auto* data = static_cast<char*>(block.data);
  for (size_t done = 0; done < block.bytes; done += piece_bytes_) {
    const auto count = static_cast<int>(std::min(piece_bytes_, block.bytes - done));
    MPI_Request& request = requests.emplace_back(MPI_REQUEST_NULL);
    if (sends) {
      MPI_Isend(data + done, count, MPI_BYTE, peer, kBlock, world_, &request);
    } else {
      MPI_Irecv(data + done, count, MPI_BYTE, peer, kBlock, world_, &request);
    }
  }
}

void MpiMessenger::start_sending(Outgoing& out) {
  MPI_Request& request = out.requests.emplace_back(MPI_REQUEST_NULL);
  MPI_Isend(out.head.data(), static_cast<int>(out.head.size()), MPI_BYTE, out.to, kHead, world_,
            &request);
  for (const MessageBlock& block : out.message.blocks) post(out.requests, block, out.to, true);
}

bool MpiMessenger::send_waiting() {
  std::deque<Outgoing> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(waiting_);
  }
  for (Outgoing& out : all) {
    const Peer& peer = peers_[static_cast<size_t>(out.to)];
    if (peer.lost || peer.left) continue;
    start_sending(sending_.emplace_back(std::move(out)));
  }
  return !all.empty();
}

bool MpiMessenger::receive_heads() {
  {
    const std::lock_guard lock(mutex_);
    if (receiver_ == nullptr && !leaving_) return false;  // they wait until there is one
  }
  bool found_one = false;
  while (true) {
    int is_there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    MPI_Improbe(MPI_ANY_SOURCE, kHead, world_, &is_there, &message, &status);
    if (is_there == 0) return found_one;
    found_one = true;
    receive_head(message, status);
  }
}

void MpiMessenger::receive_head(MPI_Message& message, const MPI_Status& status) {
  int bytes = 0;
  MPI_Get_count(&status, MPI_BYTE, &bytes);
  std::string head(static_cast<size_t>(bytes), '\0');
  MPI_Mrecv(head.data(), bytes, MPI_BYTE, &message, MPI_STATUS_IGNORE);
  peers_[static_cast<size_t>(status.MPI_SOURCE)].heard = Clock::now();
  std::string_view rest = head;
  Incoming in{.from = status.MPI_SOURCE};
  in.message.blocks.resize(take_number(rest));
  for (MessageBlock& block : in.message.blocks) block.bytes = take_number(rest);
  in.message.head = rest;
  const auto make_room = [&](MessageReceiver& receiver) { receiver.make_room(in.message); };
  if (!with_receiver(make_room)) make_room_to_drop(in.message);
  for (const MessageBlock& block : in.message.blocks) post(in.requests, block, in.from, false);
  receiving_.push_back(std::move(in));
}

bool MpiMessenger::is_done(std::vector<MPI_Request>& requests, std::string& failure) {
  int all_done = 0;
  const int error = MPI_Testall(static_cast<int>(requests.size()), requests.data(), &all_done,
                                MPI_STATUSES_IGNORE);
  if (error != MPI_SUCCESS) failure = text_of(error);
  return all_done != 0;
}

bool MpiMessenger::complete() {
  bool was_any = false;
  for (auto at = sending_.begin(); at != sending_.end();) {
    const auto out = at++;
    const Peer& peer = peers_[static_cast<size_t>(out->to)];
    const bool is_gone = peer.lost || peer.told;
    std::string failure;
    const bool is_over = !is_gone && is_done(out->requests, failure);
    if (!failure.empty()) lose(out->to, str("could not be reached: ", failure));
    if (is_gone || !failure.empty()) {
      abandoned_.splice(abandoned_.end(), sending_, out);
    } else if (is_over) {
      sending_.erase(out);
    } else {
      continue;
    }
    was_any = true;
  }
  return was_any;
}

// In the order in which they came from each process.
bool MpiMessenger::hand_out() {
  bool was_any = false;
  std::vector<bool> is_held(peers_.size(), false);
  for (auto in = receiving_.begin(); in != receiving_.end();) {
    const auto from = static_cast<size_t>(in->from);
    std::string failure;
    const bool is_over = !is_held[from] && is_done(in->requests, failure);
    if (!failure.empty()) lose(in->from, str("could not be received from: ", failure));
    if (!is_over) {
      is_held[from] = true;
      ++in;
      continue;
    }
    was_any = true;
    Incoming done = std::move(*in);
    in = receiving_.erase(in);
    peers_[from].heard = Clock::now();
    with_receiver(
        [&](MessageReceiver& receiver) { receiver.receive(done.from, std::move(done.message)); });
  }
  return was_any;
}

}  // namespace tenon::mpi
