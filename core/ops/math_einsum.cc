// einsum, made of sums, transposes and batched products of matrices.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_math_einsum(OpRegistry&) {}

namespace {

// A tensor whose axes are named, each by a letter.
struct Named {
  Output tensor;
  std::string axes;
};

bool has(const std::string& letters, char letter) {
  return letters.find(letter) != std::string::npos;
}

struct Equation {
  std::vector<std::string> inputs;
  std::string output;
};

constexpr char kEllipsis = '@';  // what "..." is while an equation is read

void check_letters(const std::string& axes, const std::string& equation) {
  std::set<char> seen;
  for (const char letter : axes) {
    const bool is_letter =
        (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == kEllipsis;
    require<ValueError>(is_letter, ErrorKind::bad_argument, "Axes of einsum are letters: \"",
                        equation, "\"");
    require<ValueError>(seen.insert(letter).second, ErrorKind::bad_argument,
                        "An axis stands twice in one subscript of \"", equation,
                        "\": that isn't supported");
  }
}

Equation parsed(const std::string& text) {
  std::string equation;
  std::copy_if(text.begin(), text.end(), std::back_inserter(equation),
               [](char letter) { return letter != ' '; });
  require<ValueError>(!has(equation, kEllipsis), ErrorKind::bad_argument,
                      "Axes of einsum are letters: \"", text, "\"");
  for (size_t at = equation.find("..."); at != std::string::npos; at = equation.find("...")) {
    equation.replace(at, 3, 1, kEllipsis);
  }
  Equation result;
  const size_t arrow = equation.find("->");
  std::string inputs = equation.substr(0, arrow);
  for (size_t comma = inputs.find(','); comma != std::string::npos; comma = inputs.find(',')) {
    result.inputs.push_back(inputs.substr(0, comma));
    inputs.erase(0, comma + 1);
  }
  result.inputs.push_back(inputs);
  std::map<char, int> counts;
  for (const std::string& axes : result.inputs) {
    check_letters(axes, text);
    for (const char letter : axes) ++counts[letter];
  }
  if (arrow == std::string::npos) {
    if (counts.contains(kEllipsis)) result.output += kEllipsis;
    for (const auto& [letter, count] : counts) {
      if (count == 1 && letter != kEllipsis) result.output += letter;
    }
    return result;
  }
  result.output = equation.substr(arrow + 2);
  check_letters(result.output, text);
  require<ValueError>(has(result.output, kEllipsis) || !counts.contains(kEllipsis),
                      ErrorKind::bad_argument, "The result of \"", text,
                      "\" must have an ellipsis, for an input has one");
  for (const char letter : result.output) {
    require<ValueError>(counts.contains(letter), ErrorKind::bad_argument, "The result of \"", text,
                        "\" has an axis '", letter, "' that no input has");
  }
  return result;
}

// What stands for an ellipsis of so many axes: a digit each, 0 for the last.
std::string ellipsis_axes(size_t count) {
  std::string axes;
  while (count > 0) axes += static_cast<char>('0' + --count);
  return axes;
}

// Gives the axes of ellipses their names, now that the inputs' ranks are there.
void expand_ellipses(std::vector<Named>& inputs, std::string& output, const std::string& equation) {
  size_t most = 0;
  for (Named& named : inputs) {
    const size_t at = named.axes.find(kEllipsis);
    if (at == std::string::npos) continue;
    const int rank = named.tensor.shape().rank();
    require<ValueError>(rank >= 0, ErrorKind::bad_argument,
                        "einsum must know the rank of an input with an ellipsis: \"", equation,
                        "\"");
    const int count = rank - static_cast<int>(named.axes.size()) + 1;
    require<ValueError>(count >= 0 && count < 10, ErrorKind::shape_incompatible, "An input of \"",
                        equation, "\" has rank ", rank);
    named.axes.replace(at, 1, ellipsis_axes(static_cast<size_t>(count)));
    most = std::max(most, static_cast<size_t>(count));
  }
  if (const size_t at = output.find(kEllipsis); at != std::string::npos) {
    output.replace(at, 1, ellipsis_axes(most));
  }
}

bool is_of_ellipsis(char axis) { return axis >= '0' && axis <= '9'; }

// Whether another input than number `own` has that axis with another size than 1.
bool is_broadcast(const std::vector<Named>& inputs, size_t own, char axis) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const size_t at = inputs[i].axes.find(axis);
    if (i == own || at == std::string::npos) continue;
    if (inputs[i].tensor.shape()[static_cast<int>(at)] != 1) return true;
  }
  return false;
}

// Axes of ellipses broadcast: what has size 1 there is without that axis.
void drop_broadcast_axes(std::vector<Named>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    Named& named = inputs[i];
    std::vector<int64_t> gone;
    std::string left;
    for (size_t axis = 0; axis < named.axes.size(); ++axis) {
      const bool is_one =
          is_of_ellipsis(named.axes[axis]) && named.tensor.shape()[static_cast<int>(axis)] == 1;
      if (is_one && is_broadcast(inputs, i, named.axes[axis])) {
        gone.push_back(static_cast<int64_t>(axis));
      } else {
        left += named.axes[axis];
      }
    }
    if (!gone.empty()) named = {squeeze(named.tensor, {.axis = gone}), left};
  }
}

