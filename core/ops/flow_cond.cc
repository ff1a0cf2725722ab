// If: runs one of two bodies, its branches. Its inputs are the predicate and all that the branches
// take from around them; its outputs what both hand out, and behind these what only one of them
// made and others use.
#include <array>
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/ops/cond_builder.h"
#include "core/ops/flow_gradients.h"
#include "core/ops/flow_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/check_ops.h"
#include "tenon/control_flow.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

void check_branches(const std::vector<Output>& of_true, const std::vector<Output>& of_false) {
  require<ValueError>(of_true.size() == of_false.size(), ErrorKind::flow_mismatch,
                      "true_fn and false_fn must return the same number of results, but return ",
                      of_true.size(), " and ", of_false.size());
  for (size_t i = 0; i < of_true.size(); ++i) {
    require<ValueError>(of_true[i].dtype() == of_false[i].dtype(), ErrorKind::flow_mismatch,
                        "Outputs of true_fn and false_fn must have the same type(s). Result ", i,
                        " is ", of_true[i].dtype(), " ('", of_true[i].name(),
                        "') from true_fn and ", of_false[i].dtype(), " ('", of_false[i].name(),
                        "') from false_fn");
  }
}

Shapes parameter_shape(const ShapeContext& context) { return {context.attrs.get<Shape>("shape")}; }

}  // namespace

void register_flow_cond(OpRegistry& ops) {
  ops.add({.name = "If",
           .shape = made_with_bodies_alone,
           .gradient = if_gradient,
           .stateful = true,
           .action = PlanAction::kBranch});
  ops.add({.name = "_Parameter",
           .outputs = {"output: dtype"},
           .shape = parameter_shape,
           .action = PlanAction::kPlaceholder});
}

std::vector<Output> make_cond(const Input& predicate, const BranchFunction& true_fn,
                              const BranchFunction& false_fn, const std::string& name,
                              const Location& where) {
  const CallerLine line(where);
  require<TypeError>(predicate.is_output(), ErrorKind::bad_argument,
                     "The predicate of cond must be a tensor, not a value known already");
  const OpScope scope(name, "cond", std::vector<Input>{predicate});
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const Output decides = predicate.output();
  check_predicate(decides);
  CondBuilder builder(*graph, decides, scope.name());
  std::array<std::vector<Output>, 2> results;
  results[0] = builder.call(0, true_fn);
  results[1] = builder.call(1, false_fn);
  check_branches(results[0], results[1]);
  return builder.finish(results);
}

namespace {

// Fails the run where more than `most` of these hold.
Operation assert_at_most(int most, const std::vector<Input>& predicates, const char* said) {
  const Output count = reduce_sum(cast(stack(predicates), int32));
  return Assert(less_equal(count, most), {said, stack(predicates)});
}

// The last branch, in place of what there is none of: one of the predicates must hold.
Returned last_branch(const std::vector<CaseBranch>& branches) {
  std::vector<Input> others;
  for (const CaseBranch& branch : branches) others.push_back(branch.predicate);
  const Input last = others.back();
  others.pop_back();
  constexpr const char* said = "None of the conditions of a case without a default holds:";
  std::vector<ControlInput> checked;
  if (!others.empty()) checked.emplace_back(assert_at_most(0, others, said));
  checked.emplace_back(Assert(last, {said, last}));
  const ScopeGuard after = control_dependencies(checked);
  return branches.back().function();
}

// The conditional of the branches from number `next` on.
Returned case_from(const std::vector<CaseBranch>& branches, size_t next,
                   const BranchFunction& otherwise, const Location& where) {
  if (next == branches.size()) return otherwise();
  const auto rest = [&] { return case_from(branches, next + 1, otherwise, where); };
  return make_cond(branches[next].predicate, branches[next].function, rest, "cond", where);
}

}  // namespace
}  // namespace internal

std::vector<Output> case_(const std::vector<CaseBranch>& branches, const CaseOptions& options,
                          Location where) {
  const internal::CallerLine line(where);
  internal::require<ValueError>(!branches.empty(), ErrorKind::bad_argument,
                                "case_ needs at least one branch");
  std::vector<Input> predicates;
  for (const CaseBranch& branch : branches) predicates.push_back(branch.predicate);
  const internal::OpScope scope(options.name, "case", predicates);
  std::vector<CaseBranch> first(branches);
  BranchFunction otherwise = options.otherwise;
  if (!otherwise) {
    otherwise = [&branches] { return internal::last_branch(branches); };
    first.pop_back();
  }
  std::vector<ControlInput> checked;
  if (options.exclusive) {
    checked.emplace_back(internal::assert_at_most(
        1, predicates, "More than one condition of an exclusive case holds:"));
  }
  const ScopeGuard after = control_dependencies(checked);
  std::vector<Output> results;
  const Returned answered = internal::case_from(first, 0, otherwise, where);
  for (const Output& result : internal::tensors_of(answered, "case")) {
    results.push_back(identity(result));
  }
  return results;
}

}  // namespace tenon
