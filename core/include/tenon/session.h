// Session: runs parts of a graph and keeps the values of its variables.
//
//   Session session;                                           // of the default graph
//   session.run(global_variables_initializer());               // an operation: nothing comes back
//   Tensor y_value = session.run(y, {{x, x_value}});
//   auto step = session.make_callable({loss}, {x, labels}, {train_op});
//   std::vector<Tensor> out = step({x_value, labels_value});   // planned once, called often
//
// What a run asks for is compiled into a plan for the shapes that are fed, and kept. Within one run
// a read of a variable that nothing orders after a write sees the value from before the run; a read
// ordered after a write (by control dependency or data) sees that write. Runs that share variables
// behave as if one came after the other. Tensors handed out are the caller's own: later runs don't
// change them.
//
// Thread-safety: run, callables and the queries may be called from many threads at once.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/tensor.h"
#include "tenon/variable.h"

namespace tenon {

namespace internal {
class SessionState;
class CallableState;
}  // namespace internal

// What a run is asked for: an Output, a Variable (its value), an Operation (run it), or the name of
// a tensor ("scope/v:0") or an operation ("init").
class TENON_API Fetch {
 public:
  Fetch(Output output) : output_(std::move(output)) {}
  Fetch(Operation op) : op_(std::move(op)) {}
  Fetch(const Variable& variable);
  Fetch(std::string name) : name_(std::move(name)) {}
  Fetch(const char* name) : name_(name) {}

  const Output& output() const noexcept { return output_; }
  const Operation& op() const noexcept { return op_; }
  const std::string& name() const noexcept { return name_; }

 private:
  Output output_;
  Operation op_;
  std::string name_;
};

// What is fed: an Output, a Variable, or the name of a tensor.
class TENON_API FeedKey {
 public:
  FeedKey(Output output) : output_(std::move(output)) {}
  FeedKey(const Variable& variable);
  FeedKey(std::string name) : name_(std::move(name)) {}
  FeedKey(const char* name) : name_(name) {}

  const Output& output() const noexcept { return output_; }
  const std::string& name() const noexcept { return name_; }

 private:
  Output output_;
  std::string name_;
};

// A key and the value that takes its place for one run.
struct Feed {
  FeedKey key;
  Tensor value;
};
using Feeds = std::vector<Feed>;

struct SessionOptions {
  // Puts an operation on a device that can run it where the one asked for can't or isn't there.
  bool allow_soft_placement = false;
  // Prints one line an operation to standard error when it is placed: "name: (Type): device".
  bool log_device_placement = false;
  std::map<std::string, int> device_count = {};  // {"CPU", 4}: how many of a type there are
  // "/device:GPU:0", ... made of the CPU's kernels on memory that only they can reach: programs for
  // several GPUs run, and are tested, where there is none. 0: as many as the environment variable
  // TENON_EMULATED_GPUS says, else none.
  int emulated_gpus = 0;
  int threads = 0;               // of CPU kernels; 0: OMP_NUM_THREADS, else the number of cores
  size_t cpu_memory_limit = 0;   // bytes for variables and plans; 0: no limit
  size_t gpu_memory_limit = 0;   // the same of each GPU; 0: no limit but the device's own
  size_t plan_cache_size = 128;  // plans kept besides those that callables hold
};

struct DeviceInfo {
  std::string name;         // "/job:localhost/replica:0/task:0/device:CPU:0"
  std::string device_type;  // "CPU", "GPU"
  size_t memory_limit;      // bytes; 0: no limit
  std::string description;  // "2 threads"
};

// One buffer of one variable on one device.
struct Allocation {
  std::string variable;  // "scope/w"
  std::string device;
  DType dtype;
  Shape shape;
  size_t bytes;
};

// A run that is planned once and called often. Copies share the plan; calls may come from many
// threads at once. It keeps its session's state alive.
class TENON_API Callable {
 public:
  // The values of the fetches, operations left out, for these values of the feeds (in the order
  // given to make_callable). Throws as Session::run does.
  std::vector<Tensor> operator()(std::initializer_list<Tensor> feeds = {}) const;
  std::vector<Tensor> operator()(std::span<const Tensor> feeds) const;

  // The same into the caller's tensors, which must have the results' dtypes and shapes (else
  // InvalidArgumentError, shape_incompatible or dtype_incompatible). A warm call allocates nothing.
  void run_into(std::initializer_list<Tensor> feeds, std::span<Tensor> outputs) const;
  void run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs) const;

  // Internal.
  explicit Callable(std::shared_ptr<internal::CallableState> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<internal::CallableState> state_;
};

class TENON_API Session {
 public:
  // Of the default graph. Throws InvalidArgumentError (bad_argument) for options that make no
  // sense.
  explicit Session(const SessionOptions& options = {});
  explicit Session(const Graph& graph, const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Runs what the fetches need, once each, and returns their values (an empty Tensor for an
  // operation). Throws, having written no variable that the failed operation would have written:
  //   InvalidArgumentError  must_feed: a placeholder was needed and not fed;
  //                         bad_placement: an operation of the graph can't be where it asked to be;
  //                         what kernels throw, with the operation's name and where it was made
  //   ValueError            bad_feed_shape, bad_feed: a value that doesn't fit its key, two values
  //                         for one key; bad_fetch, no_such_tensor
  //   FailedPreconditionError  uninitialized: lists all the variables that need initialising
  //   ResourceExhaustedError   resource_exhausted: memory; the message lists the largest holders
  //                            of it, and the session stays usable
  //   RuntimeError          closed: after close()
  Tensor run(const Fetch& fetch, const Feeds& feeds = {});
  std::vector<Tensor> run(std::initializer_list<Fetch> fetches, const Feeds& feeds = {});
  std::vector<Tensor> run(std::span<const Fetch> fetches, const Feeds& feeds = {});

  // Fetches come back; targets (operations) are only run.
  Callable make_callable(std::initializer_list<Fetch> fetches,
                         std::initializer_list<FeedKey> feeds = {},
                         std::initializer_list<Fetch> targets = {});
  Callable make_callable(std::span<const Fetch> fetches, std::span<const FeedKey> feeds,
                         std::span<const Fetch> targets);

  // Gives up the variables' values. Running afterwards throws RuntimeError (closed).
  void close();

  Graph graph() const;
  std::vector<DeviceInfo> list_devices() const;
  // The buffers that hold variables now: each variable once a device.
  std::vector<Allocation> variable_allocations() const;
  // The steps of the plan for this run, one a line, with shapes, devices and the library that runs
  // each; for reading.
  std::string plan_text(std::span<const Fetch> fetches, const Feeds& feeds = {});
  std::string plan_text(std::initializer_list<Fetch> fetches, const Feeds& feeds = {}) {
    return plan_text(std::span<const Fetch>(fetches.begin(), fetches.size()), feeds);
  }

  const std::shared_ptr<internal::SessionState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<internal::SessionState> state_;
};

}  // namespace tenon
