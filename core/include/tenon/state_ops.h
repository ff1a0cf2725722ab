// Writing variables by free functions, as TensorFlow 1's tf.assign and tf.scatter_*.
//
//   session.run(assign_add(global_step, 1));
//   session.run(scatter_update(table, {0, 2}, rows));
//   Output twice = assign_add(assign(w, 1.0f), 2.0f);   // a write answers what can be written
//
// `ref` is a variable, or of reference variables what a write answered. Fetching the answer writes
// the variable and gives its new value. Throw ValueError (shape_incompatible) and TypeError
// (dtype_incompatible) as Variable's own functions do; of a partitioned variable only those of rows
// work, and Variable's own.
#pragma once

#include <string>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon {

struct AssignOptions {
  // false: a reference variable takes the value's shape, whatever its own.
  bool validate_shape = true;
  bool use_locking = true;
  std::string name = {};
};
TENON_API Output assign(const Ref& ref, const Input& value, const AssignOptions& options = {},
                        Location where = Location::current());

struct UpdateOptions {
  bool use_locking = false;
  std::string name = {};
};
TENON_API Output assign_add(const Ref& ref, const Input& value, const UpdateOptions& options = {},
                            Location where = Location::current());
TENON_API Output assign_sub(const Ref& ref, const Input& value, const UpdateOptions& options = {},
                            Location where = Location::current());

// Rows at indices (int32 or int64, any shape); updates are of the shape of indices followed by that
// of a row, or one number for all. Where an index comes twice, the updates follow in their order.
TENON_API Output scatter_update(const Ref& ref, const Input& indices, const Input& updates,
                                const UpdateOptions& options = {.use_locking = true},
                                Location where = Location::current());
TENON_API Output scatter_add(const Ref& ref, const Input& indices, const Input& updates,
                             const UpdateOptions& options = {},
                             Location where = Location::current());
TENON_API Output scatter_sub(const Ref& ref, const Input& indices, const Input& updates,
                             const UpdateOptions& options = {},
                             Location where = Location::current());
TENON_API Output scatter_mul(const Ref& ref, const Input& indices, const Input& updates,
                             const UpdateOptions& options = {},
                             Location where = Location::current());
TENON_API Output scatter_div(const Ref& ref, const Input& indices, const Input& updates,
                             const UpdateOptions& options = {},
                             Location where = Location::current());
TENON_API Output scatter_min(const Ref& ref, const Input& indices, const Input& updates,
                             const UpdateOptions& options = {},
                             Location where = Location::current());
TENON_API Output scatter_max(const Ref& ref, const Input& indices, const Input& updates,
                             const UpdateOptions& options = {},
                             Location where = Location::current());

// Elements or slices: indices [..., K] are positions along the first K axes, updates are of shape
// [..., the other axes].
TENON_API Output scatter_nd_update(const Ref& ref, const Input& indices, const Input& updates,
                                   const UpdateOptions& options = {.use_locking = true},
                                   Location where = Location::current());
TENON_API Output scatter_nd_add(const Ref& ref, const Input& indices, const Input& updates,
                                const UpdateOptions& options = {},
                                Location where = Location::current());
TENON_API Output scatter_nd_sub(const Ref& ref, const Input& indices, const Input& updates,
                                const UpdateOptions& options = {},
                                Location where = Location::current());

}  // namespace tenon
