// When does an inner scope share? Five ways to nest two scopes around one variable, on /cpu:0.
#include <tenon/tenon.h>

#include <functional>
#include <iostream>
#include <string>

namespace tn = tenon;

namespace {

struct Scopes {
  tn::VariableScope outer;
  tn::VariableScope inner;
};

tn::Variable get_w() {
  auto on = tn::device("/cpu:0");
  return tn::get_variable("w1", {.shape = {1, 2}, .initializer = tn::glorot_uniform_initializer()});
}

// Case 1: a new variable test1/test2/w1, and the two scopes to come back to.
tn::Variable create(Scopes& scopes) {
  auto outer = tn::variable_scope("test1");
  auto inner = tn::variable_scope("test2");
  scopes = {outer.scope(), inner.scope()};
  return get_w();
}

// Strings look at the scope around them: reuse = false only means "nothing new said here".
tn::Variable by_strings(const tn::Reuse& outer_reuse, const tn::Reuse& inner_reuse) {
  auto outer = tn::variable_scope("test1", {.reuse = outer_reuse});
  auto inner = tn::variable_scope("test2", {.reuse = inner_reuse});
  return get_w();
}

// Objects bring their own flag along, whatever the scope around them says.
tn::Variable by_objects(const Scopes& scopes, const tn::Reuse& outer_reuse,
                        const tn::Reuse& inner_reuse) {
  auto outer = tn::variable_scope(scopes.outer, {.reuse = outer_reuse});
  auto inner = tn::variable_scope(scopes.inner, {.reuse = inner_reuse});
  return get_w();
}

// Makes the variable of case 1 in a graph of its own, then tries to get it again.
void try_case(const std::string& title, const std::function<tn::Variable(const Scopes&)>& again) {
  tn::Graph graph;
  auto as_default = graph.as_default();
  Scopes scopes;
  const tn::Variable first = create(scopes);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  std::cout << title << '\n';
  try {
    const tn::Variable second = again(scopes);
    std::cout << "  works: " << second.name() << " on " << second.device()
              << (second == first ? ", the same variable" : ", another variable")
              << "; their difference is " << session.run(second - first) << '\n';
  } catch (const tn::ValueError& error) {
    std::cout << "  fails, " << to_string(error.kind()) << ": " << error.what() << '\n';
  }
}

}  // namespace

int main() {
  try {
    try_case("1. test1, test2: creates", [](const Scopes& scopes) {
      auto inner = tn::variable_scope(scopes.inner, {.reuse = true});
      return get_w();
    });
    try_case("2. strings, reuse = true outside, false inside",
             [](const Scopes&) { return by_strings(true, false); });
    try_case("3. captured scopes, reuse = false outside, true inside",
             [](const Scopes& scopes) { return by_objects(scopes, false, true); });
    try_case("4. captured scopes, reuse = true outside, false inside",
             [](const Scopes& scopes) { return by_objects(scopes, true, false); });
    try_case("5. strings, reuse = false outside and inside",
             [](const Scopes&) { return by_strings(false, false); });
  } catch (const tn::Error& error) {
    std::cerr << "reuse_cases: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
