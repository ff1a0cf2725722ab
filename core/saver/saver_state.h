// The state behind a Saver: its variables, the checkpoints that it keeps, and the save under way.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/io/tensor_source.h"
#include "core/saver/kept_checkpoints.h"
#include "core/saver/meta_graph_writer.h"
#include "core/saver/saved_variables.h"
#include "tenon/saver.h"

namespace tenon::internal {

class HeldValues;

class SaverState {
 public:
  explicit SaverState(train::SaverOptions options);
  ~SaverState();

  void build();
  std::string save(Session& session, const std::string& path, const train::SaveOptions& options);
  std::string save_async(Session& session, const std::string& path,
                         const train::SaveOptions& options);
  void wait();
  train::RestorePlan restore(Session& session, const std::string& path,
                             const train::RestoreOptions& options);
  train::RestorePlan plan(const std::string& path, const train::RestoreOptions& options);
  std::vector<std::string> last_checkpoints();
  void set_last_checkpoints(const std::vector<std::string>& paths, bool only_if_there);
  // What a MetaGraph of these variables says of them. Lives as long as this.
  MetaGraphParts meta_graph_parts();

 private:
  // A checkpoint that is to be written.
  struct Order {
    std::string prefix;
    std::string folder;
    train::SaveOptions options;
    std::string meta_graph = {};  // serialized; empty: none is written
    int32_t shards = 1;
  };
  // The values of a variable's part, and the shard that they go to.
  struct Value {
    Tensor tensor;
    int32_t shard = 0;
  };

  void require_built(const char* what) const;
  void collect();
  void settle();
  Order order(Session& session, const std::string& path, const train::SaveOptions& options) const;
  std::string meta_graph(const Session& session, const train::SaveOptions& options) const;
  MetaGraphParts parts() const;
  std::vector<std::string> shard_devices(const HeldValues& held, Order& order) const;
  template <typename ValueOf>
  void write(const Order& order, const ValueOf& value_of);
  void write_in_background(const Order& order, const std::vector<std::vector<Value>>& values);

  const train::SaverOptions options_;
  std::mutex mutex_;  // held by every call
  bool built_ = false;
  std::vector<SavedVariable> variables_;
  KeptCheckpoints kept_;  // of the thread, while it runs
  std::thread thread_;
  std::atomic<bool> running_{false};
  std::exception_ptr failure_;  // of the thread, once it has ended
};

}  // namespace tenon::internal
