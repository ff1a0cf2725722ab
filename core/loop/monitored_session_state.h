// The state behind a MonitoredSession: hooks, coordinator and session, and the runs around which
// the hooks are called.
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "tenon/coordinator.h"
#include "tenon/graph.h"
#include "tenon/monitored_session.h"
#include "tenon/session.h"

namespace tenon::internal {

class MonitoredSessionState {
 public:
  // The pieces that the scaffold lacks are made at the line `where`.
  MonitoredSessionState(const train::MonitoredSessionOptions& options, const Location& where);
  ~MonitoredSessionState();

  std::vector<Tensor> run(std::span<const Fetch> fetches, const Feeds& feeds);
  bool should_stop() const;
  void close();
  Session& open_session() const;
  const Graph& graph() const { return graph_; }

 private:
  // Lets the graph be changed again, unless it was final before.
  class Finalized {
   public:
    explicit Finalized(Graph graph);
    ~Finalized() { release(); }
    void release();

   private:
    Graph graph_;
    bool was_final_;
  };

  // Of the hooks, in their order: what they want computed, and where in the run's results it is.
  struct Requests {
    std::vector<Fetch> fetches;
    std::vector<size_t> counts;  // of each hook
    Feeds feeds;
  };
  Requests ask_hooks(train::SessionRunContext& context, std::span<const Fetch> fetches);
  void shut(bool with_end);

  const int exceptions_;
  const Graph graph_;
  Finalized finalized_;
  const std::vector<train::Hook> hooks_;
  const double grace_secs_;
  std::unique_ptr<Session> session_;
  train::Coordinator coordinator_;  // its threads use the session
  bool should_stop_ = false;
  bool closed_ = false;
};

}  // namespace tenon::internal
