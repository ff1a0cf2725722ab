// Conditionals and loops as operations of the graph: built once, decided when they run.
//
//   Output y = cond(x > 0.0f, [&] { return sqrt(x); }, [&] { return zeros_like(x); });
//
//   auto last = while_loop([](Output i, Output x) { return i < 10; },
//                          [](Output i, Output x) -> Returned { return {i + 1, x * x}; },
//                          {0, start});  // last[0] is 10
//
// Branches and bodies are functions, called once each where they stand in the program: what they
// make runs only when its branch is taken, as often as its body goes round. What they use of the
// program around them is computed once, whatever is taken. Variables made in them are the graph's,
// and initialised outside. Gradients go through all of it. What a branch made may be used outside:
// a run that needs it where the branch wasn't taken throws FailedPreconditionError
// (not_computed). What a loop's body made may not, nor may what is inside either be fetched.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/shape.h"

namespace tenon {

// What a branch or body hands out: one thing or a list of things. Each is something that an
// operation takes (an Output, a Variable, a number, ...), or an Operation: in its place stands a
// boolean that is there when the operation has run.
class TENON_API Returned {
 public:
  struct Item {
    Item(Input input) : value(std::move(input)) {}
    Item(Operation operation) : op(std::move(operation)) {}
    template <typename T>
    requires(std::is_convertible_v<const T&, Input> && !std::is_same_v<T, Input>)
        Item(const T& input)
        : value(Input(input)) {}

    std::optional<Input> value = {};
    Operation op = {};
  };

  Returned() = default;  // nothing: refused
  template <typename T>
  requires std::is_convertible_v<const T&, Item> Returned(const T& one) : items_({Item(one)}) {}
  Returned(std::initializer_list<Item> items) : items_(items) {}
  template <typename Range>
  requires(internal::RangeOf<Range, Item> && !std::is_convertible_v<const Range&, Item>)
      Returned(const Range& items) {
    for (const auto& item : items) items_.emplace_back(item);
  }

  const std::vector<Item>& items() const noexcept { return items_; }

 private:
  std::vector<Item> items_;
};

using BranchFunction = std::function<Returned()>;
using LoopCondition = std::function<Input(const std::vector<Output>& variables)>;
using LoopBody = std::function<Returned(const std::vector<Output>& variables)>;

namespace internal {

TENON_API std::vector<Output> make_cond(const Input& predicate, const BranchFunction& true_fn,
                                        const BranchFunction& false_fn, const std::string& name,
                                        const Location& where);

// Throws unless a function of so many loop variables is given as many.
TENON_API void require_variables(size_t taken, size_t given);

// A function of the loop variables as one of their list.
template <typename F, size_t... i>
auto call_with(F& function, const std::vector<Output>& variables, std::index_sequence<i...>) {
  require_variables(sizeof...(i), variables.size());
  return function(variables[i]...);
}
template <size_t>
struct AnOutput {
  using Type = Output;
};
template <typename F, size_t count, size_t... i>
constexpr size_t arity(std::index_sequence<i...>) {
  if constexpr (std::is_invocable_v<F&, typename AnOutput<i>::Type...>) {
    return count;
  } else if constexpr (count < 16) {
    return arity<F, count + 1>(std::make_index_sequence<count + 1>());
  } else {
    return 0;
  }
}
template <typename F>
auto of_list(F function) {
  if constexpr (std::is_invocable_v<F&, const std::vector<Output>&>) {
    return function;
  } else {
    constexpr size_t count = arity<F, 1>(std::make_index_sequence<1>());
    static_assert(count > 0, "takes the loop variables, one by one or as a std::vector<Output>");
    return [function = std::move(function)](const std::vector<Output>& variables) mutable {
      return call_with(function, variables, std::make_index_sequence<count>());
    };
  }
}

template <typename F>
inline constexpr bool kReturnsOne = std::is_convertible_v<std::invoke_result_t<F&>, Returned::Item>;

}  // namespace internal

// The results of true_fn where `predicate`, a scalar boolean, holds, else of false_fn: an Output
// where both answer one thing, else a list of them. A size that the two don't share is unknown.
// Throws TypeError (bad_argument) for a predicate that is no tensor, (dtype_incompatible) that is
// no boolean; ValueError: flow_mismatch where the functions answer other numbers or dtypes,
// bad_argument where one answers nothing.
template <typename T, typename F>
auto cond(Input predicate, T true_fn, F false_fn, const OpOptions& options = {},
          Location where = Location::current()) {
  std::vector<Output> results =
      internal::make_cond(predicate, true_fn, false_fn, options.name, where);
  if constexpr (internal::kReturnsOne<T> && internal::kReturnsOne<F>) {
    return results[0];
  } else {
    return results;
  }
}

struct CaseBranch {
  Input predicate;
  BranchFunction function;
};

struct CaseOptions {
  BranchFunction otherwise = {};  // left out: one of the predicates must hold
  bool exclusive = false;         // whether no two may hold
  std::string name = {};          // of the scope; left out: "case"
};

// The results of the first function whose predicate holds, else of `otherwise`. Where none holds
// and there is none, or two hold that mustn't, the run throws InvalidArgumentError
// (assertion_failed). Throws as cond does.
// NOLINTNEXTLINE(readability-identifier-naming): a keyword without its underscore
TENON_API std::vector<Output> case_(const std::vector<CaseBranch>& branches,
                                    const CaseOptions& options = {},
                                    Location where = Location::current());

struct WhileLoopOptions {
  // Of each variable, what holds of its shape in every round; left out: it is that which it has at
  // first.
  std::vector<Shape> shape_invariants = {};
  std::optional<Input> maximum_iterations = {};  // an integer scalar: it stops after as many rounds
  bool back_prop = true;                         // false: gradients stop at the loop
  int parallel_iterations = 10;  // TensorFlow's; rounds run one after the other, whatever it says
  bool swap_memory = false;      // TensorFlow's; it changes nothing
  std::string name = {};         // of the scope; left out: "while"
};

namespace internal {
TENON_API std::vector<Output> make_while_loop(const LoopCondition& condition, const LoopBody& body,
                                              const Inputs& loop_vars,
                                              const WhileLoopOptions& options,
                                              const Location& where);
}  // namespace internal

// Repeats `body`, which makes new loop variables of the old ones, while `condition` of them holds,
// a scalar boolean; answers the last ones. Both take the variables one by one or as a
// std::vector<Output>. A loop keeps one round's values, unless its gradient needs those of all;
// the gradient of a loop's gradient is refused. Throws ValueError: bad_argument without variables
// or with another number of invariants; flow_mismatch where a function takes another number, or the
// body answers another number, other dtypes, or a shape that doesn't fit what holds in every round.
template <typename C, typename B>
std::vector<Output> while_loop(C condition, B body, const Inputs& loop_vars,
                               const WhileLoopOptions& options = {},
                               Location where = Location::current()) {
  return internal::make_while_loop(internal::of_list(std::move(condition)),
                                   internal::of_list(std::move(body)), loop_vars, options, where);
}

}  // namespace tenon
