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
// Thread-safety: run, callables and the queries may be called from many threads at once. What runs
// put on one GPU is done one run after the other, also those of several sessions.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/fetch_structures.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/tensor.h"
#include "tenon/variable.h"

namespace tenon {

namespace internal {
class SessionState;
struct OfState {};  // so that Session({}) is of no options, and nothing else
class CallableState;
class PartialRunState;
}  // namespace internal

// What a run is asked for: an Output, a Variable (its value; that of a partitioned one is joined of
// its parts'), an Operation (run it), or the name of a tensor ("scope/v:0") or an operation
// ("init").
class TENON_API Fetch {
 public:
  Fetch(Output output) : output_(std::move(output)) {}
  Fetch(Operation op) : op_(std::move(op)) {}
  Fetch(const Variable& variable);
  Fetch(std::string name) : name_(std::move(name)) {}
  Fetch(const char* name) : name_(internal::not_null(name)) {}

  const Output& output() const noexcept { return output_; }
  const Operation& op() const noexcept { return op_; }
  const std::string& name() const noexcept { return name_; }
  // Of a partitioned variable: its parts, and the axis that they lie along.
  const std::vector<Output>& parts() const noexcept { return parts_; }
  int axis() const noexcept { return axis_; }

 private:
  Output output_;
  Operation op_;
  std::string name_;
  std::vector<Output> parts_;
  int axis_ = 0;
};

namespace internal {
// Any range of fetches: what isn't one itself, nor the span that takes them as they are.
template <typename Range>
concept RangeOfFetches = RangeOf<Range, Fetch> && !std::is_convertible_v<const Range&, Fetch> &&
                         !std::is_convertible_v<const Range&, std::span<const Fetch>>;
}  // namespace internal

// What is fed: an Output, a Variable, or the name of a tensor. A variable that is fed has that
// value during the whole run, whoever reads it, and nothing may write it. (In TensorFlow 1 only the
// readers of graph_element() see what a resource variable is fed.) A partitioned variable can't be
// fed, its parts can: TypeError (bad_feed).
class TENON_API FeedKey {
 public:
  FeedKey(Output output) : output_(std::move(output)) {}
  FeedKey(const Variable& variable);
  FeedKey(std::string name) : name_(std::move(name)) {}
  FeedKey(const char* name) : name_(internal::not_null(name)) {}

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

// The feeds of a run: a list, {{x, x_value}, {"y:0", y_value}}, or a map from keys (Output, name)
// to values.
class Feeds : public std::vector<Feed> {
 public:
  using std::vector<Feed>::vector;
  template <typename Map>
  requires(std::is_convertible_v<const typename Map::key_type&, FeedKey>&&
               std::is_convertible_v<const typename Map::mapped_type&, Tensor>)
      Feeds(const Map& map) {
    for (const auto& [key, value] : map) push_back({key, value});
  }
};

struct SessionOptions {
  // train::Server::target(): run on the devices of that server's cluster, and share the variables
  // there (tenon/server.h). What asks for no task is placed on the server's own. Then device_count,
  // emulated_gpus, threads and the memory limits are the servers', and say nothing here.
  std::string target = {};
  // How long a session with a target waits for the cluster's tasks to start.
  int operation_timeout_in_ms = 10000;
  // Puts an operation on a device that can run it where the one asked for can't or isn't there.
  bool allow_soft_placement = false;
  // Places only the operations that runs need, when they need them: one that asks for a device
  // that isn't there does no harm until it is run. Else the whole graph is placed by the first run.
  bool place_pruned_graph = false;
  // Prints one line an operation to standard error when it is placed: "name: (Type): device".
  bool log_device_placement = false;
  std::map<std::string, int> device_count = {};  // {"CPU", 4}: how many of a type there are
  // "/device:GPU:0", ... made of the CPU's kernels on memory that only they can reach: programs for
  // several GPUs run, and are tested, where there is none. 0: as many as the environment variable
  // TENON_EMULATED_GPUS says, else none. Where there are some, they take the place of real ones.
  int emulated_gpus = 0;
  // Which GPUs the session sees, and in which order, as "2,0": its /device:GPU:0 is GPU 2. "": all.
  // Throws InvalidArgumentError (bad_argument) for what is no such list.
  std::string visible_device_list = {};
  int threads = 0;              // of CPU kernels; 0: OMP_NUM_THREADS, else the number of cores
  size_t cpu_memory_limit = 0;  // bytes for variables and plans; 0: no limit
  size_t gpu_memory_limit = 0;  // the same of each GPU; 0: no limit but the device's own
  // Whether GPUs may round the factors of float32 products to TensorFloat-32 (10 bits of mantissa).
  bool allow_tf32 = false;
  // Whether GPUs' fused loops are compiled before their first run; else in the background of the
  // first runs, which interpret them and give the same bits.
  bool compile_ahead = false;
  // Whether compiled ones are kept on disk for later processes: in the folder that the environment
  // variable TENON_KERNEL_CACHE names (0: nowhere), else in tenon/ of XDG_CACHE_HOME or ~/.cache.
  // At most 64 MiB; what was used longest ago goes first.
  bool kernel_cache = true;
  // How many plans are kept, of runs and callables together; a callable keeps that of its last call
  // besides. 0: 128, or up to 1024 of small ones. Where more are in use than are kept, most of
  // these stay, else those used longest ago go. Plans share their working memory: there is as much
  // of it as the largest one needs, as often as runs were under way at once.
  size_t plan_cache_size = 0;
  // Whether a session says on standard error, once, that its graph keeps growing between runs: a
  // program that makes operations in its loop gets slower with each round, and fills memory.
  bool graph_growth_warning = true;
};

struct DeviceInfo {
  std::string name;         // "/job:localhost/replica:0/task:0/device:CPU:0"
  std::string device_type;  // "CPU", "GPU"
  size_t memory_limit;      // bytes; 0: no limit
  std::string description;  // "2 threads"
};

// One buffer of one variable on one device. With a target: of the variables that the session's runs
// have used, whoever initialised them.
struct Allocation {
  std::string variable;  // "scope/w"
  std::string device;
  DType dtype;
  Shape shape;
  size_t bytes;
};

// Where an operation runs, and why.
struct PlacedOperation {
  std::string operation;  // "model/MatMul"
  std::string type;       // "MatMul"
  std::string device;     // "/job:localhost/replica:0/task:0/device:GPU:0"
  // "asked for /device:GPU:0", "colocated with model/w", "where variable model/w is", "asked for
  // nothing" (then it is on the first GPU, or without one on the CPU), "no GPU has a kernel for
  // it", "soft placement: asked for /device:GPU:7, which isn't there".
  std::string reason;
};

// A value that a run copies from one device's memory to another's.
struct DeviceCopy {
  std::string operation;  // that made it, or that uses it when it is fed
  std::string from, to;   // devices
  DType dtype;
  Shape shape;
  size_t bytes;
};

// What explain_placement answers.
struct TENON_API PlacementReport {
  std::vector<PlacedOperation> operations;  // of the whole graph, in the order of making
  std::vector<DeviceCopy> copies;           // of the run that was asked about

