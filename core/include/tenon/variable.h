// Variables: named tensors that keep their value between runs of a session.
//
//   Variable w = get_variable("w", {.shape = {784, 10}});  // shared by name (variable_scope.h)
//   Variable b(Tensor({1.0f, 2.0f}), {.name = "b"});       // tf.Variable: always a new one
//   session.run(global_variables_initializer());
//   session.run(w.assign_add(delta));
//
// A variable is three things in the graph: the node that stands for its memory (op()), an operation
// that gives it its first value (initializer()), and a read of it (value()). Memory is taken when a
// session runs the initializer; each session has values of its own.
//
// By default a variable is a reference variable, as in TensorFlow 1; with use_resource it is a
// resource variable. What they hold and how they are shared is the same. They differ in
//  - the operations that they are made of, and so in what names and seeds follow from these;
//  - when they are read: a reference variable by each operation that takes it, when that runs; a
//    resource variable by a ReadVariableOp that is made where it is used, and runs after what
//    control dependencies in force there wait for;
//  - assigning another shape: refused where the assignment is made, or when it runs.
//
// Rules that are worth knowing:
//  - A variable's name follows the current name scope (which a variable scope opens, too): Variable
//    "v" in the second variable_scope("s") is s_1/v. get_variable ignores name scopes.
//  - Names are unique whatever their case: after "w", "W" becomes "W_1".
//  - A new variable is on the device in force; writes of a reference variable are on the variable's
//    own device, whatever is in force where they are made. A caching device shows on value(), not
//    on the variable nor on read_value().
//  - Initialising all variables at once has no order: an initial value that reads another variable
//    must read its initialized_value().
//  - Values belong to a session (with a target, to its servers): another starts with none.
//  - Whatever `collections` says, a trainable variable is in TRAINABLE_VARIABLES, too.
//  - A variable whose making fails takes no name and leaves no operation behind, unless something
//    refers to what was made (a collection, another variable).
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/initializers.h"
#include "tenon/list_of.h"
#include "tenon/shape.h"
#include "tenon/slicing.h"
#include "tenon/tensor.h"

namespace tenon {

class Session;
class Variable;
class VariableSlice;

namespace internal {
struct VariableState;
}  // namespace internal

// When replicas of a variable are brought together. Kept with the variable; ON_READ alone changes
// something here: such a variable isn't trainable unless it says so.
enum class VariableSynchronization { AUTO, NONE, ON_WRITE, ON_READ };
// How replicas of a variable are brought together. Kept with the variable.
enum class VariableAggregation { NONE, SUM, MEAN, ONLY_FIRST_REPLICA };

// A function that an optimizer applies to a variable's new value after each update; its answer, of
// the same shape, is what the variable then holds.
using Constraint = std::function<Output(const Output& value)>;

// Where a variable's value is cached for its readers: a device, or a function that decides.
class CachingDevice {
 public:
  CachingDevice() = default;  // not cached
  CachingDevice(const char* name) : name_(internal::not_null(name)) {}
  CachingDevice(std::string name) : name_(std::move(name)) {}
  CachingDevice(std::string_view name) : name_(std::string(name)) {}
  CachingDevice(DeviceFunction function) : function_(std::move(function)) {}
  explicit operator bool() const noexcept { return name_.has_value() || function_ != nullptr; }
  const std::optional<std::string>& name() const noexcept { return name_; }
  const DeviceFunction& function() const noexcept { return function_; }

 private:
  std::optional<std::string> name_;
  DeviceFunction function_;
};

// The keys of the collections that a variable is added to. Left out ({}), the usual ones; an empty
// list is said by none().
class CollectionKeys {
 public:
  CollectionKeys() = default;
  CollectionKeys(std::initializer_list<std::string_view> keys)
      : keys_(std::vector<std::string>(keys.begin(), keys.end())) {}
  CollectionKeys(std::vector<std::string> keys) : keys_(std::move(keys)) {}
  static CollectionKeys none() { return CollectionKeys(std::vector<std::string>()); }
  explicit operator bool() const noexcept { return keys_.has_value(); }
  const std::vector<std::string>& operator*() const { return *keys_; }

