// The graph: operations, their results, and the contexts in force while a program makes them.
//
//   Graph graph;                                  // or none: there is a default graph a thread
//   auto as_default = graph.as_default();
//   auto names = name_scope("tower");
//   auto on = device("/device:GPU:0");
//   Output y = add(x, 1.0f, {.name = "y"});       // tower/y:0
//
// Contexts (name scopes, devices, control dependencies, colocation, the default graph) are scope
// guards: in force from where they are made to where they die, for the calling thread alone.
// Adding operations to one graph from several threads is safe.
#pragma once

#include <any>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/context.h"
#include "tenon/device.h"
#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/list_of.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon {

class Graph;
class Index;
class Input;
class Output;
class Session;
class Variable;
struct Feed;  // tenon/session.h

namespace internal {
class GraphState;
class Node;
struct Unchecked {};  // says that an index is known to be right
struct VariableState;
}  // namespace internal

// A node of the graph; a cheap handle. Using one whose graph is gone throws
// FailedPreconditionError (closed); using an empty one throws ValueError (bad_argument).
class TENON_API Operation {
 public:
  Operation() = default;  // empty
  explicit operator bool() const noexcept { return node_ != nullptr; }
  bool operator==(const Operation& other) const noexcept { return node_ == other.node_; }

  const std::string& name() const;  // "a/add"
  const std::string& type() const;  // "AddV2": TensorFlow's name of the operation
  std::string device() const;       // what the device stack asked for, canonical; "" if nothing
  Location made_at() const;         // the caller's line that made it
  int input_count() const;
  int output_count() const;
  Output input(int index) const;
  Output output(int index) const;
  std::vector<Operation> control_inputs() const;
  Graph graph() const;

  // Runs it in the default session (Session::as_default), or in the one given. Throws ValueError
  // (no_default_session) where there is none, and what Session::run throws.
  void run() const;
  void run(const std::vector<Feed>& feeds) const;
  void run(Session& session) const;
  void run(const std::vector<Feed>& feeds, Session& session) const;

  // Internal.
  Operation(std::weak_ptr<internal::GraphState> graph, internal::Node* node)
      : graph_(std::move(graph)), node_(node) {}
  internal::Node* node() const;  // throws when empty or when the graph is gone
  internal::Node* node_unchecked() const noexcept { return node_; }
  const internal::Node* node_if_there() const noexcept;  // null in place of what node() throws
  std::shared_ptr<internal::GraphState> state() const;

 private:
  std::weak_ptr<internal::GraphState> graph_;
  internal::Node* node_ = nullptr;
};

// One symbolic result of an operation: what TensorFlow 1 calls a tf.Tensor. A cheap handle.
class TENON_API Output {
 public:
  Output() = default;  // empty: `gradients` answers it where there is no path
  // Throws ValueError (bad_argument) when the operation has no such output.
  Output(Operation op, int index);
  explicit operator bool() const noexcept { return static_cast<bool>(op_); }
  bool operator==(const Output& other) const noexcept = default;

  std::string name() const;  // "a/add:0"
  const Operation& op() const noexcept { return op_; }
  int index() const noexcept { return index_; }
  DType dtype() const;
  Shape shape() const;                       // what is known of it
  void set_shape(const Shape& shape) const;  // merges; ValueError (shape_incompatible) otherwise
  std::string device() const { return op_.device(); }
  Graph graph() const;

  // Its value in the default session, or in the one given; see Operation::run.
  Tensor eval() const;
  Tensor eval(const std::vector<Feed>& feeds) const;
  Tensor eval(Session& session) const;
  Tensor eval(const std::vector<Feed>& feeds, Session& session) const;

  // A part of it, as Python's x[...]: y[0], y[{Slice{1, -1}, ellipsis, 3}] (tenon/slicing.h).
  Output operator[](const Index& index) const;
  Output operator[](std::initializer_list<Index> index) const;
  Output operator[](std::span<const Index> index) const;

  // Internal.
  Output(internal::Unchecked, Operation op, int index) : op_(std::move(op)), index_(index) {}

 private:
  Operation op_;
  int index_ = 0;
};

TENON_API std::ostream& operator<<(std::ostream& out, const Operation& op);
TENON_API std::ostream& operator<<(std::ostream& out, const Output& output);