  size_t copied_bytes() const;  // of all copies
  // "name (Type) device: reason", one line an operation; then "name dtype(shape) from -> to: n
  // bytes", one a copy, and their sum.
  std::string to_string() const;
};

// How a callable is run. tenon/cuda.h makes one for a CUDA program.
struct RunOptions {
  // Work on the GPU number `gpu` is put on this stream of the caller's (a cudaStream_t), behind
  // what is on it. The call returns when all is put there; it waits for nothing, unless something
  // is computed or handed out on the host. Nobody else uses the stream during the call.
  std::optional<void*> stream = {};
  int gpu = 0;
  // Results stay in the memory of the device that made them: they are ready when the stream is.
  // Each keeps its session alive.
  bool keep_on_device = false;
  // After that time a loop of the graph (while_loop) goes on no more: DeadlineExceededError
  // (timed_out). 0: whenever it ends.
  int64_t timeout_in_ms = 0;
};

// A run that is planned once and called often. Copies share the plan; calls may come from many
// threads at once. It keeps its session's state alive. One that was moved from throws
// FailedPreconditionError (closed).
class TENON_API Callable {
 public:
  // The values of the fetches, operations left out, for these values of the feeds (in the order
  // given to make_callable). Throws as Session::run does.
  std::vector<Tensor> operator()(std::initializer_list<Tensor> feeds = {},
                                 const RunOptions& options = {}) const;
  std::vector<Tensor> operator()(std::span<const Tensor> feeds,
                                 const RunOptions& options = {}) const;

