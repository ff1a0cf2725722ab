// Runs of a session whose tasks are several processes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/plan/stages.h"
#include "core/session/graph_message.h"
#include "core/session/resolve.h"
#include "core/session/run_call.h"
#include "core/transport/transport.h"

namespace tenon::internal {

class SessionState;

// Cuts each run into parts, the first time, and has every task prepare its own; then goes through
// the levels: asks the other tasks for theirs by number, runs this one's, and waits for what they
// give. Values between two other tasks pass through here. Thread-safe.
//
// Each part locks the variables that it uses as a run of its own: between two parts of a run others
// may read and write them, as workers do that train asynchronously.
class StagedRunner {
 public:
  StagedRunner(SessionState& session, Transport& transport)
      : session_(session), transport_(transport) {}
  StagedRunner(const StagedRunner&) = delete;
  StagedRunner& operator=(const StagedRunner&) = delete;

  void run(const RunRequest& request, const RunCall& call);
  // The parts and what crosses between them, one part a line.
  std::string text(const RunRequest& request);

 private:
  // What another task knows this session as; it forgets it when nothing uses it any more.
  class RemoteSession {
   public:
    RemoteSession(Transport& transport, int task);
    ~RemoteSession();
    RemoteSession(const RemoteSession&) = delete;
    RemoteSession& operator=(const RemoteSession&) = delete;
    const uint64_t number;  // of all sessions of this process

   private:
    Transport& transport_;
    const int task_;
  };
  // A part as its task knows it; no session where it is this task's.
  struct PreparedPart {
    std::shared_ptr<const RemoteSession> session;
    uint64_t number = 0;
  };
  struct Prepared {
    Stages stages;
    std::vector<std::vector<PreparedPart>> parts;  // by level
  };
  struct Remote {
    SentGraph sent;
    std::shared_ptr<const RemoteSession> session;
  };
  // A run on its way through the levels.
  struct Values {
    std::vector<Tensor> slots;
    const RunOptions& options;
    Peers::Deadline deadline;
  };

  std::shared_ptr<const Prepared> prepared(const RunRequest& request);
  PreparedPart prepare(const StagePart& part);
  void run_level(const Prepared& prepared, size_t level, Values& values);
  std::unique_ptr<Peers::Question> ask_for(const StagePart& part, const PreparedPart& prepared,
                                           const Values& values);
  void run_here(const StagePart& part, Values& values);
  static void drop_used(const Stages& stages, size_t level, Values& values);

  SessionState& session_;
  Transport& transport_;
  std::mutex mutex_;  // of what follows
  std::map<std::string, std::shared_ptr<const Prepared>> prepared_;
  std::map<int, Remote> remotes_;  // by task
  uint64_t last_number_ = 0;
};

}  // namespace tenon::internal
