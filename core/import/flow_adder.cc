#include "core/import/flow_adder.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/cond_builder.h"
#include "core/ops/loop_builder.h"

namespace tenon::internal {
namespace {

// Thrown, and caught, where a loop's variables don't keep the shapes that they were thought to
// have: what holds of them in every round.
struct OtherShapes {
  std::vector<Shape> shapes;
};

}  // namespace

FlowAdder::FlowAdder(GraphState& graph, const GraphLinks& links, const FlowStructure& flow,
                     NodeAdder& adder, const Choice& choice)
    : graph_(graph), links_(links), flow_(flow), adder_(adder), choice_(choice) {
  for (size_t i = 0; i < links_.size(); ++i) {
    for (const GraphLinks::Edge& edge : links_.of(i).inputs) {
      if (edge.mapped == nullptr && edge.output == 1 &&
          flow_.place(edge.node).role == FlowRole::kMerge) {
        indexed_.insert(edge.node);
      }
    }
  }
}

void FlowAdder::add(const FlowRegion& region, bool all) {
  for (const FlowItem& item : region.items) {
    if (item.construct != nullptr) {
      if (!item.construct->is_used) continue;
      if (all || is_required(*item.construct)) {
        add(*item.construct);
      } else {
        try_to_add(item);
      }
    } else if (!choice_.left_out[item.node]) {
      if (all || choice_.required[item.node]) {
        add_node(item.node);
      } else if (all_there(item.node)) {
        try_to_add(item);
      }
    }
  }
}

bool FlowAdder::is_required(const FlowConstruct& construct) const {
  const auto required = [this](size_t node) { return choice_.required[node]; };
  if (std::any_of(construct.merges.begin(), construct.merges.end(), required)) return true;
  const auto in_part = [&](const FlowRegion& part) {
    return std::any_of(part.items.begin(), part.items.end(), [&](const FlowItem& item) {
      return item.construct != nullptr ? is_required(*item.construct) : required(item.node);
    });
  };
  return std::any_of(construct.parts.begin(), construct.parts.end(), in_part);
}

bool FlowAdder::all_there(size_t index) const {
  const std::vector<size_t> producers = links_.producers_of(index);
  return std::all_of(producers.begin(), producers.end(),
                     [this](size_t producer) { return adder_.is_there(producer); });
}

void FlowAdder::try_to_add(const FlowItem& item) {
  try {
    const GraphState::Trial trial(graph_);
    item.construct != nullptr ? add(*item.construct) : add_node(item.node);
  } catch (const Error&) {  // nobody asked for it
    item.construct != nullptr ? forget(*item.construct) : adder_.forget(item.node);
  }
}

void FlowAdder::forget(const FlowConstruct& construct) {
  for (const size_t merge : construct.merges) adder_.forget(merge);
  for (const auto& variable : construct.variables) {
    if (variable.exit != FlowConstruct::kNoNode) adder_.forget(variable.exit);
  }
  for (const FlowRegion& part : construct.parts) {
    for (const FlowItem& item : part.items) {
      item.construct != nullptr ? forget(*item.construct) : adder_.forget(item.node);
    }
  }
}

void FlowAdder::add_node(size_t index) {
  switch (flow_.place(index).role) {
    case FlowRole::kNone:
      return adder_.add(graph_, index);
    case FlowRole::kSwitch: {
      const Output value = input_of(index, 0);
      return adder_.stand_for(index, {value, value});
    }
    case FlowRole::kEnter:
    case FlowRole::kNext:
    case FlowRole::kLoopCond: {
      const Output value = input_of(index, 0);
      if (!adder_.controls_of(index).empty()) {
        return adder_.add_as_identity(graph_, index, value);
      }
      return adder_.stand_for(index, {value});
    }
    default:  // made with its conditional or loop
      return;
  }
}

void FlowAdder::add(const FlowConstruct& construct) {
  if (!construct.repeats) return add_conditional(construct);
  const size_t first =
      construct.variables.empty() ? construct.loop_cond : construct.variables[0].merge;
  require<ValueError>(
      first != FlowConstruct::kNoNode && construct.loop_cond != FlowConstruct::kNoNode,
      ErrorKind::bad_argument, "The loop of node '",
      first == FlowConstruct::kNoNode ? "" : links_.node(first).name,
      "' can't be told: it has no LoopCond");
  add_loop(construct);
}

std::string FlowAdder::name_after(const std::vector<size_t>& nodes,
                                  std::string_view otherwise) const {
  if (nodes.empty() || !adder_.controls_of(nodes[0]).empty()) return std::string(otherwise);
  return adder_.full_name(links_.node(nodes[0]).name) + '/';
}

void FlowAdder::hand_out(const std::vector<size_t>& nodes, const std::vector<Output>& outputs) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (i == 0 && adder_.controls_of(nodes[0]).empty()) {
      adder_.stand_for(nodes[0], outputs[0].op().node());
    } else {
      adder_.add_as_identity(graph_, nodes[i], outputs[i]);
    }
  }
}

void FlowAdder::add_branch(const FlowConstruct& construct, size_t part,
                           const std::vector<size_t>& merges, std::vector<Output>& results) {
  add(construct.parts[part], true);
  std::vector<Output> numbers;
  for (const size_t merge : merges) {
    const size_t true_input = flow_.place(merge).true_input;
    const size_t input = part == 0 ? true_input : 1 - true_input;
    results.push_back(input_of(merge, input));
    if (!indexed_.contains(merge)) continue;
    const std::string name = str(links_.node(merge).name, "/value_index_", input, '/');
    numbers.push_back(make_constant(Tensor(static_cast<int32_t>(input)), adder_.full_name(name)));
  }
  results.insert(results.end(), numbers.begin(), numbers.end());
}

