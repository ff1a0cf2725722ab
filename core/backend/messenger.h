// What carries messages between the processes of a cluster: a module's (ModuleApi::messenger), so
// that libtenon itself knows no library for it. Messages are bytes here; core/transport says what
// is in them.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace tenon::internal {

// Memory whose bytes go with a message as they are.
struct MessageBlock {
  void* data = nullptr;
  size_t bytes = 0;
};

struct WireMessage {
  std::string head = {};
  std::vector<MessageBlock> blocks = {};
  std::shared_ptr<void> owner = {};  // keeps the memory of the blocks
};

// Who receives. Called on the messenger's own thread, which waits meanwhile.
class MessageReceiver {
 public:
  virtual ~MessageReceiver() = default;
  // A head has come with blocks of so many bytes: gives them memory, and the message an owner.
  virtual void make_room(WireMessage& message) = 0;
  virtual void receive(int from, WireMessage message) = 0;
  // Nothing will come from that process any more; `why` as the end of a sentence that it begins.
  virtual void lose(int rank, const std::string& why) = 0;
};

// The processes that were started together, numbered from 0. Messages from one to another arrive in
// the order in which they were sent. Thread-safe.
class Messenger {
 public:
  virtual ~Messenger() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // From now on what comes is given to `receiver`, what came before included. A process that isn't
  // heard of for so long is lost. Throws std::runtime_error when it was started before.
  virtual void start(MessageReceiver& receiver, std::chrono::milliseconds lost_after) = 0;
  // Never waits.
  virtual void send(int to, WireMessage message) = 0;
  // Nothing is given to the receiver any more when it returns. The other processes are told, and
  // don't take this one for lost.
  virtual void stop() = 0;
};

}  // namespace tenon::internal