  // The same into the caller's tensors, which must have the results' dtypes and shapes (else
  // InvalidArgumentError, shape_incompatible or dtype_incompatible) and lie where the results do
  // (else bad_placement): on the host, unless they are kept on the device. A warm call allocates
  // nothing. A result's tensor may lie over what is fed (a frame filtered in place): then the
  // result is made elsewhere and copied there at the end. Results that lie over each other are
  // refused (bad_argument).
  void run_into(std::initializer_list<Tensor> feeds, std::span<Tensor> outputs,
                const RunOptions& options = {}) const;
  void run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs,
                const RunOptions& options = {}) const;

  // Internal.
  explicit Callable(std::shared_ptr<internal::CallableState> state) : state_(std::move(state)) {}

 private:
  internal::CallableState& usable() const;

  std::shared_ptr<internal::CallableState> state_;
};

// A run in steps (Session::partial_run_setup). Copies are the same run.
class TENON_API PartialRun {
 public:
  // Internal.
  explicit PartialRun(std::shared_ptr<internal::PartialRunState> state)
      : state_(std::move(state)) {}
  const std::shared_ptr<internal::PartialRunState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<internal::PartialRunState> state_;
};

// One that was moved from throws FailedPreconditionError (closed), whatever it is asked.
//
// A session can be the default one of a thread, as in TensorFlow 1:
//
//   auto default_session = session.as_default();
//   init.run();                              // Operation::run
//   std::cout << loss.eval({{x, x_value}});  // Output::eval, Variable::eval
class TENON_API Session {
 public:
  // Of the default graph. Throws InvalidArgumentError (bad_argument) for options that make no
  // sense; of a target NotFoundError (bad_argument) when no server of this process has it, and
  // FailedPreconditionError (bad_argument) when tasks of its cluster don't start in time.
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
  //   RuntimeError          closed: after close(); with a target also after its reset(), or when
  //                         its server, or another that the run needs, has stopped
  Tensor run(const Fetch& fetch, const Feeds& feeds = {});
  std::vector<Tensor> run(std::initializer_list<Fetch> fetches, const Feeds& feeds = {});
  std::vector<Tensor> run(std::span<const Fetch> fetches, const Feeds& feeds = {});
  // Any range of what can be fetched: a std::vector<Output>, of Variables, ...
  template <internal::RangeOfFetches Range>
  std::vector<Tensor> run(const Range& fetches, const Feeds& feeds = {}) {
    return run(std::span<const Fetch>(ListOf<Fetch>(fetches).items()), feeds);
  }
  // A nested structure of fetches, answered in the same structure (tenon/fetch_structures.h).
  template <internal::NestedFetches T>
  internal::ValuesOf<T> run(const T& fetches, const Feeds& feeds = {}) {
    std::vector<Fetch> all;
    internal::Structure<T>::collect(fetches, all);
    std::vector<Tensor> results = run(std::span<const Fetch>(all), feeds);
    internal::FetchedValues values(results);
    return internal::Structure<T>::answer(fetches, values);
  }

  // Fetches come back; targets (operations) are only run.
  Callable make_callable(const ListOf<Fetch>& fetches, const ListOf<FeedKey>& feeds = {},
                         const ListOf<Fetch>& targets = {});