// An argument of an operation: an Output, a Variable, something else that converts to an Output, a
// Tensor, or a literal. A Variable is kept as such, in options too: it is read where the operation
// is made, after what control dependencies in force there wait for. A Tensor is copied then: what
// the program writes to it afterwards changes nothing. A literal is weakly typed: alone it is
// float32 or int32 (bool, string), beside a tensor it takes the tensor's dtype where that loses
// nothing (an integer becomes a float, never the other way round). It becomes a constant below the
// operation's name ("add/y") only then.
class TENON_API Input {
 public:
  Input(Output output, Location where = Location::current())
      : output_(std::move(output)), where_(where) {}
  // Throws ValueError (bad_argument) for an empty handle.
  Input(const Variable& variable, Location where = Location::current());
  Input(Tensor value, Location where = Location::current())
      : value_(std::move(value)), where_(where) {}
  Input(float value, Location where = Location::current())
      : value_(value), weak_(true), where_(where) {}
  Input(double value, Location where = Location::current())
      : value_(value), weak_(true), where_(where) {}
  Input(int value, Location where = Location::current())
      : value_(static_cast<int64_t>(value)), weak_(true), where_(where) {}
  Input(int64_t value, Location where = Location::current())
      : value_(value), weak_(true), where_(where) {}
  Input(bool value, Location where = Location::current())
      : value_(value), weak_(true), where_(where) {}
  // Any other integer (size_t, ...). Throws ValueError (bad_argument) beyond int64.
  template <std::integral T>
  Input(T value, Location where = Location::current())
      : value_(internal::to_int64(value)), weak_(true), where_(where) {}
  Input(const char* value, Location where = Location::current())
      : value_(value), weak_(true), where_(where) {}
  template <typename T>
  requires(Element<T> || std::is_same_v<T, int>)
      Input(std::initializer_list<T> values, Location where = Location::current())
      : value_(values), weak_(true), where_(where) {}
  template <typename T>
  requires(Element<T> || std::is_same_v<T, int>)
      Input(std::initializer_list<std::initializer_list<T>> rows,
            Location where = Location::current())
      : value_(rows), weak_(true), where_(where) {}
  template <typename T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Input> &&
           !std::is_same_v<std::remove_cvref_t<T>, Output> &&
           !std::is_same_v<std::remove_cvref_t<T>, Tensor> &&
           !std::is_same_v<std::remove_cvref_t<T>, Variable> && std::is_class_v<T> &&
           std::is_convertible_v<const T&, Output>)
      Input(const T& value, Location where = Location::current())
      : output_(static_cast<Output>(value)), where_(where) {}
  // A literal of any dtype, weakly typed as float32 (floating) or int32 (integer) would be.
  static Input weak(Tensor value, Location where = Location::current()) {
    Input input(std::move(value), where);
    input.weak_ = true;
    return input;
  }

  // Whether it is an Output or a Variable, not a value.
  bool is_output() const noexcept { return output_ || variable_ != nullptr; }
  // The Output; of a Variable a read of it that is made now, where the program is.
  Output output() const;
  const Tensor& value() const noexcept { return value_; }
  bool is_weak() const noexcept { return weak_; }
  const Location& where() const noexcept { return where_; }
  // Of the value, the Output or the Variable, without reading it.
  DType dtype() const;
  Shape shape() const;

  // Internal: whether it is a Variable; of what is_output(), its graph and its name.
  bool is_variable() const noexcept { return variable_ != nullptr; }
  std::shared_ptr<internal::GraphState> graph_state() const;
  std::string name() const;
  std::vector<Input> parts() const;  // of a partitioned Variable; of all else itself
  const std::shared_ptr<internal::VariableState>& variable() const noexcept { return variable_; }

 private:
  Output output_;
  std::shared_ptr<internal::VariableState> variable_;
  Tensor value_;
  bool weak_ = false;
  Location where_;
};

// What every operation takes besides its arguments. None is made whose result would have a negative
// size, or more elements than 64 bits can count: ValueError (shape_incompatible).
struct OpOptions {
  std::string name = {};  // left out: the operation's own; made unique unless it ends in "/"
};

// A name scope that is open. `name()` ends in "/" and enters this very scope again when it is given
// to name_scope; "" at the root.
class [[nodiscard]] NameScope : public ScopeGuard {
 public:
  NameScope(Context context, std::string name)
      : ScopeGuard(std::move(context)), name_(std::move(name)) {}
  const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
};

// Decides an operation's device from the operation; its answer is merged like a device string.
using DeviceFunction = std::function<std::string(const Operation&)>;

// Arguments: `concat({x, w, 1.0f}, 0)`, or any range of what converts to them.
using Inputs = ListOf<Input>;

// A graph: a handle to shared state. Sessions keep the state alive; Operation, Output and Variable
// don't. A default-constructed Graph is a new, empty graph. Using one that was moved from throws
// FailedPreconditionError (closed).
class TENON_API Graph {
 public:
  Graph();
  explicit Graph(std::shared_ptr<internal::GraphState> state) : state_(std::move(state)) {}
  bool operator==(const Graph& other) const noexcept { return state_ == other.state_; }

  // Makes this the default graph of the calling thread while the guard lives.
  ScopeGuard as_default() const;
  Context enter_as_default() const;

  // From here on, adding an operation throws RuntimeError (bad_argument).
  void finalize() const;
  bool finalized() const;

  std::vector<Operation> operations() const;  // in the order of making
  // The bytes of a GraphDef, which TensorFlow loads and computes the same with; conditionals and
  // loops are functions of its library. Throws UnimplementedError (no_kernel) naming all that
  // TensorFlow has no operations for.
  std::string as_graph_def() const;
  // Throws KeyError (no_such_tensor) when there is none of that name, ValueError (no_such_tensor)
  // when the name is of another kind ("w" is an operation's name, "w:0" a tensor's).
  Operation operation(std::string_view name) const;
  Output tensor(std::string_view name) const;

