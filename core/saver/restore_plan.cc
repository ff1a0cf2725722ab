#include "core/saver/restore_plan.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/saver/rename_rules.h"

namespace tenon::internal {

using train::RestoreOptions;
using train::RestorePlan;
using train::StoredVariable;
using Outcome = train::RestorePlan::Outcome;

namespace {

// The tensor's name for a variable's.
class TensorNames {
 public:
  explicit TensorNames(const RestoreOptions& options)
      : options_(options), renames_(options.renames) {}

  std::string of(const std::string& variable) const {
    const auto named = options_.names.find(variable);
    return named != options_.names.end() ? named->second : renames_.applied_to(variable);
  }

 private:
  const RestoreOptions& options_;
  const RenameRules renames_;
};

bool shapes_fit(const SavedVariable& variable, const StoredVariable& stored, bool reshape) {
  if (variable.shape.compatible_with(stored.shape)) return true;
  return reshape && variable.is_whole() && variable.shape.fully_defined() &&
         variable.shape.element_count() == stored.shape.element_count();
}

RestorePlan::Entry entry_of(const SavedVariable& variable, const std::string& tensor,
                            const TensorSource& source,
                            const std::vector<std::string>& stored_names, bool reshape) {
  RestorePlan::Entry entry{.variable = variable.name,
                           .tensor = tensor,
                           .dtype = variable.dtype,
                           .shape = variable.shape,
                           .parts = static_cast<int>(variable.parts.size())};
  const StoredVariable* stored = source.find(tensor);
  if (stored == nullptr) {
    entry.outcome = Outcome::missing;
    entry.near = nearest_names(tensor, stored_names);
    return entry;
  }
  entry.stored_dtype = stored->dtype_name;
  entry.stored_shape = stored->shape;
  if (stored->dtype != variable.dtype) {
    entry.outcome = Outcome::other_dtype;
  } else if (!shapes_fit(variable, *stored, reshape)) {
    entry.outcome = Outcome::other_shape;
  }
  return entry;
}

std::string line_of(const RestorePlan::Entry& entry) {
  const std::string from = entry.tensor == entry.variable ? "" : " from " + entry.tensor;
  switch (entry.outcome) {
    case Outcome::missing:
      return str("  missing:     ", entry.variable, from, ", ", entry.dtype, ' ', entry.shape,
                 entry.near.empty() ? "" : "; the checkpoint has " + join(entry.near), '\n');
    case Outcome::other_shape:
      return str("  other shape: ", entry.variable, from, " is of shape ", entry.shape,
                 ", in the checkpoint of ", entry.stored_shape, '\n');
    case Outcome::other_dtype:
      return str("  other dtype: ", entry.variable, from, " is of dtype ", entry.dtype,
                 ", in the checkpoint of ", entry.stored_dtype, '\n');
    default:
      return str("  restored:    ", entry.variable, from, ", ", entry.dtype, ' ', entry.shape,
                 entry.parts == 1 ? "" : str(" in ", entry.parts, " parts"),
                 entry.shape.compatible_with(entry.stored_shape)
                     ? ""
                     : str(", reshaped of ", entry.stored_shape),
                 '\n');
  }
}

}  // namespace

RestorePlan make_restore_plan(const std::vector<SavedVariable>& variables,
                              const TensorSource& source, bool reshape,
                              const RestoreOptions& options) {
  for (const auto& [variable, tensor] : options.names) {
    const bool known = std::any_of(variables.begin(), variables.end(),
                                   [&name = variable](const auto& v) { return v.name == name; });
    require<ValueError>(known, ErrorKind::bad_argument, "The saver has no variable ", variable,
                        " to restore from ", tensor);
  }
  const TensorNames names(options);
  std::vector<std::string> stored_names;
  for (const StoredVariable& stored : source.variables()) stored_names.push_back(stored.name);
  RestorePlan plan;
  plan.checkpoint = source.path();
  std::set<std::string> used;
  for (const SavedVariable& variable : variables) {
    const std::string tensor = names.of(variable.name);
    used.insert(tensor);
    plan.entries.push_back(entry_of(variable, tensor, source, stored_names, reshape));
  }
  std::copy_if(stored_names.begin(), stored_names.end(), std::back_inserter(plan.extra),
               [&](const std::string& name) { return used.count(name) == 0; });
  return plan;
}

void require_complete(const RestorePlan& plan) {
  const auto has = [&](Outcome outcome) {
    return std::any_of(plan.entries.begin(), plan.entries.end(),
                       [&](const auto& entry) { return entry.outcome == outcome; });
  };
  const auto message = [&](const char* reason) {
    return str("Restoring from checkpoint failed. This is most likely due to ", reason,
               " from the checkpoint. Please ensure that you have not altered the graph expected ",
               "based on the checkpoint.\n", plan.to_string());
  };
  const char* const mismatch = "a mismatch between the current graph and the graph";
  require<NotFoundError>(!has(Outcome::missing), ErrorKind::not_in_checkpoint,
                         message("a Variable name or other graph key that is missing"));
  require(!has(Outcome::other_dtype), ErrorKind::dtype_incompatible, message(mismatch));
  require(!has(Outcome::other_shape), ErrorKind::shape_incompatible, message(mismatch));
}

}  // namespace tenon::internal

namespace tenon::train {

std::vector<std::string> renamed(std::vector<std::string> names,
                                 const std::vector<std::pair<std::string, std::string>>& rules) {
  const internal::RenameRules all(rules);
  for (std::string& name : names) name = all.applied_to(name);
  return names;
}

bool RestorePlan::complete() const {
  return std::all_of(entries.begin(), entries.end(),
                     [](const Entry& entry) { return entry.outcome == Outcome::restored; });
}

std::string RestorePlan::to_string() const {
  std::string wrong, right;
  size_t restored = 0;
  for (const Entry& entry : entries) {
    const bool fits = entry.outcome == Outcome::restored;
    restored += fits ? 1 : 0;
    (fits ? right : wrong) += tenon::internal::line_of(entry);
  }
  for (const std::string& name : extra) wrong += "  extra:       " + name + '\n';
  return tenon::internal::str("Checkpoint ", checkpoint, ": ", restored, " of ", entries.size(),
                              " variables restored\n", wrong, right);
}

}  // namespace tenon::train
