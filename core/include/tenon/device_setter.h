// replica_device_setter: spreads variables over parameter servers (tf.train of TensorFlow 1).
//
//   auto spread = device(train::replica_device_setter(
//       {.cluster = {{"ps", {"ps0:2222", "ps1:2222"}}, {"worker", {"w0:2222"}}}}));
//   Variable w = get_variable("w", {.shape = {3}});   // /job:ps/task:0
//   Variable b = get_variable("b", {.shape = {3}});   // /job:ps/task:1
//   Output y = add(w, b);                             // /job:worker
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon::train {

// Chooses the task of the parameter servers' job for an operation; from 0 on.
using PsStrategy = std::function<int(const Operation&)>;

struct ReplicaDeviceSetterOptions {
  int ps_tasks = 0;                           // how many tasks the parameter servers' job has
  std::string ps_device = "/job:ps";          // of variables; its task is chosen one by one
  std::string worker_device = "/job:worker";  // of all other operations
  bool merge_devices = true;                  // false: an operation's own device is left as it is
  std::map<std::string, std::vector<std::string>> cluster = {};  // job: addresses; gives ps_tasks
  std::vector<std::string> ps_ops = {};  // types of operations that count; left out: variables
  // Chooses the task for such an operation; left out: one after the other, round robin.
  PsStrategy ps_strategy = {};
};

// A device function for tenon::device that gives each new variable the next task of the parameter
// servers' job, and every other operation the worker's device; the device around it is merged over
// both. Inside a device of another job a variable neither takes nor uses up a task. Sharing a
// variable uses up none; each part of a partitioned one takes its own. Setters count apart.
//
// Answers an empty function where there are no parameter servers (ps_tasks is 0, or the cluster
// has no such job): device() of that clears the devices around it, as TensorFlow's None.
// Throws ValueError (bad_device) for a device string that doesn't parse; (bad_argument) for a
// negative number of tasks. A strategy's negative task is an error (bad_argument) of the operation,
// which isn't made then; so is what the strategy throws.
//
// Thread-safety: the function may be used from several threads; each variable gets a task of its
// own, in no fixed order then.
TENON_API DeviceFunction replica_device_setter(const ReplicaDeviceSetterOptions& options);

// The bytes of what an operation makes: of a variable those of its value. Throws ValueError
// (no_shape) when its shape isn't fully known.
TENON_API int64_t byte_size_load_fn(const Operation& op);

// A strategy (tf.contrib.training.GreedyLoadBalancingStrategy) that gives each operation to the
// task whose operations weigh least so far, the first of several; load_fn says what an operation
// weighs. Copies count together. Thread-safe. Throws ValueError (bad_argument) when num_tasks isn't
// positive, and for a load that is negative or NaN.
//
//   auto spread = device(replica_device_setter(
//       {.ps_tasks = 2, .ps_strategy = greedy_load_balancing_strategy(2)}));
TENON_API PsStrategy greedy_load_balancing_strategy(
    int num_tasks, std::function<double(const Operation&)> load_fn = byte_size_load_fn);

}  // namespace tenon::train
