// make_template: a function that makes its variables when it is called first and shares them from
// then on (tf.make_template).
//
//   auto scale = make_template("scale", [](const Output& x) {
//     return x * get_variable("y", {.shape = {}, .initializer = constant_initializer(1.0)});
//   });
//   Output z = scale(a);   // makes scale/y
//   Output w = scale(b);   // scale/y again
//
// Rules that are worth knowing:
//  - The variable scope is opened where the template is called first, under its name made unique
//    (scale, scale_1, ...), and re-entered by each later call from wherever that is; with
//    create_scope_now it is opened, and its name chosen, where the template is made.
//  - The first call makes variables; a first call that throws doesn't count, but what it made is
//    made. Later calls share: get_variable of a new name throws (does_not_exist), and so does a
//    trainable variable made by Variable (bad_argument). Variables that aren't trainable may be
//    new.
//  - An error that leaves a call says where the template was made.
//  - Inside a scope with reuse, or AUTO_REUSE, the first call shares what is there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/variable.h"
#include "tenon/variable_scope.h"

namespace tenon {

struct TemplateOptions {
  bool create_scope_now = false;                // true: the scope is opened where it is made
  std::optional<std::string> unique_name = {};  // the scope's name as it is, instead of made unique
  CustomGetter custom_getter = {};              // of the scope
};

namespace internal {
struct TemplateState;
}  // namespace internal

// What a template knows, whatever its function is. Copies are of the same template; using one that
// was moved from throws FailedPreconditionError (closed). May be used from several threads; the
// first call's variables are made by one of them.
class TENON_API TemplateBase {
 public:
  const std::string& name() const;  // as given
  // Empty before the scope was opened.
  VariableScope variable_scope() const;
  std::string variable_scope_name() const;  // "scale/"; "" before the scope was opened

  // What of the default graph's collections is below the scope; nothing before a call has ended
  // well. variables(): the global ones, then the local ones.
  std::vector<Variable> variables() const;
  std::vector<Variable> global_variables() const;
  std::vector<Variable> local_variables() const;
  std::vector<Variable> trainable_variables() const;
  std::vector<Variable> non_trainable_variables() const;  // global ones

 protected:
  TemplateBase(std::string_view name, const TemplateOptions& options, Location where);
  void call(const std::function<void()>& function) const;

 private:
  internal::TemplateState& state() const;
  std::vector<Variable> below(std::string_view key) const;
  std::shared_ptr<internal::TemplateState> state_;
};

template <typename F>
class Template : public TemplateBase {
 public:
  Template(std::string_view name, F function, const TemplateOptions& options, Location where)
      : TemplateBase(name, options, where), function_(std::move(function)) {}

  template <typename... Arguments>
  auto operator()(Arguments&&... arguments) const {
    using Result = std::decay_t<std::invoke_result_t<const F&, Arguments...>>;
    if constexpr (std::is_void_v<Result>) {
      call([&] { std::invoke(function_, std::forward<Arguments>(arguments)...); });
    } else {
      std::optional<Result> result;
      call([&] { result.emplace(std::invoke(function_, std::forward<Arguments>(arguments)...)); });
      return std::move(*result);
    }
  }

 private:
  F function_;
};

// Throws ValueError (invalid_name) for a name that no scope can have: here with create_scope_now,
// else where the template is called first.
template <typename F>
Template<std::decay_t<F>> make_template(std::string_view name, F&& function,
                                        const TemplateOptions& options = {},
                                        Location where = Location::current()) {
  return Template<std::decay_t<F>>(name, std::forward<F>(function), options, where);
}

}  // namespace tenon
