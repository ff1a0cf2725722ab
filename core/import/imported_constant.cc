#include "core/import/imported_constant.h"

#include <optional>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/io/dtype_numbers.h"
#include "core/io/tensor_proto.h"
#include "core/io/tensor_slice.h"

namespace tenon::internal {

void check_constant(const NodeDef& node, Unsupported& unsupported) {
  const std::string_view* value = find_attr(node, "value");
  require<ValueError>(value != nullptr, ErrorKind::bad_argument, "Node '", node.name,
                      "' is a constant without a value");
  const int32_t dtype = decode_tensor_header(tensor_bytes(*value)).dtype;
  if (graph_dtype_of_number(dtype) != DType::invalid) return;
  unsupported.add(str("dtype ", dtype_name_of_number(dtype), " of ", node.op), node.name);
}

void fill_large_constant(ImportedNode& node, const NodeDef& def) {
  if (node.attrs.has("value")) return;
  const std::string_view bytes = tensor_bytes(*find_attr(def, "value"));
  const TensorHeader header = decode_tensor_header(bytes);
  const std::optional<Tensor> value = decode_fill_value(bytes);
  require<DataLossError>(value && count_said(header.shape), ErrorKind::corrupt_file, "Node '",
                         def.name, "': its value doesn't fit its shape ", header.shape);
  const auto sizes = header.shape.sizes();
  node.type = "Fill";
  node.attrs = {};
  node.inputs.emplace_back(Tensor(std::vector<int64_t>(sizes.begin(), sizes.end())), false);
  node.inputs.emplace_back(*value, false);
}

}  // namespace tenon::internal
