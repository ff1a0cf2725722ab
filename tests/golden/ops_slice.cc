// Python's x[...]: a strided slice.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::Input;

// What an index says, entry by entry, as StridedSlice takes it.
struct Index {
  std::vector<Input> begin, end;
  std::vector<int64_t> strides;
  tenon::StridedSliceOptions options;

  void add(const Input& from, const Input& to, int64_t stride) {
    begin.push_back(from);
    end.push_back(to);
    strides.push_back(stride);
  }
};

void add_slice(const OpCall& call, const Json& parts, int64_t bit, Index& index) {
  const Json &from = parts.at(0), &to = parts.at(1), &stride = parts.at(2);
  if (from.is_null()) index.options.begin_mask |= bit;
  if (to.is_null()) index.options.end_mask |= bit;
  index.add(from.is_null() ? Input(0) : call.program().input(from),
            to.is_null() ? Input(0) : call.program().input(to),
            stride.is_null() ? 1 : stride.get<int64_t>());
}

void add_entry(const OpCall& call, const Json& entry, Index& index) {
  const int64_t bit = int64_t{1} << index.strides.size();
  if (entry.is_object() && entry.contains("slice")) {
    return add_slice(call, entry["slice"], bit, index);
  }
  if (entry.is_null()) {
    index.options.new_axis_mask |= bit;
    return index.add(0, 1, 1);
  }
  if (entry.is_string()) {
    index.options.ellipsis_mask |= bit;
    return index.add(0, 0, 1);
  }
  index.options.shrink_axis_mask |= bit;
  if (entry.is_number()) {
    const auto at = entry.get<int64_t>();
    return index.add(at, at + 1, 1);
  }
  const tenon::Output at = call.program().output(entry);
  index.add(at, at + 1, 1);
}

tenon::Integers packed(const std::vector<Input>& parts) {
  std::vector<int64_t> numbers;
  for (const Input& part : parts) {
    if (part.is_output()) return parts;
    numbers.push_back(part.value().scalar<int64_t>());
  }
  return numbers;
}

Thing sliced(const OpCall& call) {
  Index index;
  for (const Json& entry : call.attribute("index")) add_entry(call, entry, index);
  index.options.strides = index.strides;
  index.options.name = call.name();
  return tenon::strided_slice(call.output(0), packed(index.begin), packed(index.end),
                              index.options);
}

}  // namespace

const OpTable& slice_ops() {
  static const OpTable ops = {{"[]", sliced}};
  return ops;
}

}  // namespace replay