 private:
  std::optional<std::vector<std::string>> keys_;
};

struct VariableOptions {
  std::string name = {};               // left out: "Variable"; made unique in the name scope
  std::optional<bool> trainable = {};  // left out: true, but for synchronization ON_READ
  CollectionKeys collections = {};     // instead of GLOBAL_VARIABLES
  bool validate_shape = true;          // false: the initial value's shape needn't be known
  CachingDevice caching_device = {};
  std::optional<DType> dtype = {};           // left out: the initial value's
  std::optional<Shape> expected_shape = {};  // accepted for TensorFlow's sake; has no effect
  std::optional<Shape> shape = {};           // left out: the initial value's
  std::optional<bool> use_resource = {};     // left out: the variable scope's, else false
  Constraint constraint = {};
  VariableSynchronization synchronization = VariableSynchronization::AUTO;
  VariableAggregation aggregation = VariableAggregation::NONE;
};

// A new variable's initial value: an Output, a Variable's value, a Tensor, a literal, or a function
// of nothing that returns one of these (called where the variable's other operations are made).
class InitialValue {
 public:
  InitialValue() = default;  // none
  template <typename T>
  requires(std::is_convertible_v<const T&, Input> && !std::is_invocable_v<const T&>)
      InitialValue(const T& value)
      : initializer_(value) {}
  template <typename F>
  requires(std::is_invocable_r_v<Input, const F&>) InitialValue(F function)
      : initializer_(std::move(function)) {}
  template <typename T>
  requires(Element<T> || std::is_same_v<T, int>) InitialValue(std::initializer_list<T> values)
      : initializer_(values) {}
  template <typename T>
  requires(Element<T> || std::is_same_v<T, int>)
      InitialValue(std::initializer_list<std::initializer_list<T>> rows)
      : initializer_(rows) {}
  const Initializer& initializer() const noexcept { return initializer_; }

  // Internal: of a value or a function of nothing.
  explicit InitialValue(Initializer initializer) : initializer_(std::move(initializer)) {}

 private:
  Initializer initializer_;
};

// A handle to one of three things that get_variable can return: a variable, a partitioned one
// (is_partitioned()), or the tensor that a custom getter made of variables (is_tensor()). All
// convert to Output, their value. What one of them lacks throws ValueError (bad_argument) that says
// which of the three it is.
//
// Cheap to copy; handles are equal when they are of the same thing. The graph owns the variable.
// Using an empty handle throws ValueError (bad_argument); using one whose graph is gone,
// FailedPreconditionError (closed). Reading a handle is safe from any thread.
class TENON_API Variable {
 public:
  Variable() = default;  // empty

  // A new variable (tf.Variable): named after options.name below the current name scope, made
  // unique. get_variable never finds it.
  // Throws ValueError: no_shape (no initial value, or one whose shape isn't known), invalid_name,
  // inside_control_flow; TypeError (dtype_incompatible) when the value doesn't convert to dtype.
  explicit Variable(const InitialValue& initial_value, const VariableOptions& options = {},
                    Location where = Location::current());

  // A handle to a tensor in place of a variable: what a custom getter may return.
  static Variable from_tensor(Output tensor);

  explicit operator bool() const noexcept { return state_ != nullptr; }
  bool operator==(const Variable& other) const noexcept;
  bool is_partitioned() const noexcept;
  bool is_tensor() const noexcept;
  bool is_resource() const;

  const std::string& name() const;  // "scope/w:0"; of a partitioned variable "scope/w"
  Operation op() const;             // VariableV2 or VarHandleOp; of a tensor what made it
  DType dtype() const;
  Shape shape() const;
  std::string device() const;  // where it was asked to be; "" if nowhere
  Graph graph() const;
  Location made_at() const;  // the caller's line that made it

