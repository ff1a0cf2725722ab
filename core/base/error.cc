#include "tenon/error.h"

#include <ostream>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "tenon/list_of.h"

namespace tenon {

Error::~Error() = default;

// The base keeps the message, in memory that copies share: this one gets another.
void Error::add_context(std::string_view text) {
  static_cast<std::runtime_error&>(*this) = std::runtime_error(what() + std::string(text));
}

ValueError::~ValueError() = default;
TypeError::~TypeError() = default;
KeyError::~KeyError() = default;
RuntimeError::~RuntimeError() = default;
InvalidArgumentError::~InvalidArgumentError() = default;
FailedPreconditionError::~FailedPreconditionError() = default;
NotFoundError::~NotFoundError() = default;
OutOfRangeError::~OutOfRangeError() = default;
ResourceExhaustedError::~ResourceExhaustedError() = default;
DeadlineExceededError::~DeadlineExceededError() = default;
PermissionDeniedError::~PermissionDeniedError() = default;
DataLossError::~DataLossError() = default;
UnimplementedError::~UnimplementedError() = default;

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
#define TENON_KIND(name) \
  case ErrorKind::name:  \
    return #name;
    TENON_KIND(already_exists)
    TENON_KIND(does_not_exist)
    TENON_KIND(shape_mismatch)
    TENON_KIND(dtype_mismatch)
    TENON_KIND(partition_mismatch)
    TENON_KIND(bad_partitioner)
    TENON_KIND(constant_with_shape)
    TENON_KIND(no_shape)
    TENON_KIND(bad_initializer)
    TENON_KIND(bad_reuse)
    TENON_KIND(no_name)
    TENON_KIND(invalid_name)
    TENON_KIND(duplicate_name)
    TENON_KIND(bad_auxiliary_name_scope)
    TENON_KIND(bad_constraint)
    TENON_KIND(bad_getter)
    TENON_KIND(inside_control_flow)
    TENON_KIND(flow_mismatch)
    TENON_KIND(assertion_failed)
    TENON_KIND(not_computed)
    TENON_KIND(function_failed)
    TENON_KIND(timed_out)
    TENON_KIND(bad_device)
    TENON_KIND(bad_placement)
    TENON_KIND(no_kernel)
    TENON_KIND(uninitialized)
    TENON_KIND(must_feed)
    TENON_KIND(bad_feed_shape)
    TENON_KIND(bad_feed)
    TENON_KIND(bad_fetch)
    TENON_KIND(no_default_session)
    TENON_KIND(no_such_tensor)
    TENON_KIND(closed)
    TENON_KIND(limit_reached)
    TENON_KIND(index_out_of_range)
    TENON_KIND(shape_incompatible)
    TENON_KIND(dtype_incompatible)
    TENON_KIND(no_gradient)
    TENON_KIND(not_a_variable)
    TENON_KIND(nothing_to_exit)
    TENON_KIND(resource_exhausted)
    TENON_KIND(device_failed)
    TENON_KIND(no_such_file)
    TENON_KIND(file_failed)
    TENON_KIND(corrupt_file)
    TENON_KIND(not_in_checkpoint)
    TENON_KIND(bad_argument)
#undef TENON_KIND
  }
  return "bad_argument";
}

void internal::fail_too_large(uint64_t number) {
  fail<ValueError>(ErrorKind::bad_argument, "The number ", number,
                   " is too large: integers go up to 2^63 - 1");
}

const char* internal::not_null(const char* text) {
  require<ValueError>(text != nullptr, ErrorKind::bad_argument,
                      "A null pointer was passed in place of a text");
  return text;
}

std::string internal::with_callers_line(std::string message) {
  const Location where = CallerLine::or_else({});
  if (where.line == 0) return message;
  const std::string place = str(where);
  if (message.find(place) != std::string::npos) return message;
  const bool sentence = message.ends_with('.');
  return std::move(message) + (sentence ? " Asked for at " : ", asked for at ") + place +
         (sentence ? "." : "");
}

std::string to_string(const Location& where) { return internal::str(where); }

std::ostream& operator<<(std::ostream& out, const Location& where) {
  if (where.line == 0) return out << "an unknown place";
  return out << where.file << ':' << std::to_string(where.line);
}

}  // namespace tenon
