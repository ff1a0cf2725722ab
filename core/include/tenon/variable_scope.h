// Variable scopes: where get_variable takes a variable's name, defaults and reuse rule from.
//
//   auto scope = variable_scope("layer1");
//   Variable w = get_variable("w", {.shape = {784, 10}});     // creates layer1/w
//   scope.reuse_variables();
//   Variable same = get_variable("w", {.shape = {784, 10}});  // layer1/w again
//
// Rules that are worth knowing:
//  - A scope's name goes before the variables' names; entering it also opens a name scope for the
//    operations made in it, which is made unique: the second variable_scope("a") has operations
//    a_1/..., and variables a/... still. Name scopes never rename variables of get_variable.
//  - The graph's names and the variables' may differ: where an operation or scope has taken "w",
//    get_variable("w") makes the operation w_1, and yet shares it as w. variable_scope("b") takes
//    the name b, too: a variable b made afterwards at the root is b_1:0.
//  - reuse false is the same as nothing: it inherits. Inside reuse true nothing turns it off;
//    AUTO_REUSE replaces true and true AUTO_REUSE. Without a name reuse is an error, AUTO_REUSE
//    too.
//  - A captured scope (a VariableScope kept) is entered from anywhere under its own name, with its
//    own reuse and defaults, not those of the scope around it. reuse given there replaces its own.
//    Its name scope is the last part of its name, below the current name scope.
//  - A scope entered again keeps its original_name_scope. auxiliary_name_scope false opens no name
//    scope: original_name_scope is then the current one, "" at the root.
//  - default_name is made unique by counting the scopes opened under the same parent, whatever name
//    scopes and variables there are. Leaving a scope sets the counts of all below it to zero;
//    leaving a captured one restores them.
//  - Defaults set on a scope (set_..., reuse_variables) change that scope: the open one until it is
//    left, a captured one for later entries. They reach variables made in it and scopes opened in
//    it later, not scopes that are open in it. `constraint` alone is neither inherited by inner
//    scopes nor kept when the scope is entered again.
//  - Sharing looks at shape and dtype alone: the initial value is ignored, the regularizer's loss
//    was added when the variable was made. Only a value together with a shape is an error always.
//  - Scalars are never partitioned. Without a partitioner a partitioned variable is found under
//    reuse true alone; elsewhere that is partition_mismatch.
//  - A name that no operation can have is no error under reuse true: there is no such variable.
//  - get_variable(..., {.collections}) replaces GLOBAL_VARIABLES; a trainable variable is in
//    TRAINABLE_VARIABLES all the same.
//
// Scopes are the calling thread's own; the variables are the graph's. Building one graph from
// several threads is safe.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/collections.h"
#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/initializers.h"
#include "tenon/partitioners.h"
#include "tenon/regularizers.h"
#include "tenon/shape.h"
#include "tenon/variable.h"

namespace tenon {

namespace internal {
struct ScopeState;
}  // namespace internal

struct AutoReuse {};
// reuse = AUTO_REUSE: a variable that exists is shared, one that doesn't is made.
inline constexpr AutoReuse AUTO_REUSE{};

// Whether variables are shared: true, AUTO_REUSE, or false (in a scope's options: inherit).
class Reuse {
 public:
  constexpr Reuse() = default;
  template <typename Bool>
  requires(std::is_same_v<Bool, bool>) constexpr Reuse(Bool reuse) : mode_(reuse ? kYes : kNo) {}
  constexpr Reuse(AutoReuse) : mode_(kAuto) {}
  constexpr bool is_true() const noexcept { return mode_ == kYes; }
  constexpr bool is_auto() const noexcept { return mode_ == kAuto; }
  // Whether it may share at all: true or AUTO_REUSE.
  constexpr explicit operator bool() const noexcept { return mode_ != kNo; }
  constexpr bool operator==(const Reuse&) const = default;