  bool trainable() const;
  const Constraint& constraint() const;
  VariableSynchronization synchronization() const;
  VariableAggregation aggregation() const;

  // The operation that gives the variable its initial value, and that value.
  Operation initializer() const;
  Output initial_value() const;

  // The value: the one read that was made with the variable (from the caching device, if there is
  // one); of a resource variable, a new read where the program is. A partitioned variable's parts
  // are joined.
  Output value(Location where = Location::current()) const;
  operator Output() const { return value(Location{}); }
  // A new read: in control_dependencies it reads after what these do.
  Output read_value(Location where = Location::current()) const;
  // The value if the session has initialised the variable, else its initial value: what another
  // variable's initializer may depend on, whatever the order of initialisation.
  Output initialized_value(Location where = Location::current()) const;
  // Whether the session that runs it has initialised the variable: a bool.
  Output is_initialized(Location where = Location::current()) const;

  // A part of the value, and what can be assigned to: w[0], w[{Slice{}, 1}].assign(column).
  VariableSlice operator[](const Index& index) const;
  VariableSlice operator[](std::initializer_list<Index> index) const;
  VariableSlice operator[](std::span<const Index> index) const;

  // Fetching the answer writes the variable and gives its new value. Throws ValueError
  // (shape_incompatible) or TypeError (dtype_incompatible). Of a partitioned variable the value is
  // split as the variable is, and the answer is the parts' new values joined.
  Output assign(const Input& value, const OpOptions& options = {},
                Location where = Location::current()) const;
  Output assign_add(const Input& delta, const OpOptions& options = {},
                    Location where = Location::current()) const;
  Output assign_sub(const Input& delta, const OpOptions& options = {},
                    Location where = Location::current()) const;
  // Rows at indices (int32 or int64, any shape): updates are of shape indices + the rest. Of a
  // partitioned variable indices count through all its parts, and the answer is these joined.
  Output scatter_update(const Input& indices, const Input& updates, const OpOptions& options = {},
                        Location where = Location::current()) const;
  Output scatter_add(const Input& indices, const Input& updates, const OpOptions& options = {},
                     Location where = Location::current()) const;
  Output scatter_sub(const Input& indices, const Input& updates, const OpOptions& options = {},
                     Location where = Location::current()) const;
  // Gives the value before, and adds one; fails (OutOfRangeError, limit_reached) when the value has
  // reached the limit.
  Output count_up_to(int64_t limit, const OpOptions& options = {},
                     Location where = Location::current()) const;

  // Its value in the default session (Session::as_default), or in the one given; of a partitioned
  // variable its parts joined. Throws ValueError (no_default_session) where there is none, and what
  // Session::run throws.
  Tensor eval() const;
  Tensor eval(Session& session) const;

  // Writes a value into the default session or the one given, without adding to the graph; of a
  // partitioned variable each part's share of it.
  // Throws ValueError (no_default_session; bad_feed_shape, bad_feed for another shape or dtype).
  void load(const Tensor& value) const;
  void load(const Tensor& value, Session& session) const;

  // The parts of a partitioned variable, in order; of another variable itself alone.
  std::vector<Variable> parts() const;
  // How many parts there are along each axis; empty when it isn't partitioned.
  std::vector<int64_t> partitions() const;
  // Of a part: the whole's name and shape, and where the part begins; nothing of a whole variable.
  struct SliceInfo {
    std::string full_name;
    Shape full_shape;
    std::vector<int64_t> var_offset;
    std::vector<int64_t> var_shape;
  };
  std::optional<SliceInfo> save_slice_info() const;
  // A partitioned variable's parts joined into one tensor; of another variable value().
  Output as_tensor(Location where = Location::current()) const;

