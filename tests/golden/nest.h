// Nested structures of tensors, which sub-programs hand out.
#pragma once

#include <string>
#include <vector>

#include "tests/golden/program.h"

namespace replay {

struct Nest {
  enum class Kind { leaf, list, object };
  Kind kind = Kind::leaf;
  std::vector<Nest> items = {};
  std::vector<std::string> keys = {};  // of an object
  bool operator==(const Nest&) const = default;
};

// The structure of what a step names, whose leaves are added in order.
Nest flattened(const Program& program, const Json& value,
               std::vector<tenon::Returned::Item>& leaves);

// Tensors in that structure, from number `next` on.
Thing packed(const Nest& nest, const std::vector<tenon::Output>& outputs, size_t& next);

}  // namespace replay
