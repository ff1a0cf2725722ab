// The public face of saving and restoring.
#include "tenon/saver.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/saver/saver_state.h"
#include "tenon/export_meta_graph.h"

namespace tenon::train {

using tenon::internal::CallerLine;
using tenon::internal::SaverState;

int64_t GlobalStep::value(Session& session) const {
  if (!variable_) return number_;
  const Tensor step = session.run(variable_);
  tenon::internal::require<TypeError>(step.dtype() == int64 || step.dtype() == int32,
                                      ErrorKind::bad_argument, "global_step must be of an integer ",
                                      "dtype; ", variable_.name(), " is of ", step.dtype());
  return step.dtype() == int64 ? step.scalar<int64_t>() : step.scalar<int32_t>();
}

Saver::Saver(SaverOptions options, Location where) {
  const CallerLine line(where);
  state_ = std::make_shared<SaverState>(std::move(options));
}

void Saver::build(Location where) {
  const CallerLine line(where);
  state_->build();
}

std::string Saver::save(Session& session, std::string_view path, const SaveOptions& options,
                        Location where) {
  const CallerLine line(where);
  return state_->save(session, std::string(path), options);
}

std::string Saver::save_async(Session& session, std::string_view path, const SaveOptions& options,
                              Location where) {
  const CallerLine line(where);
  return state_->save_async(session, std::string(path), options);
}

void Saver::wait() { state_->wait(); }

RestorePlan Saver::restore(Session& session, std::string_view path, const RestoreOptions& options,
                           Location where) {
  const CallerLine line(where);
  return state_->restore(session, std::string(path), options);
}

RestorePlan Saver::plan(Session&, std::string_view path, const RestoreOptions& options,
                        Location where) const {
  const CallerLine line(where);
  return state_->plan(std::string(path), options);
}

std::string Saver::export_meta_graph(const std::string& path, Location where) const {
  return train::export_meta_graph(path, {.saver = *this}, where);
}

std::vector<std::string> Saver::last_checkpoints() const { return state_->last_checkpoints(); }

void Saver::set_last_checkpoints(const std::vector<std::string>& paths) {
  state_->set_last_checkpoints(paths, false);
}

void Saver::recover_last_checkpoints(const std::vector<std::string>& paths, Location where) {
  const CallerLine line(where);
  state_->set_last_checkpoints(paths, true);
}

}  // namespace tenon::train
