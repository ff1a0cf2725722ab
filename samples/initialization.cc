// Giving variables their first values: initializers, what is missing, and in which order.
#include <tenon/tenon.h>

#include <iostream>

namespace tn = tenon;

namespace {

void show_uninitialized(tn::Session& session, const tn::Output& report) {
  const tn::Tensor names = session.run(report);
  std::cout << "  not initialised:";
  for (const std::string& name : names.data<std::string>()) std::cout << ' ' << name;
  std::cout << (names.element_count() == 0 ? " nothing\n" : "\n");
}

// Where a variable's first value comes from.
void initializers() {
  std::cout << "Initializers\n";
  tn::Graph graph;
  auto as_default = graph.as_default();
  tn::Session session;
  const auto show = [&](const char* what, const tn::Variable& v) {
    session.run(v.initializer());
    std::cout << "  " << what << ": " << v.dtype() << ' ' << session.run(v) << '\n';
  };
  show("zeros", tn::get_variable("z", {.shape = {3}, .initializer = tn::zeros_initializer()}));
  show("a constant",
       tn::get_variable("c", {.shape = {2, 2}, .initializer = tn::constant_initializer(0.5)}));
  show("a value, which gives the shape",
       tn::get_variable("t", {.initializer = tn::Tensor({23, 42})}));
  show("integers without an initializer",
       tn::get_variable("i", {.shape = {2}, .dtype = tn::int32}));
  show("a function of your own",
       tn::get_variable("f",
                        {.shape = {3}, .initializer = [](const tn::Shape& shape, tn::DType dtype) {
                           return tn::cast(tn::fill(shape, 7), dtype);
                         }}));
  const tn::Variable seeded = tn::get_variable(
      "r", {.shape = {2}, .initializer = tn::random_uniform_initializer({.seed = 1})});
  session.run(seeded.initializer());
  tn::Session other;
  other.run(seeded.initializer());
  const bool same = session.run(seeded).data<float>()[0] == other.run(seeded).data<float>()[0];
  std::cout << "  a seeded one, in two sessions: " << (same ? "the same" : "different")
            << " values\n";
}

// A session starts with nothing; reading says what is missing.
void what_is_missing() {
  std::cout << "\nWhat is missing\n";
  tn::Variable a = tn::get_variable("a", {.shape = {1}, .initializer = tn::ones_initializer()});
  tn::Variable b = tn::get_variable("b", {.shape = {1}, .initializer = tn::ones_initializer()});
  tn::Output sum = a + b;
  tn::Output report = tn::report_uninitialized_variables();
  tn::Session session;
  show_uninitialized(session, report);
  try {
    session.run(sum);
  } catch (const tn::FailedPreconditionError& error) {
    std::cout << "  a + b, " << to_string(error.kind()) << ":\n    " << error.what() << '\n';
  }
  session.run(a.initializer());
  show_uninitialized(session, report);
  session.run(tn::global_variables_initializer());
  show_uninitialized(session, report);
  std::cout << "  a + b = " << session.run(sum) << '\n';

  tn::Session second;  // sessions have values of their own
  std::cout << "  in a second session,";
  show_uninitialized(second, report);
}

// global_variables_initializer runs in no order: what depends on another variable's value asks for
// its initialized_value.
void order() {
  std::cout << "\nOne variable from another\n";
  tn::Variable v = tn::get_variable(
      "v", {.shape = {2}, .initializer = tn::random_normal_initializer({.seed = 7})});
  tn::Variable w = tn::get_variable("w", {.initializer = v.initialized_value() * 2.0f});
  tn::Session session;
  session.run(tn::global_variables_initializer());
  std::cout << "  w - 2 v = " << session.run(w - v * 2.0f) << '\n';
}

// Assignments are operations; a read follows a write where something says so.
void assignments() {
  std::cout << "\nAfter that\n";
  tn::Variable count = tn::get_variable("count", {.initializer = tn::Tensor(0.0f)});
  tn::Output step = count.assign_add(1.0f);
  tn::Output fresh;
  {
    auto after = tn::control_dependencies({step});
    fresh = count.read_value();
  }
  tn::Session session;
  session.run(count.initializer());
  session.run(step);
  std::cout << "  one step: " << session.run(count)
            << ", one more, read after it: " << session.run(fresh) << '\n';
  count.load(tn::Tensor(10.0f), session);
  std::cout << "  loaded: " << session.run(count) << '\n';
}

}  // namespace

int main() {
  try {
    initializers();
    what_is_missing();
    order();
    assignments();
  } catch (const tn::Error& error) {
    std::cerr << "initialization: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
