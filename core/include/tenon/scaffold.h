// Scaffold: what a training needs besides its model, to initialise, check and save it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/saver.h"
#include "tenon/session.h"

namespace tenon::train {

class Scaffold;

// What is left out is taken from the graph's collections (GraphKeys::INIT_OP, READY_OP,
// READY_FOR_LOCAL_INIT_OP, LOCAL_INIT_OP, SUMMARY_OP, SAVERS), else made when the scaffold is
// finalized, and put there.
struct ScaffoldOptions {
  // Run where no checkpoint is restored. Made: global_variables_initializer().
  Operation init_op = {};
  Feeds init_feed_dict = {};
  // Called after init_op, where no checkpoint is restored.
  std::function<void(const Scaffold&, Session&)> init_fn = {};
  // The names of variables that have no value yet, a vector of strings: the session is ready when
  // there are none. Made: report_uninitialized_variables().
  Output ready_op = {};
  // The same of what must have values before local_init_op may run. Made: of all global variables.
  Output ready_for_local_init_op = {};
  // Run after init_op or the restored checkpoint. Made: local_variables_initializer() and
  // tables_initializer().
  Operation local_init_op = {};
  Feeds local_init_feed_dict = {};
  // The summaries that are saved. Made: summary::merge_all(), if there are any.
  Output summary_op = {};
  // Made: of all variables, with a data file a device.
  std::optional<Saver> saver = {};
};

// Copies share the scaffold: a hook that was given one finds the saver of the session.
class TENON_API Scaffold {
 public:
  explicit Scaffold(ScaffoldOptions options = {});

  // Completes the pieces and finalizes the default graph. A monitored session does it.
  // Throws RuntimeError (bad_argument) where a collection has several items.
  void finalize(Location where = Location::current()) const;

  // Empty until finalize() where they were left out.
  const Operation& init_op() const { return pieces_->init_op; }
  const Feeds& init_feed_dict() const { return pieces_->init_feed_dict; }
  const std::function<void(const Scaffold&, Session&)>& init_fn() const { return pieces_->init_fn; }
  const Output& ready_op() const { return pieces_->ready_op; }
  const Output& ready_for_local_init_op() const { return pieces_->ready_for_local_init_op; }
  const Operation& local_init_op() const { return pieces_->local_init_op; }
  const Feeds& local_init_feed_dict() const { return pieces_->local_init_feed_dict; }
  const Output& summary_op() const { return pieces_->summary_op; }
  const std::optional<Saver>& saver() const { return pieces_->saver; }

 private:
  std::shared_ptr<ScaffoldOptions> pieces_;
};

}  // namespace tenon::train
