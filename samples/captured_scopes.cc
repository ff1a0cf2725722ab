// Keeping a variable scope, and entering it again from anywhere.
#include <tenon/tenon.h>

#include <iostream>

namespace tn = tenon;

namespace {

void show(const char* where, const tn::Variable& v, const tn::Output& op) {
  std::cout << "  " << where << ": variable " << v.name() << ", operation " << op.op().name()
            << '\n';
}

// A kept scope ignores the scope around it: its variables are where it was made.
void jump_out_of_a_scope(const tn::VariableScope& kept) {
  std::cout << "\nEntering it inside another scope\n";
  auto outer = tn::variable_scope("scope2");
  {
    auto jump = tn::variable_scope(kept);
    tn::Variable v = tn::get_variable("v2", {.shape = {1}});
    show("inside scope2, by object", v, tn::identity(v, {.name = "y"}));
  }
  auto below = tn::variable_scope("scope1");
  tn::Variable v = tn::get_variable("v2", {.shape = {1}});
  show("inside scope2, by string", v, tn::identity(v, {.name = "y"}));
}

// The operations of a kept scope can go back to its first name scope as well.
void back_to_the_same_names(const tn::VariableScope& kept) {
  std::cout << "\nThe operations' names\n";
  {
    auto again = tn::variable_scope(kept);
    std::cout << "  each entry opens a name scope of its own: "
              << tn::no_op({.name = "step"}).name() << '\n';
  }
  auto again = tn::variable_scope(kept, {.auxiliary_name_scope = false});
  auto names = tn::name_scope(kept.original_name_scope());
  std::cout << "  original_name_scope() is the first one:   " << tn::no_op({.name = "step"}).name()
            << '\n';
}

// Whether a kept scope shares is its own affair, too.
void sharing_through_a_kept_scope(const tn::VariableScope& kept) {
  std::cout << "\nSharing\n";
  auto again = tn::variable_scope(kept, {.reuse = true});
  tn::Variable v = tn::get_variable("v", {.shape = {1}});
  std::cout << "  entered with reuse: " << v.name() << " is shared\n";
  try {
    tn::get_variable("missing", {.shape = {1}});
  } catch (const tn::ValueError& error) {
    std::cout << "  and makes nothing new: " << to_string(error.kind()) << '\n';
  }
}

// What is set on a scope holds for every later entry.
void defaults_of_a_kept_scope() {
  std::cout << "\nDefaults that it carries\n";
  tn::VariableScope ones =
      tn::variable_scope("ones", {.initializer = tn::ones_initializer(), .dtype = tn::float64})
          .scope();
  tn::Variable w;
  {
    auto scope = tn::variable_scope(ones);
    w = tn::get_variable("w", {.shape = {2}});
  }
  tn::Session session;
  session.run(w.initializer());
  std::cout << "  " << w.name() << " is " << w.dtype() << ' ' << session.run(w) << '\n';
}

}  // namespace

int main() {
  try {
    std::cout << "A scope is captured\n";
    tn::VariableScope kept;
    {
      auto scope = tn::variable_scope("scope1");
      kept = scope.scope();
      tn::Variable v = tn::get_variable("v", {.shape = {1}});
      show("inside scope1", v, tn::identity(v, {.name = "y"}));
    }
    jump_out_of_a_scope(kept);
    back_to_the_same_names(kept);
    sharing_through_a_kept_scope(kept);
    defaults_of_a_kept_scope();
  } catch (const tn::Error& error) {
    std::cerr << "captured_scopes: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
