// tenon diff: what differs between two checkpoints.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "tenon/checkpoint.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/tensor_values.h"

namespace tenon::tool {

namespace {

using train::CheckpointReader;
using train::StoredVariable;

bool same_strings(const Tensor& a, const Tensor& b) {
  const auto x = a.data<std::string>(), y = b.data<std::string>();
  return std::equal(x.begin(), x.end(), y.begin(), y.end());
}

// Says how the values differ; false where they are the same bits.
bool print_difference(const std::string& name, const Tensor& a, const Tensor& b) {
  if (a.dtype() == DType::string) {
    if (same_strings(a, b)) return false;
    std::cout << "other values: " << name << '\n';
    return true;
  }
  if (a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0) return false;
  std::vector<double> first;
  for_each_number(a, [&](double x) { first.push_back(x); });
  size_t at = 0, others = 0;
  double greatest = 0;
  for_each_number(b, [&](double y) {
    const double x = first[at++], difference = std::fabs(x - y);
    if (x != y) ++others;
    if (!(difference <= greatest)) greatest = difference;
  });
  std::cout << "other values: " << name << ", " << others << " of " << at << ", by at most "
            << greatest << '\n';
  return true;
}

// What of `a` isn't in `b`.
size_t print_missing(const CheckpointReader& a, const CheckpointReader& b) {
  size_t count = 0;
  for (const StoredVariable& variable : a.variables()) {
    if (b.has_tensor(variable.name)) continue;
    std::cout << "only in " << a.path() << ": " << variable.name << '\n';
    ++count;
  }
  return count;
}

bool print_difference(const StoredVariable& variable, const CheckpointReader& a,
                      const CheckpointReader& b) {
  const std::vector<StoredVariable>& others = b.variables();
  const auto other = std::find_if(others.begin(), others.end(),
                                  [&](const StoredVariable& v) { return v.name == variable.name; });
  if (other == others.end()) return false;
  if (other->dtype_name != variable.dtype_name) {
    std::cout << "other dtype:  " << variable.name << ", " << variable.dtype_name << " and "
              << other->dtype_name << '\n';
    return true;
  }
  if (other->shape != variable.shape) {
    std::cout << "other shape:  " << variable.name << ", " << variable.shape << " and "
              << other->shape << '\n';
    return true;
  }
  return print_difference(variable.name, a.get_tensor(variable.name, {}),
                          b.get_tensor(variable.name, {}));
}

}  // namespace

int diff(const std::vector<std::string>& all) {
  const Arguments arguments(all, {});
  arguments.require_words(2, "A or B");
  const CheckpointReader a(arguments.words()[0], {}), b(arguments.words()[1], {});
  size_t differences = print_missing(a, b) + print_missing(b, a);
  for (const StoredVariable& variable : a.variables()) {
    if (print_difference(variable, a, b)) ++differences;
  }
  return differences == 0 ? 0 : 1;
}

}  // namespace tenon::tool