 private:
  enum Mode { kNo, kYes, kAuto };
  Mode mode_ = kNo;
};

struct GetVariableOptions;

// Gets the variable, in a custom getter: with the scope's and the caller's arguments, or others.
using Getter = std::function<Variable(std::string_view name, const GetVariableOptions& options)>;

// Stands between get_variable and the variable. `name` is the full name, with the scope's; in
// `options` all that scopes and caller say is filled in, `reuse` too. Returns what `getter`
// returns, or Variable::from_tensor of something made of it. A scope's getter is called before that
// of the scope around it, which is then its `getter`; one given to get_variable replaces them all.
using CustomGetter =
    std::function<Variable(const Getter& getter, std::string name, GetVariableOptions options)>;

struct GetVariableOptions {
  Shape shape = Shape::unknown();      // {} is a scalar; may be left out where a variable is shared
  std::optional<DType> dtype = {};     // left out: the scope's, which is float32 unless set
  Initializer initializer = {};        // left out: the scope's, else glorot_uniform or zeros
  Regularizer regularizer = {};        // left out: the scope's
  std::optional<bool> trainable = {};  // left out: true, but for synchronization ON_READ
  CollectionKeys collections = {};     // instead of GLOBAL_VARIABLES
  CachingDevice caching_device = {};   // left out: the scope's
  Partitioner partitioner = {};        // left out: the scope's; scalars aren't partitioned
  bool validate_shape = true;          // false: the initial value's shape needn't be known
  std::optional<bool> use_resource = {};  // left out: the scope's, else false
  CustomGetter custom_getter = {};        // replaces those of the scopes
  Constraint constraint = {};             // left out: the scope's
  VariableSynchronization synchronization = VariableSynchronization::AUTO;
  VariableAggregation aggregation = VariableAggregation::NONE;
  std::optional<Reuse> reuse = {};  // left out: the scope's; custom getters read it
};

struct VariableScopeOptions {
  std::optional<std::string> default_name = {};  // where no name is given: made unique
  Inputs values = {};            // their graph is the default one while the scope is open
  Initializer initializer = {};  // defaults of get_variable; left out: those of the scope around
  Regularizer regularizer = {};
  CachingDevice caching_device = {};
  Partitioner partitioner = {};
  CustomGetter custom_getter = {};  // called before that of the scope around it
  Reuse reuse = {};                 // true, AUTO_REUSE; false or left out: inherit
  std::optional<DType> dtype = {};
  std::optional<bool> use_resource = {};
  Constraint constraint = {};        // not inherited from the scope around it
  bool auxiliary_name_scope = true;  // false: no name scope is opened
};

// What get_variable made and what it found where AUTO_REUSE let it choose. What is in both lists
// was made here and asked for again: meant to be shared, or two layers of one name.
struct ReuseReport {
  struct Entry {
    Variable variable;
    Location where;  // who made it here; who found it first
  };
  std::vector<Entry> made = {};   // in the order of making
  std::vector<Entry> found = {};  // each once, in the order of finding
};
// "made 1:", "  a/w:0 at model.cpp:7", "found 0": a line for each variable.
TENON_API std::ostream& operator<<(std::ostream& out, const ReuseReport& report);

// A handle to a variable scope: its name, reuse and defaults. Copies are of the same scope: what
// one sets, all see. Kept after the scope was left, it can be entered again. Equal when the same
// scope. Using an empty handle throws ValueError (bad_argument).
class TENON_API VariableScope {
 public:
  VariableScope() = default;
  explicit operator bool() const noexcept { return state_ != nullptr; }
  bool operator==(const VariableScope& other) const noexcept { return state_ == other.state_; }

  const std::string& name() const;                 // "a/b"; "" at the root
  const std::string& original_name_scope() const;  // "a/b_1/": the name scope first opened for it
  Reuse reuse() const;
  const Initializer& initializer() const;
  const Regularizer& regularizer() const;
  const CachingDevice& caching_device() const;
  const Partitioner& partitioner() const;
  const CustomGetter& custom_getter() const;
  const Constraint& constraint() const;
  DType dtype() const;
  std::optional<bool> use_resource() const;

  // From now on get_variable shares: here, and in scopes opened in this one.
  void reuse_variables(Location where = Location::current()) const;
  // What was made and found since AUTO_REUSE was switched on for this scope: here, in scopes opened
  // inside that inherit it, and wherever this scope was entered again without a reuse of its own.
  // Each entry with {.reuse = AUTO_REUSE} starts a new report. Empty where reuse is off or true.
  ReuseReport reuse_report() const;
  void set_initializer(Initializer initializer) const;
  void set_regularizer(Regularizer regularizer) const;
  void set_caching_device(CachingDevice caching_device) const;
  void set_partitioner(Partitioner partitioner) const;
  void set_custom_getter(CustomGetter custom_getter) const;
  void set_dtype(DType dtype) const;
  void set_use_resource(std::optional<bool> use_resource) const;