// Without the axes that nobody wants any more.
Named summed_to(const Named& named, const std::string& wanted) {
  std::vector<int64_t> gone;
  std::string left;
  for (size_t i = 0; i < named.axes.size(); ++i) {
    if (has(wanted, named.axes[i])) {
      left += named.axes[i];
    } else {
      gone.push_back(static_cast<int64_t>(i));
    }
  }
  return gone.empty() ? named : Named{reduce_sum(named.tensor, {.axis = gone}), left};
}

Named transposed_to(const Named& named, const std::string& axes) {
  if (named.axes == axes) return named;
  std::vector<int64_t> perm;
  for (const char letter : axes) perm.push_back(static_cast<int64_t>(named.axes.find(letter)));
  return {transpose(named.tensor, {.perm = perm}), axes};
}

// The sizes of these axes, one after the other; and their product.
std::vector<Input> sizes_named(const Named& named, const std::string& axes) {
  std::vector<Input> sizes;
  for (const char letter : axes) {
    sizes.push_back(size_along(named.tensor, static_cast<int>(named.axes.find(letter))));
  }
  return sizes;
}
Input product_of_sizes(const std::vector<Input>& sizes) {
  int64_t product = 1;
  for (const Input& size : sizes) {
    if (size.is_output()) return reduce_prod(integers_of(sizes).as_input());
    product *= size.value().scalar<int64_t>();
  }
  return product;
}

// The tensor as [batch..., rows, columns], each of the last two the product of its axes.
Output as_matrices(const Named& named, const std::string& batch, const std::string& rows,
                   const std::string& columns) {
  const Named ordered = transposed_to(named, batch + rows + columns);
  if (rows.size() == 1 && columns.size() == 1) return ordered.tensor;
  std::vector<Input> sizes = sizes_named(named, batch);
  sizes.push_back(product_of_sizes(sizes_named(named, rows)));
  sizes.push_back(product_of_sizes(sizes_named(named, columns)));
  return reshape(ordered.tensor, integers_of(sizes));
}

// The product of two, summed over the axes that nobody wants.
Named contracted(const Named& left, const Named& right, const std::string& wanted) {
  const Named a = summed_to(left, right.axes + wanted), b = summed_to(right, left.axes + wanted);
  std::string batch, rows, columns, inner;
  for (const char letter : a.axes) {
    if (!has(b.axes, letter)) {
      rows += letter;
    } else {
      (has(wanted, letter) ? batch : inner) += letter;
    }
  }
  for (const char letter : b.axes) {
    if (!has(a.axes, letter)) columns += letter;
  }
  const Output product =
      matmul(as_matrices(a, batch, rows, inner), as_matrices(b, batch, inner, columns));
  const std::string axes = batch + rows + columns;
  if (rows.size() == 1 && columns.size() == 1) return {product, axes};
  std::vector<Input> sizes = sizes_named(a, batch);
  for (const Input& size : sizes_named(a, rows)) sizes.push_back(size);
  for (const Input& size : sizes_named(b, columns)) sizes.push_back(size);
  return {reshape(product, integers_of(sizes)), axes};
}

// That the axes have the inputs' ranks, and each letter one size.
void check_sizes_named(const std::vector<Named>& inputs, const std::string& equation) {
  std::map<char, int64_t> sizes;
  for (const Named& named : inputs) {
    const Shape shape =
        with_rank(named.tensor.shape(), static_cast<int>(named.axes.size()), "an input of einsum");
    for (size_t i = 0; i < named.axes.size(); ++i) {
      const int64_t size = shape[static_cast<int>(i)];
      int64_t& known = sizes.emplace(named.axes[i], kUnknown).first->second;
      require<ValueError>(size < 0 || known < 0 || size == known, ErrorKind::shape_incompatible,
                          "Axis '", named.axes[i], "' of \"", equation, "\" has sizes ", known,
                          " and ", size);
      if (size >= 0) known = size;
    }
  }
}

}  // namespace
}  // namespace internal

Output einsum(const std::string& equation, const Inputs& inputs, const OpOptions& options) {
  using internal::Named;
  internal::Equation parts = internal::parsed(equation);
  internal::require<ValueError>(inputs.size() == parts.inputs.size(), ErrorKind::bad_argument, "\"",
                                equation, "\" is of ", parts.inputs.size(),
                                " inputs, but there are ", inputs.size());
  const std::vector<Input> all(inputs.begin(), inputs.end());
  const internal::OpScope scope(options.name, "einsum", all);
  std::vector<Named> named;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Input& input = inputs[i];
    const DType beside = i > 0 && input.is_weak() ? named[0].tensor.dtype() : DType::invalid;
    named.push_back({internal::as_output(input, "input", beside), parts.inputs[i]});
  }
  internal::expand_ellipses(named, parts.output, equation);
  internal::drop_broadcast_axes(named);
  internal::check_sizes_named(named, equation);
  Named result = named[0];
  for (size_t i = 1; i < named.size(); ++i) {
    std::string wanted = parts.output;  // and by those that follow
    for (size_t j = i + 1; j < named.size(); ++j) wanted += named[j].axes;
    result = internal::contracted(result, named[i], wanted);
  }
  result = internal::transposed_to(internal::summed_to(result, parts.output), parts.output);
  return identity(result.tensor, {.name = scope.name()});
}

}  // namespace tenon
