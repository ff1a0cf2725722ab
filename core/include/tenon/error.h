// Errors: every failure of Tenon throws a class derived from tenon::Error.
//
//   try { get_variable("w"); }
//   catch (const tenon::Error& e) { if (e.kind() == tenon::ErrorKind::no_shape) ...; }
//
// The class says what sort of mistake it is (TensorFlow's and Python's exception names), the kind
// says which one exactly, the message names the variable or operation, what was found, what was
// expected, and what to do. Errors are values: copying and reading them is safe from any thread.
//
// Whoever knows more than the one who threw adds it, and keeps the class and the kind:
//
//   catch (tenon::Error& e) { e.add_context(" while the model was read"); throw; }
#pragma once

#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tenon/export.h"

namespace tenon {

// Which mistake was made; one enumerator for each kind of error a program can meet.
enum class ErrorKind {
  already_exists,       // a new variable under a name that get_variable has given before
  does_not_exist,       // reuse of a variable that get_variable never made
  shape_mismatch,       // a shared variable asked for with another shape
  dtype_mismatch,       // a shared variable asked for with another dtype
  partition_mismatch,   // a shared variable asked for with other partitions
  bad_partitioner,      // a partitioner whose answer doesn't fit the shape
  constant_with_shape,  // an initializer that is a value, together with a shape
  no_shape,             // a new variable with neither a shape nor a value that gives one
  bad_initializer,      // an initializer that can't make this variable's value
  bad_reuse,            // reuse that is not true, false or AUTO_REUSE, or without a name
  no_name,              // a scope with neither a name nor a default name
  invalid_name,         // a name with characters that names don't have
  duplicate_name,       // an absolute name ("w/") that an operation already has
  bad_auxiliary_name_scope,
  bad_constraint,
  bad_getter,
  inside_control_flow,  // what is made inside a conditional or loop, used outside of it
  flow_mismatch,        // branches, or rounds of a loop, that don't fit each other
  assertion_failed,     // a guard that doesn't hold
  not_computed,         // a fetch that hangs on a branch that wasn't taken
  function_failed,      // a function of the program's that threw, or answered something else
  timed_out,            // a run that took longer than it may
  bad_device,           // a device string that doesn't parse
  bad_placement,        // an operation on a device that the session doesn't have
  no_kernel,            // an operation with no implementation for this dtype and device
  uninitialized,        // a variable read before it was initialised in this session
  must_feed,            // a placeholder that was not fed
  bad_feed_shape,       // a fed value that the static shape doesn't admit
  bad_feed,             // a fed value or key that can't be fed
  bad_fetch,            // a fetch that is no tensor or operation of the graph
  no_default_session,   // eval or run without a session where none is the default
  no_such_tensor,       // a name that the graph doesn't have
  closed,               // a session that was closed, or a graph that is gone
  limit_reached,        // count_up_to beyond its limit
  index_out_of_range,   // gather or scatter indices out of range
  shape_incompatible,   // shapes that don't fit an operation
  dtype_incompatible,   // dtypes that don't fit an operation
  no_gradient,          // minimize or apply_gradients with nothing to do
  not_a_variable,       // an initializer asked of something that is no variable
  nothing_to_exit,      // leaving a context when none is open
  resource_exhausted,   // memory beyond a limit
  device_failed,        // a GPU, or a library that runs on it, that reported an error
  no_such_file,         // a file or folder that isn't there
  file_failed,          // a file that the system doesn't let read or write
  corrupt_file,         // a file whose contents aren't what was written
  not_in_checkpoint,    // a tensor that the checkpoint doesn't have
  bad_argument,         // anything else
};

// "already_exists" and so on: the enumerator's own name.
TENON_API std::string_view to_string(ErrorKind kind) noexcept;

// What all of Tenon's exceptions derive from.
class TENON_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ~Error() override;
  ErrorKind kind() const noexcept { return kind_; }
  // Puts `text` behind the message as it is: what() ends with it from now on, and what it gave
  // before is no longer valid. For the one thread that has caught the error by reference.
  void add_context(std::string_view text);

 private:
  ErrorKind kind_;
};

// Mistakes of the program, found while a graph is built.
class TENON_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};
class TENON_API TypeError : public Error {
 public:
  using Error::Error;
  ~TypeError() override;
};
class TENON_API KeyError : public Error {
 public:
  using Error::Error;
  ~KeyError() override;
};
class TENON_API RuntimeError : public Error {
 public:
  using Error::Error;
  ~RuntimeError() override;
};

// Failures of a run; TensorFlow's names (tf.errors).
class TENON_API InvalidArgumentError : public Error {
 public:
  using Error::Error;
  ~InvalidArgumentError() override;
};
class TENON_API FailedPreconditionError : public Error {
 public:
  using Error::Error;
  ~FailedPreconditionError() override;
};
class TENON_API NotFoundError : public Error {
 public:
  using Error::Error;
  ~NotFoundError() override;
};
class TENON_API OutOfRangeError : public Error {
 public:
  using Error::Error;
  ~OutOfRangeError() override;
};
class TENON_API ResourceExhaustedError : public Error {
 public:
  using Error::Error;
  ~ResourceExhaustedError() override;
};
class TENON_API DeadlineExceededError : public Error {
 public:
  using Error::Error;
  ~DeadlineExceededError() override;
};
class TENON_API PermissionDeniedError : public Error {
 public:
  using Error::Error;
  ~PermissionDeniedError() override;
};
class TENON_API DataLossError : public Error {
 public:
  using Error::Error;
  ~DataLossError() override;
};
class TENON_API UnimplementedError : public Error {
 public:
  using Error::Error;
  ~UnimplementedError() override;
};

// Where in the caller's program something was made. As a function's last default argument it
// records the caller's line: `Location where = Location::current()`.
struct Location {
  const char* file = "";
  int line = 0;
  static constexpr Location current(const char* file = __builtin_FILE(),
                                    int line = __builtin_LINE()) {
    return {file, line};
  }
};

namespace internal {
// The text itself. Throws ValueError (bad_argument) for a null pointer.
TENON_API const char* not_null(const char* text);
}  // namespace internal

// "model.cpp:12", or "an unknown place" for an empty location.
TENON_API std::string to_string(const Location& where);
TENON_API std::ostream& operator<<(std::ostream& out, const Location& where);

}  // namespace tenon
