// What an attribute of a file's must be for an operation's definition to take it.
#pragma once

#include <string_view>
#include <vector>

#include "core/graph/op_def.h"
#include "core/tensor/attr_value.h"

namespace tenon::internal {

// A value of its kind; null where the definition says nothing of it.
inline const AttrValue* like_of(const RegisteredOp& op, std::string_view name) {
  static const AttrValue dtype = DType::invalid, dtypes = std::vector<DType>(), number = int64_t{0};
  if (const AttrValue* standard = op.defaults.find(name)) return standard;
  for (const auto* args : {&op.input_args, &op.output_args}) {
    for (const ArgDef& arg : *args) {
      if (arg.type_attr == name) return arg.lists_types ? &dtypes : &dtype;
      if (arg.number_attr == name) return &number;
    }
  }
  return nullptr;
}

}  // namespace tenon::internal
