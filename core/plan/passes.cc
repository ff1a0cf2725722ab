#include "core/plan/passes.h"

#include <array>

#include "core/plan/plan.h"

namespace tenon::internal {
namespace {

constexpr std::array<Pass, 14> kPasses = {{
    {"prune", "copies what the fetches and targets depend on",
     [](PlanGraph& graph, PassContext& in) { prune(graph, in.graph, in.request); }},
    {"specialise", "works out every shape, and the values that follow from constants",
     [](PlanGraph& graph, PassContext& in) { specialise(graph, in.environment, &in.graph); }},
    {"cut", "ends the plan before shapes that depend on values of the run",
     [](PlanGraph& graph, PassContext& in) { in.plan.rest = cut(graph, in.request); }},
    {"need", "erases what nothing needs",
     [](PlanGraph& graph, PassContext&) { erase_unneeded(graph); }},
    {"simplify", "settles what is done for each operation",
     [](PlanGraph& graph, PassContext&) { simplify(graph); }},
    {"fold", "multiplies constants for each channel into the constant filters before them",
     [](PlanGraph& graph, PassContext&) { fold(graph); }},
    {"transfer", "gives operations devices and sends values between their memories",
     [](PlanGraph& graph, PassContext& in) {
       const bool keeps = in.request.keep_on_device && in.plan.rest == nullptr;
       transfer(graph, in.environment, keeps);
     }},
    {"fuse", "joins operations into one step",
     [](PlanGraph& graph, PassContext& in) { fuse(graph, in.environment); }},
    {"order", "settles the order of steps, and which reads of variables are copies",
     [](PlanGraph& graph, PassContext& in) {
       order(graph);
       graph.tidy();
       graph.verify_memories(in.environment);
     }},
    {"tile", "joins steps that work row by row into one that takes a few rows at a time",
     [](PlanGraph& graph, PassContext& in) { tile(graph, in.environment); }},
    {"group", "joins updates of variables that don't wait for each other into one step",
     [](PlanGraph& graph, PassContext& in) { group(graph, in.environment); }},
    {"bind", "prepares the kernel of every step",
     [](PlanGraph& graph, PassContext& in) { bind(graph, in.environment, in.plan); }},
    {"memory", "gives every value its place",
     [](PlanGraph& graph, PassContext& in) { place_in_memory(graph, in.environment, in.plan); }},
    {"record", "finds the steps that a device may record",
     [](PlanGraph& graph, PassContext& in) { record(graph, in.environment, in.plan); }},
}};

// Whether a list of names, "fuse,order", holds this one.
bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view one = names.substr(0, comma);
    if (one == name || one == "all") return true;
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
  }
  return false;
}

void verify_behind(const PlanGraph& graph, const Pass& pass) {
#ifdef TENON_VERIFY_PLANS
  graph.verify(pass.name);
  if (pass.name == "order") graph.verify_reads();
#else
  static_cast<void>(graph), static_cast<void>(pass);
#endif
}

}  // namespace

std::span<const Pass> passes() { return kPasses; }

void run_passes(PlanGraph& graph, PassContext& context, std::string_view dumped,
                const PassDump& dump) {
  for (const Pass& pass : kPasses) {
    pass.run(graph, context);
    graph.tidy();
    verify_behind(graph, pass);
    if (dump && lists(dumped, pass.name)) dump(pass, graph.to_string());
  }
}

}  // namespace tenon::internal
