#include "core/graph/handles.h"

#include <algorithm>
#include <string_view>

#include "core/graph/body.h"
#include "core/graph/endpoint.h"
#include "core/graph/op_def.h"

namespace tenon::internal {

namespace {

// What an operation makes as its first output.
HandleKind kind_made(const Node& node) {
  if (node.def->output_args.empty() || node.flow != nullptr) return HandleKind::kNone;
  if (!std::string_view(node.def->output_args[0].name).ends_with("handle")) {
    return HandleKind::kNone;
  }
  const bool is_list = node.type().find("TensorList") != std::string::npos;
  return is_list ? HandleKind::kList : HandleKind::kResource;
}

// A value that a parameter of a body has in some round.
Endpoint given_to(const Node& parameter) {
  const Body& body = *parameter.body;
  for (const auto& [rounds, one] : body.rounds) {
    const Flow* flow = rounds.node->flow;
    if (one != &parameter) continue;
    if (flow == nullptr || flow->listed.empty()) return {};
    return flow->listed[static_cast<size_t>(rounds.index) - flow->variables - 1];
  }
  const auto at = std::find(body.parameters.begin(), body.parameters.end(), &parameter);
  if (body.owner == nullptr || at == body.parameters.end()) return {};
  return body.owner->inputs[static_cast<size_t>(at - body.parameters.begin())];
}

// Where an endpoint has its value from; none where it is made there.
Endpoint origin_of(const Endpoint& endpoint) {
  const Node& node = *endpoint.node;
  const auto index = static_cast<size_t>(endpoint.index);
  if (node.def->action == PlanAction::kPlaceholder) {
    return node.body == nullptr ? Endpoint() : given_to(node);
  }
  if (node.flow == nullptr) {
    const bool passes = node.def->action == PlanAction::kPassOn;
    return passes && index < node.inputs.size() ? node.inputs[index] : Endpoint();
  }
  if (node.def->action == PlanAction::kLoop) {
    return index < node.flow->variables ? node.inputs[index] : Endpoint();
  }
  for (const Body* body : node.flow->bodies) {
    if (index < body->results.size() && body->results[index].node != nullptr) {
      return body->results[index];
    }
  }
  return {};
}

}  // namespace

HandleKind handle_kind(Endpoint endpoint) {
  while (endpoint.node != nullptr && dtype_at(endpoint) == DType::int64) {
    const HandleKind made = kind_made(*endpoint.node);
    if (made != HandleKind::kNone) return endpoint.index == 0 ? made : HandleKind::kNone;
    endpoint = origin_of(endpoint);
  }
  return HandleKind::kNone;
}

}  // namespace tenon::internal
