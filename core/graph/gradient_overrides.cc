#include "core/graph/gradient_overrides.h"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/graph_state.h"

namespace tenon {
namespace internal {
namespace {

// Those that the program has registered.
struct RegisteredGradients {
  std::mutex mutex;
  std::map<std::string, OpGradient, std::less<>> by_name;
};

RegisteredGradients& registered_gradients() {
  static auto* const registered = new RegisteredGradients;  // never destroyed: used until the end
  return *registered;
}

}  // namespace

void set_gradient(const Operation& op, OpGradient gradient) {
  const std::shared_ptr<GraphState> graph = op.state();
  const std::lock_guard lock(graph->mutex);
  auto& by_name = graph->extension<GradientsOfNodes>().by_name;
  const std::string name = str("CustomGradient-", by_name.size());
  by_name.emplace(name, std::move(gradient));
  op.node()->attrs.set(kGradientType, name);
}

OpGradient gradient_named_by(const Operation& op) {
  const AttrValue* const value = op.node()->attrs.find(kGradientType);
  if (value == nullptr) return {};
  const auto& name = std::get<std::string>(*value);
  const std::shared_ptr<GraphState> graph = op.state();
  {
    const std::lock_guard lock(graph->mutex);
    const auto& own = graph->extension<GradientsOfNodes>().by_name;
    if (const auto found = own.find(name); found != own.end()) return found->second;
  }
  RegisteredGradients& registered = registered_gradients();
  const std::lock_guard lock(registered.mutex);
  const auto found = registered.by_name.find(name);
  require<UnimplementedError>(found != registered.by_name.end(), ErrorKind::bad_argument,
                              "No gradient is registered under the name '", name,
                              "', which operation '", op.name(), "' (op type: ", op.type(),
                              ") asks for, made at ", op.made_at());
  return found->second;
}

}  // namespace internal

void register_gradient(std::string_view name, OpGradient gradient) {
  internal::require<ValueError>(static_cast<bool>(gradient), ErrorKind::bad_argument,
                                "The gradient '", name, "' is empty");
  internal::RegisteredGradients& registered = internal::registered_gradients();
  const std::lock_guard lock(registered.mutex);
  const bool is_new = registered.by_name.emplace(name, std::move(gradient)).second;
  internal::require<KeyError>(is_new, ErrorKind::already_exists,
                              "Registering two gradients with name '", name, "'");
}

Context enter_gradient_override_map(const GradientOverrides& overrides) {
  const std::shared_ptr<internal::GraphState> graph = internal::default_graph_state();
  GradientOverrides& in_force = graph->contexts().gradient_overrides;
  const size_t before = in_force.size();
  in_force.insert(in_force.end(), overrides.begin(), overrides.end());
  return Context([graph, before] {
    GradientOverrides& now = graph->contexts().gradient_overrides;
    if (now.size() > before) now.resize(before);
  });
}

ScopeGuard gradient_override_map(const GradientOverrides& overrides) {
  return ScopeGuard(enter_gradient_override_map(overrides));
}

}  // namespace tenon