  // A run whose feeds come one after the other: all its fetches and feeds are named at first, and
  // partial_run then feeds some and fetches some, each once.
  //
  //   PartialRun run = session.partial_run_setup({a, b}, {x, y});
  //   Tensor a_value = session.partial_run(run, a, {{x, x_value}});
  //   Tensor b_value = session.partial_run(run, b, {{y, from(a_value)}});
  //
  // Of all steps together an operation runs once at most, in the first step with a fetch that needs
  // it. Other runs may come between two steps. The run ends when all is fetched, or when a step
  // fails while it runs. Throw InvalidArgumentError: bad_argument where nothing is to be
  // fetched, or the run is over or another session's; bad_feed, bad_fetch for what was not named,
  // or was fed or fetched before; must_feed for a fetch that needs a feed that has yet to come.
  // These leave the run as it was.
  PartialRun partial_run_setup(const ListOf<Fetch>& fetches, const ListOf<FeedKey>& feeds = {});
  Tensor partial_run(const PartialRun& run, const Fetch& fetch, const Feeds& feeds = {});
  std::vector<Tensor> partial_run(const PartialRun& run, std::initializer_list<Fetch> fetches,
                                  const Feeds& feeds = {});
  std::vector<Tensor> partial_run(const PartialRun& run, std::span<const Fetch> fetches,
                                  const Feeds& feeds = {});
  template <internal::RangeOfFetches Range>
  std::vector<Tensor> partial_run(const PartialRun& run, const Range& fetches,
                                  const Feeds& feeds = {}) {
    return partial_run(run, std::span<const Fetch>(ListOf<Fetch>(fetches).items()), feeds);
  }

  // Makes it the default session of the calling thread while the guard lives, which keeps the
  // session's state alive. It may be entered again, also inside itself. (The default graph stays
  // what it is.)
  ScopeGuard as_default() const;
  Context enter_as_default() const;

  // Gives up the variables' values, but those of a target, which are its servers'. Running
  // afterwards throws RuntimeError (closed); a run that is under way answers, or throws the same.
  void close();

  // Gives up the variables in these containers (none: in the tasks' own) on all tasks of the
  // target's cluster, and closes the sessions made on this very target. Throws NotFoundError
  // (bad_argument) for a target of no running server.
  static void reset(std::string_view target, std::vector<std::string> containers = {});

  Graph graph() const;
  std::vector<DeviceInfo> list_devices() const;
  // The buffers that hold variables now: each variable once a device.
  std::vector<Allocation> variable_allocations() const;
  // The steps of the plan for this run, one a line, with shapes, devices and the library that runs
  // each; for reading.
  std::string plan_text(const ListOf<Fetch>& fetches, const Feeds& feeds = {});

  // Where each operation of the graph is, and why; and what a run of these fetches copies between
  // devices (devices that compute in the host's memory share it: between them nothing is copied).
  // Of a run whose shapes hang on values, what is copied before those are known. Runs nothing.
  // Throws what planning that run would throw.
  PlacementReport explain_placement(const ListOf<Fetch>& fetches = {}, const Feeds& feeds = {});

  // Internal.
  Session(internal::OfState, std::shared_ptr<internal::SessionState> state);
  const std::shared_ptr<internal::SessionState>& state() const noexcept { return state_; }

 private:
  internal::SessionState& usable() const;

  std::shared_ptr<internal::SessionState> state_;
};

// The innermost session of as_default on this thread, else the last InteractiveSession made on it
// that isn't closed; nothing where there is neither.
TENON_API std::optional<Session> get_default_session();

// A session that is the default one of the thread that made it, below those that are entered, until
// it is closed or dies (which closes it): for programs that try things out. It places only what it
// runs (SessionOptions::place_pruned_graph). Of a graph of its own, that is the default graph, too.
class TENON_API InteractiveSession : public Session {
 public:
  explicit InteractiveSession(const SessionOptions& options = {});
  explicit InteractiveSession(const Graph& graph, const SessionOptions& options = {});
  ~InteractiveSession();
  InteractiveSession(const InteractiveSession&) = delete;
  InteractiveSession& operator=(const InteractiveSession&) = delete;

 private:
  Context default_graph_;
};

}  // namespace tenon
