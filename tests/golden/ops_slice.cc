// Python's x[...].
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::Bound;
using tenon::Index;

Bound bound_of(const Program& program, const Json& part) {
  if (part.is_null()) return {};
  if (part.is_number()) return integer_from(part);
  return program.output(part);
}

Index entry_of(const Program& program, const Json& entry) {
  if (entry.is_object() && entry.contains("slice")) {
    const Json& parts = entry["slice"];
    return tenon::Slice{bound_of(program, parts.at(0)), bound_of(program, parts.at(1)),
                        bound_of(program, parts.at(2))};
  }
  if (entry.is_null()) return tenon::newaxis;
  if (entry.is_string()) return tenon::ellipsis;
  if (entry.is_number()) return integer_from(entry);
  return program.output(entry);
}

Thing sliced(const OpCall& call) {
  return call.output(0)[index_of(call.program(), call.attribute("index"))];
}

}  // namespace

std::vector<Index> index_of(const Program& program, const Json& entries) {
  std::vector<Index> index;
  for (const Json& entry : entries) index.push_back(entry_of(program, entry));
  return index;
}

const OpTable& slice_ops() {
  static const OpTable ops = {{"[]", sliced}};
  return ops;
}

}  // namespace replay
