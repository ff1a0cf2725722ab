#include "core/io/graph_def_writer.h"

#include <protozero/pbf_writer.hpp>
#include <type_traits>
#include <variant>

#include "core/io/proto_fields.h"

namespace tenon::internal {

namespace {

using protozero::pbf_writer;

// TensorFlow 1.15's: what is written are operations of that time.
constexpr int32_t kProducer = 134;

int32_t number_of(DType dtype) { return static_cast<int32_t>(dtype); }

// The field of an AttrValue, and of its ListValue, for each kind of value.
constexpr uint32_t field_of(const std::string&) { return 2; }
constexpr uint32_t field_of(int64_t) { return 3; }
constexpr uint32_t field_of(double) { return 4; }
constexpr uint32_t field_of(bool) { return 5; }
constexpr uint32_t field_of(DType) { return 6; }
constexpr uint32_t field_of(const Shape&) { return 7; }
constexpr uint32_t field_of(const Tensor&) { return 8; }

template <typename T>
void add_value(pbf_writer& message, const T& value) {
  const uint32_t field = field_of(value);
  if constexpr (std::is_same_v<T, std::string>) {
    message.add_bytes(field, value);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    message.add_int64(field, value);
  } else if constexpr (std::is_same_v<T, double>) {
    message.add_float(field, static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    message.add_bool(field, value);
  } else if constexpr (std::is_same_v<T, DType>) {
    message.add_enum(field, number_of(value));
  } else if constexpr (std::is_same_v<T, Shape>) {
    message.add_message(field, encode_shape(value));
  } else {
    message.add_message(field, encode_tensor(value));
  }
}

template <typename T>
void add_value(pbf_writer& message, const std::vector<T>& list) {
  std::string bytes;  // of its own: a writer inside another takes back what stays empty
  pbf_writer values(bytes);
  for (const T& value : list) add_value(values, value);
  message.add_message(1, bytes);
}

std::string described_argument(const std::string& name, DType dtype) {
  std::string bytes;
  pbf_writer argument(bytes);
  argument.add_string(1, name);
  argument.add_enum(3, number_of(dtype));
  return bytes;
}

// The OpDef by which a function is called.
std::string encode_signature(const WrittenFunction& function) {
  std::string bytes;
  pbf_writer signature(bytes);
  signature.add_string(1, function.name);
  for (const auto& [name, dtype] : function.inputs) {
    signature.add_message(2, described_argument(name, dtype));
  }
  for (const auto& [name, dtype] : function.outputs) {
    signature.add_message(3, described_argument(name, dtype));
  }
  signature.add_bool(17, true);  // stateful: its operations may be
  for (const std::string& target : function.targets) signature.add_string(20, target);
  return bytes;
}

}  // namespace

std::string encode_shape(const Shape& shape) {
  std::string bytes;
  pbf_writer message(bytes);
  if (!shape.has_rank()) message.add_bool(3, true);
  for (const int64_t size : shape.sizes()) pbf_writer(message, 2).add_int64(1, size);
  return bytes;
}

std::string encode_tensor(const Tensor& tensor) {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_enum(1, number_of(tensor.dtype()));
  message.add_message(2, encode_shape(tensor.shape()));
  if (tensor.dtype() == DType::string) {
    for (const std::string& value : tensor.data<std::string>()) message.add_bytes(8, value);
  } else if (tensor.element_count() > 0) {
    const auto size = static_cast<size_t>(tensor.element_count()) * size_of(tensor.dtype());
    message.add_bytes(4, static_cast<const char*>(tensor.raw()), size);
  }
  return bytes;
}

std::string encode_attr_value(const AttrValue& value) {
  std::string bytes;
  pbf_writer message(bytes);
  std::visit([&message](const auto& typed) { add_value(message, typed); }, value);
  return bytes;
}

std::string encode_function_attr(std::string_view function) {
  std::string bytes;
  pbf_writer message(bytes);
  pbf_writer(message, 10).add_string(1, function.data(), function.size());
  return bytes;
}

void append_node(std::string& bytes, uint32_t field, const WrittenNode& node) {
  pbf_writer graph(bytes);
  pbf_writer message(graph, field);
  message.add_string(1, node.name);
  message.add_string(2, node.op);
  for (const std::string& input : node.inputs) message.add_string(3, input);
  if (!node.device.empty()) message.add_string(4, node.device);
  for (const auto& [name, value] : node.attrs) add_entry(message, 5, name, value);
}

void append_function(std::string& library, const WrittenFunction& function) {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_message(1, encode_signature(function));
  bytes += function.nodes;
  for (const auto& [name, value] : function.returns) add_entry(message, 4, name, value);
  for (const std::string& target : function.targets) add_entry(message, 6, target, target);
  pbf_writer(library).add_message(1, bytes);
}

std::string encode_graph_def(std::string nodes, std::string_view library) {
  pbf_writer message(nodes);
  if (!library.empty()) message.add_message(2, library.data(), library.size());
  pbf_writer(message, 4).add_int32(1, kProducer);
  return nodes;
}

}  // namespace tenon::internal
