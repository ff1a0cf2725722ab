// A user's program: says which modules it has, and computes something.
#include <tenon/tenon.h>

#include <iostream>

namespace tn = tenon;

int main() {
  for (const tn::ModuleInfo& module : tn::modules()) {
    std::cout << module.name << (module.opened ? " opened: " : " not used: ") << module.status
              << '\n';
  }
  const tn::Output product = tn::matmul(tn::Tensor({{1.0f, 2.0f}}), tn::Tensor({{3.0f}, {4.0f}}));
  tn::Session session;
  std::cout << session.list_devices().size() << " device, " << session.run(product) << '\n';
}