void FlowAdder::add_conditional(const FlowConstruct& construct) {
  std::vector<size_t> merges;
  for (const size_t merge : construct.merges) {
    if (!choice_.left_out[merge]) merges.push_back(merge);
  }
  const size_t asks = merges.empty() ? construct.predicate.node : merges[0];
  const std::string name(links_.node(asks).name);
  const NameScope scope = name_scope(adder_.full_name(name) + '/');
  const Output predicate = adder_.value_of(graph_, construct.predicate, asks);
  check_predicate(predicate);
  CondBuilder builder(graph_, predicate, name);
  std::array<std::vector<Output>, 2> results;
  for (size_t part = 0; part < 2; ++part) {
    const InBody inside(graph_, &builder.branch(part));
    add_branch(construct, part, merges, results[part]);
  }
  for (size_t i = 0; i < merges.size(); ++i) {
    const DType one = results[0][i].dtype(), other = results[1][i].dtype();
    require<ValueError>(one == other, ErrorKind::flow_mismatch, "Node '",
                        links_.node(merges[i]).name, "' merges ", one, " and ", other);
  }
  const std::vector<Output> outputs = builder.finish(results, name_after(merges, "If"));
  hand_out(merges, outputs);
  size_t number = merges.size();
  for (size_t i = 0; i < merges.size(); ++i) {
    if (!indexed_.contains(merges[i])) continue;
    Node* made = adder_.made(merges[i]);
    adder_.stand_for(merges[i], {graph_.handle(Endpoint{made, 0}), outputs[number++]});
  }
}

// Those with an Exit first: they are what the loop hands out.
FlowAdder::Variables FlowAdder::variables_of(const FlowConstruct& construct) const {
  constexpr size_t kNoNode = FlowConstruct::kNoNode;
  Variables variables;
  for (const FlowConstruct::Variable& variable : construct.variables) {
    if (choice_.left_out[variable.merge]) continue;
    require<ValueError>(variable.enter != kNoNode && variable.next != kNoNode,
                        ErrorKind::bad_argument, "Node '", links_.node(variable.merge).name,
                        "' isn't a loop's variable: an Enter and a NextIteration must go into it");
    variables.push_back(variable);
    size_t& exit = variables.back().exit;
    if (exit != kNoNode && choice_.left_out[exit]) exit = kNoNode;
  }
  std::stable_partition(variables.begin(), variables.end(),
                        [](const auto& variable) { return variable.exit != kNoNode; });
  return variables;
}

std::vector<Output> FlowAdder::add_rounds(LoopBuilder& loop, const FlowConstruct& construct,
                                          const Variables& variables, Output& goes_on) {
  {
    const InBody inside(graph_, &loop.condition());
    for (size_t i = 0; i < variables.size(); ++i) {
      adder_.stand_for(variables[i].merge, {loop.parameter(loop.condition(), i)});
    }
    add(construct.parts[0], true);
    goes_on = adder_.value_of(graph_, {.node = construct.loop_cond}, construct.loop_cond);
    check_predicate(goes_on);
  }
  const InBody inside(graph_, &loop.body());
  std::vector<Output> next;
  for (size_t i = 0; i < variables.size(); ++i) {
    const Output now = loop.parameter(loop.body(), i);
    adder_.stand_for(variables[i].merge, {now});
    if (variables[i].toggle != FlowConstruct::kNoNode) {
      adder_.stand_for(variables[i].toggle, {now, now});
    }
  }
  add(construct.parts[1], true);
  for (const FlowConstruct::Variable& variable : variables) {
    next.push_back(adder_.value_of(graph_, {.node = variable.next}, variable.merge));
  }
  return next;
}

void FlowAdder::add_loop(const FlowConstruct& construct) {
  const Variables variables = variables_of(construct);
  std::vector<size_t> exits;
  std::vector<Shape> shapes;
  for (const FlowConstruct::Variable& variable : variables) {
    const auto initial = adder_.value_of(graph_, {.node = variable.enter}, variable.merge);
    shapes.push_back(initial.shape());
    if (variable.exit != FlowConstruct::kNoNode) exits.push_back(variable.exit);
  }
  const std::string name(links_.node(construct.loop_cond).name);
  const NameScope scope = name_scope(adder_.full_name(name) + '/');
  while (true) {
    try {
      const GraphState::Trial trial(graph_);
      LoopBuilder loop(graph_, adder_.full_name(name));
      for (size_t i = 0; i < variables.size(); ++i) {
        loop.add_variable(adder_.value_of(graph_, {.node = variables[i].enter}, variables[i].merge),
                          shapes[i]);
      }
      Output goes_on;
      const std::vector<Output> next = add_rounds(loop, construct, variables, goes_on);
      OtherShapes kept;
      for (size_t i = 0; i < next.size(); ++i) {
        require<ValueError>(next[i].dtype() == loop.initial(i).dtype(), ErrorKind::flow_mismatch,
                            "Node '", links_.node(variables[i].merge).name, "' merges ",
                            loop.initial(i).dtype(), " and ", next[i].dtype());
        kept.shapes.push_back(shared_shape(shapes[i], next[i].shape()));
      }
      if (kept.shapes != shapes) throw kept;  // NOLINT(misc-throw-by-value-catch-by-reference)
      Node* node = loop.finish(goes_on, next, {}, name_after(exits, "While"));
      std::vector<Output> outputs;
      for (size_t i = 0; i < exits.size(); ++i) {
        outputs.push_back(graph_.handle(Endpoint{node, static_cast<int>(i)}));
      }
      return hand_out(exits, outputs);
    } catch (const OtherShapes& found) {
      shapes = found.shapes;
    }
  }
}

}  // namespace tenon::internal
