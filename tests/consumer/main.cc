#include <tenon/tenon.h>

#include <iostream>
namespace tn = tenon;

int main() {
  auto v = tn::get_variable("v", {.shape = {2}, .initializer = tn::ones_initializer()});
  tn::Session session;
  session.run(tn::global_variables_initializer());
  std::cout << session.run(v * 2.0f) << '\n';
}
