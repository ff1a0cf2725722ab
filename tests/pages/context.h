// The names that code in the tables of pages assumes. It is compiled, never linked or run.
#pragma once

#include <tenon/tenon.h>

#include <map>
#include <string>

namespace tn = tenon;

namespace page_context {

extern tn::Graph graph;
extern tn::OpenVariableScope scope;
extern tn::VariableScope kept;
extern tn::Variable w, v;
extern tn::Output x, y, d;
extern tn::Operation step, init;
extern tn::Tensor value;
extern tn::Session session;
extern tn::train::ClusterSpec cluster;
extern tn::train::Server server;
extern std::string target;
extern const tn::ValueError& e;

// What is handed over as a function: makes a variable, or a layer.
struct Function {
  tn::Variable operator()(const tn::NextCreator& next, const tn::InitialValue& initial,
                          tn::VariableOptions options) const;
  tn::Output operator()(const tn::Output& in) const;
};
extern const Function f;

}  // namespace page_context
