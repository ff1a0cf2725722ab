// AUTO_REUSE: a function that makes its variables when first called, and shares them afterwards.
#include <tenon/tenon.h>

#include <iostream>

namespace tn = tenon;

namespace {

tn::Output demo(const tn::Output& x) {
  auto scope = tn::variable_scope("demo", {.reuse = tn::AUTO_REUSE});
  tn::Variable v = tn::get_variable("v", {.shape = {2}, .initializer = tn::ones_initializer()});
  std::cout << "  demo has " << v.name() << ", its product is ";
  tn::Output product = x * v;
  std::cout << product.name() << '\n';
  return product;
}

// With reuse = true the first call has nothing to share yet.
void demo_with_reuse_from_the_start() {
  auto scope = tn::variable_scope("other", {.reuse = true});
  tn::get_variable("v", {.shape = {2}});
}

// Without, the second call meets its own variable.
void demo_without_reuse() {
  auto scope = tn::variable_scope("third");
  tn::get_variable("v", {.shape = {2}});
}

void show_failure(const char* what, void (*call)()) {
  try {
    call();
    std::cout << "  " << what << ": works\n";
  } catch (const tn::ValueError& error) {
    std::cout << "  " << what << ": fails, " << to_string(error.kind()) << "\n    " << error.what()
              << '\n';
  }
}

}  // namespace

int main() {
  try {
    std::cout << "Two calls share one variable\n";
    tn::Output first = demo(tn::constant(tn::Tensor({1.0f, 2.0f})));
    tn::Output second = demo(tn::constant(tn::Tensor({3.0f, 4.0f})));
    std::cout << "  variables in the graph: " << tn::global_variables().size() << '\n';

    tn::Session session;
    session.run(tn::global_variables_initializer());
    std::cout << "  values: " << session.run(first) << ' ' << session.run(second) << '\n';

    std::cout << "\nThe other two ways\n";
    show_failure("reuse = true, first call", demo_with_reuse_from_the_start);
    show_failure("no reuse, first call", demo_without_reuse);
    show_failure("no reuse, second call", demo_without_reuse);
  } catch (const tn::Error& error) {
    std::cerr << "auto_reuse: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
