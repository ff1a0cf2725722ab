#include "tenon/scaffold.h"

#include <any>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/summary.h"

namespace tenon::train {

namespace {

using tenon::internal::fail;
using tenon::internal::require;

// An operation of a collection may stand there as its output.
Operation item_as(const std::any& item, std::string_view key, const Operation* /*wanted*/) {
  if (const auto* op = std::any_cast<Operation>(&item)) return *op;
  if (const auto* output = std::any_cast<Output>(&item)) return output->op();
  fail<TypeError>(ErrorKind::bad_argument, "The item of collection ", key, " is no operation");
}

template <typename T>
T item_as(const std::any& item, std::string_view key, const T* /*wanted*/) {
  if (const auto* piece = std::any_cast<T>(&item)) return *piece;
  fail<TypeError>(ErrorKind::bad_argument, "The item of collection ", key, " is of another type");
}

// The one item of a collection; where there is none, a new one that is put there.
template <typename T, typename Make>
T get_or_default(std::string_view argument, std::string_view key, const Make& make) {
  const auto items = get_collection<std::any>(key);
  require<RuntimeError>(items.size() < 2, ErrorKind::bad_argument,
                        "More than one item in the collection \"", key,
                        "\". Please indicate which one to use by passing it to the tf.Scaffold ",
                        "constructor as: tf.Scaffold(", argument, "=item to use)");
  if (!items.empty()) return item_as(items.front(), key, static_cast<const T*>(nullptr));
  T made = make();
  if constexpr (std::is_same_v<T, Output>) {
    if (!made) return made;
  }
  add_to_collection(key, made);
  return made;
}

}  // namespace

Scaffold::Scaffold(ScaffoldOptions options)
    : pieces_(std::make_shared<ScaffoldOptions>(std::move(options))) {}

void Scaffold::finalize(Location where) const {
  const internal::CallerLine line(where);
  ScaffoldOptions& pieces = *pieces_;
  if (!pieces.init_op) {
    pieces.init_op = get_or_default<Operation>("init_op", GraphKeys::INIT_OP,
                                               [] { return global_variables_initializer(); });
  }
  if (!pieces.ready_op) {
    pieces.ready_op = get_or_default<Output>("ready_op", GraphKeys::READY_OP,
                                             [] { return report_uninitialized_variables(); });
  }
  if (!pieces.ready_for_local_init_op) {
    pieces.ready_for_local_init_op =
        get_or_default<Output>("ready_for_local_init_op", GraphKeys::READY_FOR_LOCAL_INIT_OP,
                               [] { return report_uninitialized_variables(global_variables()); });
  }
  if (!pieces.local_init_op) {
    pieces.local_init_op = get_or_default<Operation>("local_init_op", GraphKeys::LOCAL_INIT_OP, [] {
      return group({local_variables_initializer(), tables_initializer()});
    });
  }
  if (!pieces.summary_op) {
    const auto all = get_or_default<Output>("summary_op", GraphKeys::SUMMARY_OP,
                                            [] { return summary::merge_all(); });
    // Nothing is written where there are none: sessions of several threads may share the pieces.
    if (all) pieces.summary_op = all;
  }
  if (!pieces.saver) {
    pieces.saver = get_or_default<Saver>(
        "saver", GraphKeys::SAVERS, [] { return Saver({.sharded = true, .allow_empty = true}); });
  }
  pieces.saver->build();
  get_default_graph().finalize();
}

}  // namespace tenon::train
