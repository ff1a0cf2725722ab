// Which names variables and operations get in variable scopes and name scopes.
#include <tenon/tenon.h>

#include <iostream>

namespace tn = tenon;

namespace {

// Two layers may both have a variable "w": the scope's name tells them apart.
void variables_of_two_scopes() {
  std::cout << "Variables are named after their variable scope\n";
  {
    auto scope = tn::variable_scope("test1");
    tn::Variable v = tn::get_variable("firstvar", {.shape = {2}});
    std::cout << "  in test1:              " << v.name() << '\n';
  }
  {
    auto scope = tn::variable_scope("test2");
    tn::Variable v = tn::get_variable("firstvar", {.shape = {2}});
    std::cout << "  in test2:              " << v.name() << '\n';
  }
  auto outer = tn::variable_scope("test1");
  auto inner = tn::variable_scope("hidden");
  tn::Variable v = tn::get_variable("w", {.shape = {2}});
  std::cout << "  in hidden in test1:    " << v.name() << '\n';
}

// A name scope puts operations in order. get_variable doesn't see it, so that a function's
// variables keep their names wherever it is called.
void a_name_scope_inside_a_variable_scope() {
  std::cout << "\nA name scope names only operations\n";
  auto scope = tn::variable_scope("scope1");
  auto names = tn::name_scope("bar");
  tn::Variable v = tn::get_variable("v", {.shape = {1}});
  tn::Output x = tn::add(1.0f, v, {.name = "add"});
  tn::Variable own = tn::Variable(tn::Tensor(1.0f), {.name = "own"});
  std::cout << "  get_variable:          " << v.name() << '\n'
            << "  an operation:          " << x.op().name() << '\n'
            << "  Variable, always new:  " << own.name() << '\n';
}

// Entering a variable scope again shares its variables' names; its operations get new ones.
void a_scope_entered_twice() {
  std::cout << "\nA scope entered twice\n";
  for (const char* round : {"first", "second"}) {
    auto scope = tn::variable_scope("layer", {.reuse = tn::AUTO_REUSE});
    tn::Variable v = tn::get_variable("w", {.shape = {1}});
    tn::Output y = tn::identity(v, {.name = "y"});
    std::cout << "  " << round << " time: variable " << v.name() << ", operation " << y.op().name()
              << '\n';
  }
}

// A default name is for functions that are called often: each call gets a scope of its own.
void default_names() {
  std::cout << "\nA default name is made unique, a name is not\n";
  for (int i = 0; i < 3; ++i) {
    auto scope = tn::variable_scope({.default_name = "dense"});
    std::cout << "  call " << i + 1 << ": " << tn::get_variable("w", {.shape = {1}}).name() << '\n';
  }
}

// Names of operations are made unique, too; letters' case doesn't tell two names apart.
void unique_names() {
  std::cout << "\nOperations of one name are counted\n ";
  for (const char* name : {"x", "x", "X", "x"}) {
    std::cout << ' ' << tn::constant(1.0f, {.name = name}).op().name();
  }
  std::cout << "\n  an operation in its own scope: ";
  auto outer = tn::name_scope("outer");
  std::cout << tn::constant(1.0f, {.name = "c"}).op().name() << ", at the root again: ";
  auto root = tn::name_scope("");
  std::cout << tn::constant(1.0f, {.name = "c"}).op().name() << '\n';
}

}  // namespace

int main() {
  try {
    variables_of_two_scopes();
    a_name_scope_inside_a_variable_scope();
    a_scope_entered_twice();
    default_names();
    unique_names();
  } catch (const tn::Error& error) {
    std::cerr << "scope_names: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
