#include "mpi/messenger.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "core/base/strings.h"

namespace tenon::mpi {
namespace {

using internal::MessageBlock;
using internal::str;

// MPI counts in int; what is larger goes in pieces.
constexpr size_t kPieceBytes = size_t{1} << 30;

// Smaller pieces, for tests.
size_t piece_bytes() {
  const char* asked = std::getenv("TENON_MPI_PIECE_BYTES");
  const size_t bytes = asked == nullptr ? 0 : std::strtoull(asked, nullptr, 10);
  return bytes == 0 ? kPieceBytes : std::min(bytes, kPieceBytes);
}

void append_number(std::string& bytes, uint64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

std::string text_of(int error) {
  std::array<char, MPI_MAX_ERROR_STRING> text = {};
  int length = 0;
  MPI_Error_string(error, text.data(), &length);
  return {text.data(), static_cast<size_t>(length)};
}

MpiMessenger::MpiMessenger() : piece_bytes_(piece_bytes()) {
  thread_ = std::thread([this] { serve(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return begun_ || !failure_.empty(); });
  if (failure_.empty()) return;
  lock.unlock();
  thread_.join();
  throw std::runtime_error(failure_);
}

void MpiMessenger::start(MessageReceiver& receiver, std::chrono::milliseconds lost_after) {
  const std::lock_guard lock(mutex_);
  if (receiver_ != nullptr || leaving_) {
    throw std::runtime_error("a process has one server over MPI, once");
  }
  receiver_ = &receiver;
  lost_after_ = lost_after;
  wake_.notify_all();
}

void MpiMessenger::send(int to, WireMessage message) {
  Outgoing out{.to = to, .message = std::move(message)};
  append_number(out.head, out.message.blocks.size());
  for (const MessageBlock& block : out.message.blocks) append_number(out.head, block.bytes);
  out.head += out.message.head;
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(out));
  wake_.notify_all();
}

void MpiMessenger::stop() {
  std::unique_lock lock(mutex_);
  receiver_ = nullptr;
  leaving_ = true;
  wake_.notify_all();
  changed_.wait(lock, [this] { return !in_receiver_; });
  lock.unlock();
  if (!ours_) end_thread();  // the program may end MPI from now on
}

void MpiMessenger::finish() {
  stop();
  end_thread();
}

void MpiMessenger::end_thread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void MpiMessenger::serve() {
  try {
    begin();
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    failure_ = error.what();
    changed_.notify_all();
    return;
  }
  Clock::time_point active = Clock::now();
  bool has_left = false;
  while (true) {
    bool is_active = send_waiting();
    is_active |= receive_heads();
    is_active |= take_beats();
    is_active |= complete();
    is_active |= hand_out();
    beat();
    watch();
    if (is_active) active = Clock::now();
    {
      const std::lock_guard lock(mutex_);
      const bool is_idle = waiting_.empty() && sending_.empty();
      if (leaving_ && is_idle && !has_left) {
        say(kLeaving);
        has_left = true;
      }
      // Whoever is lost takes nothing any more.
      if (ending_ && (is_idle || has_lost())) break;
    }
    rest(active);
  }
  end();
}

void MpiMessenger::begin() {
  int is_initialized = 0, level = MPI_THREAD_SINGLE;
  MPI_Initialized(&is_initialized);
  if (is_initialized != 0) {
    MPI_Query_thread(&level);
    if (level < MPI_THREAD_MULTIPLE) {
      throw std::runtime_error(
          "the program has initialised MPI without MPI_THREAD_MULTIPLE: it must ask for that, or "
          "leave it to Tenon");
    }
  } else {
    // This thread is then the one that calls MPI.
    const int error = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level);
    if (error != MPI_SUCCESS) throw std::runtime_error(text_of(error));
    ours_ = true;
  }
  MPI_Comm_dup(MPI_COMM_WORLD, &world_);
  MPI_Comm_set_errhandler(world_, MPI_ERRORS_RETURN);
  const std::lock_guard lock(mutex_);
  MPI_Comm_rank(world_, &rank_);
  MPI_Comm_size(world_, &size_);
  peers_.resize(static_cast<size_t>(size_));
  begun_ = true;
  changed_.notify_all();
}

void MpiMessenger::end() {
  if (has_lost()) return;  // MPI would wait for them for ever
  MPI_Comm_free(&world_);
  if (ours_) MPI_Finalize();
}

// Looks again and again while something happens, then less and less often: MPI has nothing to wait
// on that costs no processor. What is to be sent wakes it at once.
void MpiMessenger::rest(Clock::time_point active) {
  using std::chrono::microseconds;
  const auto idle = Clock::now() - active;
  if (idle < microseconds(100)) {
    std::this_thread::yield();
    return;
  }
  microseconds pause(50);
  if (idle > std::chrono::milliseconds(20)) pause = microseconds(200);
  if (idle > std::chrono::seconds(2)) pause = microseconds(2000);
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, pause, [&] { return !waiting_.empty() || ending_; });
}

}  // namespace tenon::mpi