  // What of a collection of the default graph has a name that begins with the scope's, "name/"
  // (read as a regular expression); at the root, everything that has a name.
  template <typename T>
  std::vector<T> get_collection(std::string_view key) const {
    return tenon::get_collection<T>(key, name().empty() ? std::string() : name() + "/");
  }
  std::vector<Variable> global_variables() const;
  std::vector<Variable> trainable_variables() const;
  std::vector<Variable> local_variables() const;

  // Internal.
  explicit VariableScope(std::shared_ptr<internal::ScopeState> state) : state_(std::move(state)) {}
  const std::shared_ptr<internal::ScopeState>& state() const noexcept { return state_; }

 private:
  const internal::ScopeState& get() const;

  std::shared_ptr<internal::ScopeState> state_;
};

// A variable scope that is open, until the guard dies. It is used like the scope itself:
// `scope.set_initializer(...)`, `scope.global_variables()`; a copy of scope() outlives it.
class [[nodiscard]] OpenVariableScope : public ScopeGuard, public VariableScope {
 public:
  OpenVariableScope(Context context, VariableScope scope)
      : ScopeGuard(std::move(context)), VariableScope(std::move(scope)) {}
  const VariableScope& scope() const noexcept { return *this; }
};

// Opens a variable scope below the current one, or a captured scope again, or (with options alone)
// one under default_name.
// Throws ValueError: invalid_name; bad_reuse (reuse true or AUTO_REUSE without a name);
// TypeError: no_name (neither a name nor default_name). Nothing is open then.
TENON_API OpenVariableScope variable_scope(std::string_view name,
                                           const VariableScopeOptions& options = {},
                                           Location where = Location::current());
TENON_API OpenVariableScope variable_scope(const VariableScope& scope,
                                           const VariableScopeOptions& options = {},
                                           Location where = Location::current());
TENON_API OpenVariableScope variable_scope(const VariableScopeOptions& options,
                                           Location where = Location::current());
// The same by handle: the scope is left by the context's exit(). `name` nothing: options alone.
TENON_API std::pair<Context, VariableScope> enter_variable_scope(
    std::optional<std::string> name, const VariableScopeOptions& options = {},
    Location where = Location::current());
TENON_API std::pair<Context, VariableScope> enter_variable_scope(
    const VariableScope& scope, const VariableScopeOptions& options = {},
    Location where = Location::current());

// The scope that is open, the root scope at least.
TENON_API VariableScope get_variable_scope();

// Returns the variable `name` of the current scope; creates it where the scope's reuse allows.
//
//   name   relative to the scope: "w" in "layer1" is layer1/w, whatever name scopes are open.
//   shape  of a new variable: every dimension known. Of a shared one: compatible with its
//          shape, where an unknown dimension (-1) agrees with any.
//   dtype  of a shared variable: its own, where the scope's (float32) isn't.
//
// Throws ValueError:
//   already_exists       it exists, and reuse is off
//   does_not_exist       reuse is true, and get_variable never made it; nearest names are listed
//   shape_mismatch, dtype_mismatch, partition_mismatch
//                        it exists otherwise than asked for
//   no_shape             it is new, with neither a shape nor an initializer that gives one
//   constant_with_shape  the initializer is a value, and a shape is given (even to share)
//   bad_initializer      the initializer is a function of the shape, and that isn't fully known; or
//                        a value of another dtype than the one given
//   bad_partitioner      the partitioner's answer doesn't fit the shape
//   invalid_name         it is new, and no operation can have its name
//   shape_incompatible   a size of the shape is negative (-1 is unknown), or 64 bits can't count
//   the
//                        elements; memory is a matter of the session that runs the initializer
// and RuntimeError (bad_argument) when what makes the variable asks for variables without end: an
// initializer of the scope, say, that calls get_variable there; and what initializer, regularizer,
// partitioner and getters throw. A getter that makes two variables leaves the first behind when the
// second fails, and a partitioned variable the parts that were made, also when there are more parts
// than rows; a regularizer that fails leaves the variable. Otherwise graph, names and collections
// are as before.
//
// The graph owns the variable; the handle is cheap to copy and lives as long as the graph.
// No memory is taken until a session runs the variable's initializer.
TENON_API Variable get_variable(std::string_view name, const GetVariableOptions& options = {},
                                Location where = Location::current());

// The same, added to LOCAL_VARIABLES (and options.collections) instead of GLOBAL_VARIABLES, and not
// trainable, whatever options.trainable says.
TENON_API Variable get_local_variable(std::string_view name, const GetVariableOptions& options = {},
                                      Location where = Location::current());

}  // namespace tenon
