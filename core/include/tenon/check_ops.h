// Guards: operations that fail a run where what they check doesn't hold, and Print. Like all
// operations they run only where something waits for them:
//
//   const auto checked = control_dependencies({assert_positive(x)});
//   Output y = log(x);
#pragma once

#include <cstdint>
#include <string>

#include "tenon/graph.h"

namespace tenon {

struct AssertOptions {
  int64_t summarize = 3;  // how many elements of each tensor the message shows; -1: all
  std::string name = {};  // left out: "Assert"
};

// Where `condition`, a scalar boolean, doesn't hold, the run throws InvalidArgumentError
// (assertion_failed), whose message shows `data`.
// NOLINTNEXTLINE(readability-identifier-naming): TensorFlow's name
TENON_API Operation Assert(Input condition, const Inputs& data, const AssertOptions& options = {},
                           Location where = Location::current());

struct PrintOptions {
  std::string message = {};  // before the data
  int64_t first_n = -1;      // how often at most; -1: each time
  int64_t summarize = 3;     // how many elements of each tensor; -1: all
  std::string name = {};     // left out: "Print"
};

// `input` itself; each time that it is computed, `data` is written to standard error.
// NOLINTNEXTLINE(readability-identifier-naming): TensorFlow's name
TENON_API Output Print(Input input, const Inputs& data, const PrintOptions& options = {},
                       Location where = Location::current());

// `tensor`, once the dependencies have run.
TENON_API Output with_dependencies(const ControlInputs& dependencies, Input tensor,
                                   const OpOptions& options = {},
                                   Location where = Location::current());

struct GuardOptions {
  std::string message = {};  // before what the guard says itself
  int64_t summarize = 3;
  std::string name = {};  // of the scope; left out: the function's name
};

// Asserts what their names say of each element (or each pair of them, one of which may be
// broadcast). Where the values are known when the graph is built, they throw then
// InvalidArgumentError (assertion_failed).
TENON_API Operation assert_equal(Input x, Input y, const GuardOptions& options = {},
                                 Location where = Location::current());
TENON_API Operation assert_none_equal(Input x, Input y, const GuardOptions& options = {},
                                      Location where = Location::current());
TENON_API Operation assert_less(Input x, Input y, const GuardOptions& options = {},
                                Location where = Location::current());
TENON_API Operation assert_less_equal(Input x, Input y, const GuardOptions& options = {},
                                      Location where = Location::current());
TENON_API Operation assert_greater(Input x, Input y, const GuardOptions& options = {},
                                   Location where = Location::current());
TENON_API Operation assert_greater_equal(Input x, Input y, const GuardOptions& options = {},
                                         Location where = Location::current());
TENON_API Operation assert_positive(Input x, const GuardOptions& options = {},
                                    Location where = Location::current());
TENON_API Operation assert_negative(Input x, const GuardOptions& options = {},
                                    Location where = Location::current());
TENON_API Operation assert_non_negative(Input x, const GuardOptions& options = {},
                                        Location where = Location::current());
TENON_API Operation assert_non_positive(Input x, const GuardOptions& options = {},
                                        Location where = Location::current());

// That x has this rank. Where its rank is known otherwise it throws at once: ValueError
// (shape_incompatible).
TENON_API Operation assert_rank(Input x, int rank, const GuardOptions& options = {},
                                Location where = Location::current());
// That x is of integers. Throws TypeError (dtype_incompatible) at once where it isn't.
TENON_API Operation assert_integer(Input x, const GuardOptions& options = {},
                                   Location where = Location::current());

}  // namespace tenon