  // `name` inside the current name scope, with _1, _2, ... appended until no operation or scope has
  // it; names that differ in case alone are the same: after "w", "W" becomes "W_1". (So operators
  // and functions share one count: x + y is "add", tenon::add then "Add_1".) With mark_as_used the
  // name is then taken.
  std::string unique_name(std::string_view name, bool mark_as_used = true) const;
  std::string name_scope() const;  // the current one without its slash; "" at the root

  // The seed that operations without one of their own are seeded from, together with their number.
  // An operation's own seed and the graph's choose the stream together; an operation's alone goes
  // with the graph seed 87654321. The pair (0, 0) becomes (0, 2^31 - 1).
  void set_seed(std::optional<int64_t> seed) const;
  std::optional<int64_t> seed() const;

  const std::shared_ptr<internal::GraphState>& state() const;

 private:
  std::shared_ptr<internal::GraphState> state_;
};

// The innermost graph of as_default on this thread, else the process's own.
TENON_API Graph get_default_graph();
// Replaces the process's own default graph by a new one. Throws RuntimeError (bad_argument) inside
// as_default.
TENON_API void reset_default_graph();
// The seed of the default graph.
TENON_API void set_random_seed(int64_t seed);

// Opens a name scope below the current one: operations made in it are named name/... The name is
// made unique; one that ends in "/" is entered as it is; "" goes back to the root.
// Throws ValueError (invalid_name).
TENON_API NameScope name_scope(std::string_view name, Location where = Location::current());
TENON_API std::pair<Context, std::string> enter_name_scope(std::string_view name,
                                                           Location where = Location::current());

// Operations made in it ask for this device, merged field by field over what is around it ("" says
// nothing); they show it in canonical form, "/gpu:1" as "/device:GPU:1". nullptr or an empty
// function clears all that is around it. Throws ValueError (bad_device); a function's answer that
// doesn't parse, or what it throws, comes out of the operation that was to be made, which isn't
// made then. A function is asked for the operations that it makes itself, too; one that never ends
// throws RuntimeError (bad_device). A session places the whole graph: one operation on a device
// that it doesn't have fails every run, whatever is fetched.
TENON_API ScopeGuard device(std::string_view name, Location where = Location::current());
TENON_API ScopeGuard device(const char* name, Location where = Location::current());
TENON_API ScopeGuard device(std::nullptr_t);
TENON_API ScopeGuard device(const DeviceSpec& spec);
TENON_API ScopeGuard device(DeviceFunction function);
TENON_API Context enter_device(std::string_view name, Location where = Location::current());
TENON_API Context enter_device(std::nullptr_t);
TENON_API Context enter_device(DeviceFunction function);

namespace internal {
TENON_API Context enter_no_control_dependencies();
}  // namespace internal

// Something that control dependencies can wait for: an Operation, an Output or a Variable.
class TENON_API ControlInput {
 public:
  ControlInput(Operation op) : op_(std::move(op)) {}
  ControlInput(const Output& output) : op_(output.op()) {}
  template <typename T>
  requires(std::is_class_v<T> && !std::is_same_v<T, Output> && !std::is_same_v<T, Operation> &&
           !std::is_same_v<T, ControlInput> &&
           requires(const T& t) {
             { t.op() } -> std::convertible_to<Operation>;
           }) ControlInput(const T& thing)
      : op_(thing.op()) {}
  const Operation& op() const noexcept { return op_; }

 private:
  Operation op_;
};

using ControlInputs = ListOf<ControlInput>;

// Operations made in it run after these: a braced list, which may mix Operations, Outputs and
// Variables, or any range of one of them. nullptr: no dependencies, those around it neither.
TENON_API ScopeGuard control_dependencies(const ControlInputs& inputs);
TENON_API Context enter_control_dependencies(const ControlInputs& inputs);
template <std::same_as<std::nullptr_t> T>
ScopeGuard control_dependencies(T) {
  return ScopeGuard(internal::enter_no_control_dependencies());
}
template <std::same_as<std::nullptr_t> T>
Context enter_control_dependencies(T) {
  return internal::enter_no_control_dependencies();
}

// Operations made in it are placed where `op` is. With ignore_existing the device scopes around it
// don't count.
TENON_API ScopeGuard colocate_with(const Operation& op, bool ignore_existing = false);
TENON_API Context enter_colocate_with(const Operation& op, bool ignore_existing = false);

}  // namespace tenon

// An Output can be a key in a hash table.
template <>
struct std::hash<tenon::Output> {
  size_t operator()(const tenon::Output& output) const noexcept {
    return std::hash<const void*>()(output.op().node_unchecked()) * 31 +
           static_cast<size_t>(output.index());
  }
};
