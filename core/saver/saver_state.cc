#include "core/saver/saver_state.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/io/bundle.h"
#include "core/io/file.h"
#include "core/saver/held_values.h"
#include "core/saver/restore_plan.h"
#include "core/saver/value_reader.h"

namespace tenon::internal {

using train::RestoreOptions;
using train::RestorePlan;
using train::SaveOptions;

namespace {

std::string numbered(const std::string& path, int64_t step, bool padded) {
  char number[32];
  std::snprintf(number, sizeof number, padded ? "-%08lld" : "-%lld", static_cast<long long>(step));
  return path + number;
}

// The folder that a checkpoint is written to, made if it is the only one missing, as TensorFlow
// does.
std::string made_folder(const std::string& path) {
  std::string folder = folder_of(path);
  if (folder_exists(folder)) return folder;
  require<ValueError>(folder_exists(folder_of(folder)), ErrorKind::bad_argument,
                      "Parent directory of ", path, " doesn't exist, can't save.");
  make_folder(folder);
  return folder;
}

std::unique_ptr<TensorSource> open_for_restoring(const std::string& path) {
  try {
    return open_checkpoint(path);
  } catch (const NotFoundError& error) {
    fail<ValueError>(ErrorKind::no_such_file,
                     "The passed save_path is not a valid checkpoint: ", path, ". ", error.what());
  }
}

}  // namespace

SaverState::SaverState(train::SaverOptions options)
    : options_(std::move(options)),
      kept_(options_.max_to_keep, options_.keep_checkpoint_every_n_hours) {
  if (!options_.defer_build) collect();
}

SaverState::~SaverState() {
  if (thread_.joinable()) thread_.join();
}

void SaverState::build() {
  const std::lock_guard lock(mutex_);
  if (!built_) collect();
}

void SaverState::collect() {
  variables_ = saved_variables(options_.var_list ? *options_.var_list : all_saveable_variables());
  require<ValueError>(!variables_.empty() || options_.allow_empty, ErrorKind::bad_argument,
                      "No variables to save");
  built_ = true;
}

void SaverState::require_built(const char* what) const {
  require<RuntimeError>(built_, ErrorKind::bad_argument, "`build()` should be called before ", what,
                        " if defer_build==True");
}

// Waits for the save under way, and throws what it failed with.
void SaverState::settle() {
  if (thread_.joinable()) thread_.join();
  if (const std::exception_ptr failure = std::exchange(failure_, nullptr)) {
    std::rethrow_exception(failure);
  }
}

void SaverState::wait() {
  const std::lock_guard lock(mutex_);
  settle();
}

// Checks what is asked for, before anything is written.
SaverState::Order SaverState::order(Session& session, const std::string& path,
                                    const SaveOptions& options) const {
  const std::string state =
      options.latest_filename.empty() ? "checkpoint" : options.latest_filename;
  require<ValueError>(state.find('/') == std::string::npos, ErrorKind::bad_argument,
                      "'latest_filename' must not contain path components");
  require<ValueError>(options.global_step || options_.sharded || name_of(path) != state,
                      ErrorKind::bad_argument, "'latest_filename' collides with 'save_path': '",
                      state, "' and '", path, "'");
  Order order{.prefix = path, .folder = {}, .options = options};
  if (options.global_step) {
    order.prefix = numbered(path, options.global_step->value(session), options_.pad_step_number);
  }
  return order;
}

// Writes the checkpoint, then says so in its folder, then removes what is too old.
template <typename ValueOf>
void SaverState::write(const Order& order, const ValueOf& value_of) {
  BundleSink sink(order.prefix, order.shards);
  for (size_t i = 0; i < variables_.size(); ++i) {
    const SavedVariable& variable = variables_[i];
    for (size_t part = 0; part < variable.parts.size(); ++part) {
      const Value value = value_of(i, part);
      sink.use_shard(value.shard);
      if (variable.is_whole()) {
        sink.add(variable.name, value.tensor);
      } else {
        sink.add_slice(variable.name, variable.shape, variable.parts[part].slice, value.tensor);
      }
    }
  }
  sink.finish();
  std::vector<std::string> files = sink.files();
  if (!order.meta_graph.empty()) {
    // Before the index, which is removed first.
    files.insert(files.begin(), str(order.prefix, '.', order.options.meta_graph_suffix));
    write_file(files.front(), order.meta_graph);
  }
  if (!order.options.write_state) return;
  kept_.add(order.prefix, std::move(files));
  train::CheckpointState state{.model_checkpoint_path = order.prefix,
                               .all_model_checkpoint_paths = kept_.paths()};
  if (state.all_model_checkpoint_paths.empty()) {
    state.all_model_checkpoint_paths.push_back(order.prefix);
  }
  train::update_checkpoint_state(order.folder, state, options_.save_relative_paths,
                                 order.options.latest_filename, {});
  kept_.remove_old();
}

namespace {

// Which data file a device's variables go to.
int32_t shard_of(const std::vector<std::string>& devices, const std::string& device) {
  if (devices.empty()) return 0;
  return static_cast<int32_t>(std::find(devices.begin(), devices.end(), device) - devices.begin());
}

}  // namespace

MetaGraphParts SaverState::parts() const {
  return {.saved = &variables_,
          .max_to_keep = options_.max_to_keep,
          .keep_checkpoint_every_n_hours = options_.keep_checkpoint_every_n_hours};
}

MetaGraphParts SaverState::meta_graph_parts() {
  const std::lock_guard lock(mutex_);
  require_built("export_meta_graph");
  return parts();
}

// Of a session whose graph has these variables. A graph that TensorFlow has no operations for can
// be saved without.
std::string SaverState::meta_graph(const Session& session, const SaveOptions& options) const {
  if (!options.write_meta_graph) return {};
  try {
    return encode_meta_graph(*session.graph().state(), parts());
  } catch (const UnimplementedError&) {
    return {};
  }
}

// The devices whose variables have a data file of their own; none where all go into one.
std::vector<std::string> SaverState::shard_devices(const HeldValues& held, Order& order) const {
  if (!options_.sharded) return {};
  std::vector<std::string> devices = held.devices();
  order.shards = static_cast<int32_t>(devices.size());
  return devices;
}

std::string SaverState::save(Session& session, const std::string& path,
                             const SaveOptions& options) {
  const std::lock_guard lock(mutex_);
  require_built("save");
  settle();
  Order checkpoint = order(session, path, options);
  if (variables_.empty()) return {};
  auto storages = storages_of(session, variables_);
  checkpoint.meta_graph = meta_graph(session, options);
  const HeldValues held(session, std::move(storages));
  checkpoint.folder = made_folder(checkpoint.prefix);
  const std::vector<std::string> devices = shard_devices(held, checkpoint);
  write(checkpoint, [&](size_t i, size_t part) {
    return Value{held.on_host(i, part), shard_of(devices, held.device_of(i, part))};
  });
  return checkpoint.prefix;
}

std::string SaverState::save_async(Session& session, const std::string& path,
                                   const SaveOptions& options) {
  const std::lock_guard lock(mutex_);
  require_built("save");
  require<FailedPreconditionError>(options.wait || !running_, ErrorKind::bad_argument,
                                   "A save of this saver is still under way: ", path,
                                   " was not saved");
  settle();
  Order checkpoint = order(session, path, options);
  if (variables_.empty()) return {};
  auto storages = storages_of(session, variables_);
  checkpoint.meta_graph = meta_graph(session, options);
  std::vector<std::vector<Value>> values(variables_.size());
  {
    const HeldValues held(session, std::move(storages));
    const std::vector<std::string> devices = shard_devices(held, checkpoint);
    for (size_t i = 0; i < variables_.size(); ++i) {
      for (size_t part = 0; part < variables_[i].parts.size(); ++part) {
        values[i].push_back({held.copy(i, part), shard_of(devices, held.device_of(i, part))});
      }
    }
  }
  checkpoint.folder = made_folder(checkpoint.prefix);
  running_ = true;
  std::string prefix = checkpoint.prefix;
  const Location where = CallerLine::or_else({});
  thread_ = std::thread([this, where, order = std::move(checkpoint), values = std::move(values)] {
    const CallerLine line(where);
    write_in_background(order, values);
  });
  return prefix;
}

void SaverState::write_in_background(const Order& order,
                                     const std::vector<std::vector<Value>>& values) {
  try {
    write(order, [&](size_t i, size_t part) { return values[i][part]; });
  } catch (...) {
    failure_ = std::current_exception();
  }
  running_ = false;
}

RestorePlan SaverState::plan(const std::string& path, const RestoreOptions& options) {
  const std::lock_guard lock(mutex_);
  require_built("restore");
  settle();
  return make_restore_plan(variables_, *open_for_restoring(path), options_.reshape, options);
}

RestorePlan SaverState::restore(Session& session, const std::string& path,
                                const RestoreOptions& options) {
  const std::lock_guard lock(mutex_);
  require_built("restore");
  settle();
  if (variables_.empty()) return {};
  const std::unique_ptr<TensorSource> source = open_for_restoring(path);
  RestorePlan plan = make_restore_plan(variables_, *source, options_.reshape, options);
  if (!options.partial) require_complete(plan);
  const std::vector<std::vector<VariableStorage*>> storages = storages_of(session, variables_);
  ValueReader reader(session, *source);
  for (size_t i = 0; i < variables_.size(); ++i) {
    const RestorePlan::Entry& entry = plan.entries[i];
    if (entry.outcome != RestorePlan::Outcome::restored) continue;
    for (size_t part = 0; part < variables_[i].parts.size(); ++part) {
      reader.restore(variables_[i], part, entry, *storages[i][part]);
    }
  }
  return plan;
}

std::vector<std::string> SaverState::last_checkpoints() {
  const std::lock_guard lock(mutex_);
  settle();
  return kept_.paths();
}

void SaverState::set_last_checkpoints(const std::vector<std::string>& paths, bool only_if_there) {
  const std::lock_guard lock(mutex_);
  settle();
  kept_.set(paths, only_if_there);
}

}  // namespace tenon::internal
