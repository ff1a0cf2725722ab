// Collections: named lists that belong to a graph, of variables, tensors, operations or anything
// else. Variables and losses put themselves into TensorFlow's own (GraphKeys).
//
//   add_to_collection("my_losses", loss);
//   for (const Output& loss : get_collection<Output>("my_losses")) ...
//   get_collection<Variable>(GraphKeys::TRAINABLE_VARIABLES, "model/");   // names that begin so
//
// All functions here are about the default graph and may be called from several threads; the list
// that get_collection_ref hands out may not be changed by several at once.
#pragma once

#include <any>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon {

// The keys of TensorFlow's own collections.
struct GraphKeys {
  static constexpr std::string_view GLOBAL_VARIABLES = "variables";
  static constexpr std::string_view VARIABLES = "variables";  // GLOBAL_VARIABLES's old name
  static constexpr std::string_view LOCAL_VARIABLES = "local_variables";
  static constexpr std::string_view METRIC_VARIABLES = "metric_variables";
  static constexpr std::string_view MODEL_VARIABLES = "model_variables";
  static constexpr std::string_view TRAINABLE_VARIABLES = "trainable_variables";
  static constexpr std::string_view SUMMARIES = "summaries";
  static constexpr std::string_view QUEUE_RUNNERS = "queue_runners";
  static constexpr std::string_view TABLE_INITIALIZERS = "table_initializer";
  static constexpr std::string_view ASSET_FILEPATHS = "asset_filepaths";
  static constexpr std::string_view MOVING_AVERAGE_VARIABLES = "moving_average_variables";
  static constexpr std::string_view REGULARIZATION_LOSSES = "regularization_losses";
  static constexpr std::string_view CONCATENATED_VARIABLES = "concatenated_variables";
  static constexpr std::string_view SAVERS = "savers";
  static constexpr std::string_view WEIGHTS = "weights";
  static constexpr std::string_view BIASES = "biases";
  static constexpr std::string_view ACTIVATIONS = "activations";
  static constexpr std::string_view UPDATE_OPS = "update_ops";
  static constexpr std::string_view LOSSES = "losses";
  static constexpr std::string_view SAVEABLE_OBJECTS = "saveable_objects";
  static constexpr std::string_view RESOURCES = "resources";
  static constexpr std::string_view LOCAL_RESOURCES = "local_resources";
  static constexpr std::string_view TRAINABLE_RESOURCE_VARIABLES = "trainable_resource_variables";
  static constexpr std::string_view INIT_OP = "init_op";
  static constexpr std::string_view LOCAL_INIT_OP = "local_init_op";
  static constexpr std::string_view READY_OP = "ready_op";
  static constexpr std::string_view READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op";
  static constexpr std::string_view SUMMARY_OP = "summary_op";
  static constexpr std::string_view GLOBAL_STEP = "global_step";
  static constexpr std::string_view EVAL_STEP = "eval_step";
  static constexpr std::string_view TRAIN_OP = "train_op";
  static constexpr std::string_view COND_CONTEXT = "cond_context";
  static constexpr std::string_view WHILE_CONTEXT = "while_context";
};

using Collection = std::vector<std::any>;

namespace internal {
TENON_API void add_item(std::string_view key, std::any item);
TENON_API void add_item(const std::vector<std::string>& keys, std::any item);
// `scope`: null for no filter.
TENON_API Collection items(std::string_view key, const std::string_view* scope);
[[noreturn]] TENON_API void fail_item(std::string_view key, const std::any& item, size_t place,
                                      const char* wanted);

// What an item is kept as: strings of any sort as std::string.
template <typename T>
std::any any_of(T&& item) {
  using Item = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Item, std::any>) {
    return std::forward<T>(item);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return std::string(std::string_view(item));
  } else {
    return std::any(std::forward<T>(item));
  }
}

// The items as T; a Ref can be a Variable or an Output, and an Output a Variable's value.
template <typename T>
std::vector<T> typed(std::string_view key, Collection all, const char* wanted) {
  if constexpr (std::is_same_v<T, std::any>) {
    return all;
  } else {
    std::vector<T> found;
    found.reserve(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      if (const T* item = std::any_cast<T>(&all[i])) {
        found.push_back(*item);
        continue;
      }
      if constexpr (std::is_same_v<T, Ref>) {
        if (const Variable* variable = std::any_cast<Variable>(&all[i])) {
          found.emplace_back(*variable);
          continue;
        }
        if (const Output* output = std::any_cast<Output>(&all[i])) {
          found.emplace_back(*output);
          continue;
        }
      }
      if constexpr (std::is_same_v<T, Output>) {
        if (const Variable* variable = std::any_cast<Variable>(&all[i])) {
          found.push_back(variable->value(Location{}));
          continue;
        }
      }
      fail_item(key, all[i], i, wanted);
    }
    return found;
  }
}
}  // namespace internal

// Adds an item to the end of a collection, however often it is there already. Throws RuntimeError
// (bad_argument) when the graph is finalized.
template <typename T>
void add_to_collection(std::string_view key, T&& item) {
  internal::add_item(key, internal::any_of(std::forward<T>(item)));
}
// The same for several collections; a key that is given twice counts once.
template <typename T>
void add_to_collections(const std::vector<std::string>& keys, T&& item) {
  internal::add_item(keys, internal::any_of(std::forward<T>(item)));
}

// A copy of a collection's list, empty when there is none. T is what its items are: Variable,
// Output, Operation, std::string, a type of the program's own, or std::any for any of them; a Ref
// is a Variable or an Output, and an Output may be a Variable's value. Throws TypeError
// (bad_argument) when an item is no T.
template <typename T>
std::vector<T> get_collection(std::string_view key) {
  return internal::typed<T>(key, internal::items(key, nullptr), typeid(T).name());
}
// Those items whose names match the regular expression at their start: "a" matches ab/w, too. The
// expression is Python's (re), with classes of ASCII, but for what takes more than one pass over a
// name: look-around and back-references are refused, and so are repeats beyond 1,000. Items without
// a name (numbers, strings, a program's own types) don't match; an empty expression matches every
// name, and what lists variables or losses takes it for no filter. Throws ValueError (bad_argument)
// when the expression doesn't parse.
template <typename T>
std::vector<T> get_collection(std::string_view key, std::string_view scope) {
  return internal::typed<T>(key, internal::items(key, &scope), typeid(T).name());
}

// The list itself, made if there is none: what is added to it is in the collection.
TENON_API std::shared_ptr<Collection> get_collection_ref(std::string_view key);

// Forgets a collection. Lists that get_collection_ref handed out are no longer its list then.
TENON_API void clear_collection(std::string_view key);

// The keys of all collections of the graph, sorted, those of empty lists too.
TENON_API std::vector<std::string> get_all_collection_keys();

}  // namespace tenon