  // The variable's own endpoint: a reference to its memory (VariableV2:0), or its handle
  // (VarHandleOp:0). What writes the variable takes this.
  Output handle() const;
  // What a session feeds and fetches for the variable's name.
  Output graph_element() const;

  // Internal.
  explicit Variable(std::shared_ptr<internal::VariableState> state) : state_(std::move(state)) {}
  const std::shared_ptr<internal::VariableState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<internal::VariableState> state_;
};

TENON_API std::ostream& operator<<(std::ostream& out, const Variable& variable);

// A part of a variable: the tensor that was read of it, which can be assigned to, too.
class TENON_API VariableSlice : public Output {
 public:
  // Fetching the answer writes the part and gives the variable's whole new value. The value is
  // broadcast to the part: one number fills it. Throws TypeError (dtype_incompatible); whether the
  // shape fits is seen when it runs (InvalidArgumentError, shape_incompatible).
  Output assign(const Input& value, const OpOptions& options = {},
                Location where = Location::current()) const;

 private:
  friend class Variable;
  VariableSlice(Output value, Variable variable)
      : Output(std::move(value)), variable_(std::move(variable)) {}

  Variable variable_;
};

// An Output or a Variable, kept apart: what gradients, var_list and feeds take. The gradient by a
// Variable counts every read of it; by its converted value, that read alone.
class TENON_API Ref {
 public:
  Ref(Output output) : output_(std::move(output)) {}
  Ref(Variable variable) : variable_(std::move(variable)) {}

  bool is_variable() const noexcept { return static_cast<bool>(variable_); }
  const Variable& variable() const noexcept { return variable_; }
  const Output& output() const noexcept { return output_; }  // empty of a variable
  // The output itself; of a variable its handle(), which all its reads come from.
  Output endpoint() const { return is_variable() ? variable_.handle() : output_; }
  std::string name() const;

 private:
  Output output_;
  Variable variable_;
};

// The variables of a collection of the default graph, in the order of making. `scope` is a regular
// expression that is matched at the start of the names; "" is no filter.
TENON_API std::vector<Variable> global_variables(std::string_view scope = {});
TENON_API std::vector<Variable> trainable_variables(std::string_view scope = {});
TENON_API std::vector<Variable> local_variables(std::string_view scope = {});
TENON_API std::vector<Variable> model_variables(std::string_view scope = {});
TENON_API std::vector<Variable> moving_average_variables(std::string_view scope = {});

// An operation that runs the initializers of these variables, in no order. Throws ValueError
// (not_a_variable) for what has no initializer.
TENON_API Operation variables_initializer(const ListOf<Variable>& variables,
                                          const OpOptions& options = {},
                                          Location where = Location::current());
// The same for all variables of GLOBAL_VARIABLES or LOCAL_VARIABLES; AttributeError's kind
// (ValueError, not_a_variable) when something else is in the collection.
TENON_API Operation global_variables_initializer(Location where = Location::current());
TENON_API Operation local_variables_initializer(Location where = Location::current());
// An operation that runs what is in TABLE_INITIALIZERS: nothing, unless the program put it there.
TENON_API Operation tables_initializer(const OpOptions& options = {.name = "init_all_tables"},
                                       Location where = Location::current());

// The names of the operations of those variables that the session hasn't initialised: a vector of
// strings. Left out: the global and local variables.
TENON_API Output report_uninitialized_variables(Location where = Location::current());
TENON_API Output report_uninitialized_variables(const ListOf<Variable>& variables,
                                                Location where = Location::current());
TENON_API Output is_variable_initialized(const Variable& variable,
                                         Location where = Location::current());
// An operation that fails (FailedPreconditionError, uninitialized) unless all of the variables are
// initialised; empty when there are none. Left out: the global and local variables.
TENON_API Output assert_variables_initialized(Location where = Location::current());
TENON_API Output assert_variables_initialized(const ListOf<Variable>& variables,
                                              Location where = Location::current());

}  // namespace tenon
