#include "core/io/graph_def.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/types.hpp>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/io/dtype_numbers.h"
#include "core/io/proto_fields.h"
#include "core/io/tensor_proto.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;

// VersionDef's producer.
int32_t decode_producer(pbf_reader message) {
  int32_t producer = 0;
  while (message.next()) {
    if (message.tag_and_type() == varint_field(1)) {
      producer = message.get_int32();
    } else {
      message.skip();
    }
  }
  return producer;
}

// The dtype of an attribute. Behind a variant is a list of tensors, whose handle is a number.
DType attr_dtype(int32_t number) {
  constexpr int32_t kVariant = 21;
  return number == kVariant ? DType::int64 : graph_dtype_of_number(number);
}

// The elements of a ListValue, of whichever kind they are.
struct ListValue {
  std::vector<std::string> strings = {};
  std::vector<int64_t> integers = {};
  std::vector<double> floats = {};
  std::vector<DType> dtypes = {};
  std::vector<Shape> shapes = {};
  bool has_others = false;
};

ListValue decode_list(std::string_view bytes) {
  ListValue list;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(2):
        list.strings.push_back(message.get_string());
        break;
      case bytes_field(3):
        for (const int64_t value : message.get_packed_int64()) list.integers.push_back(value);
        break;
      case varint_field(3):
        list.integers.push_back(message.get_int64());
        break;
      case bytes_field(4):
        for (const float value : message.get_packed_float()) list.floats.push_back(value);
        break;
      case fixed32_field(4):
        list.floats.push_back(message.get_float());
        break;
      case bytes_field(6):
        for (const int32_t value : message.get_packed_enum()) {
          list.dtypes.push_back(attr_dtype(value));
        }
        break;
      case varint_field(6):
        list.dtypes.push_back(attr_dtype(message.get_enum()));
        break;
      case bytes_field(7):
        list.shapes.push_back(decode_shape(view_of(message)));
        break;
      default:
        list.has_others = true;
        message.skip();
    }
  }
  return list;
}

template <typename T>
constexpr bool kIsList = false;
template <typename T>
constexpr bool kIsList<std::vector<T>> = true;

bool is_list(const AttrValue& value) {
  return std::visit([](const auto& typed) { return kIsList<std::decay_t<decltype(typed)>>; },
                    value);
}

std::optional<AttrValue> value_of(ListValue list, const AttrValue* like) {
  if (list.has_others) return std::nullopt;
  if (!list.strings.empty()) return std::move(list.strings);
  if (!list.integers.empty()) return std::move(list.integers);
  if (!list.floats.empty()) return std::move(list.floats);
  if (!list.dtypes.empty()) return std::move(list.dtypes);
  if (!list.shapes.empty()) return std::move(list.shapes);
  if (like == nullptr) return std::vector<int64_t>();
  return std::visit(
      [](const auto& value) -> std::optional<AttrValue> { return std::decay_t<decltype(value)>(); },
      *like);
}

}  // namespace

NodeDef decode_node_def(std::string_view bytes) {
  NodeDef node;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        node.name = view_of(message);
        break;
      case bytes_field(2):
        node.op = view_of(message);
        break;
      case bytes_field(3):
        node.inputs.push_back(view_of(message));
        break;
      case bytes_field(4):
        node.device = view_of(message);
        break;
      case bytes_field(5):
        node.attrs.push_back(decode_entry(message.get_message()));
        break;
      default:
        message.skip();
    }
  }
  return node;
}

GraphDef decode_graph_def(std::string_view bytes) {
  GraphDef graph;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        graph.nodes.push_back(decode_node_def(view_of(message)));
        break;
      case bytes_field(2):
        graph.library = view_of(message);
        break;
      case bytes_field(4):
        graph.producer = decode_producer(message.get_message());
        break;
      default:
        message.skip();
    }
  }
  return graph;
}

std::optional<AttrValue> decode_attr_value(std::string_view bytes, const AttrValue* like,
                                           uint64_t most) {
  if (bytes.empty() && like != nullptr && is_list(*like)) return value_of({}, like);
  std::optional<AttrValue> value;
  MessageField tensor, shape, list;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        list.add(view_of(message));
        break;
      case bytes_field(2):
        value = message.get_string();
        break;
      case varint_field(3):
        value = message.get_int64();
        break;
      case fixed32_field(4):
        value = static_cast<double>(message.get_float());
        break;
      case varint_field(5):
        value = message.get_bool();
        break;
      case varint_field(6):
        value = attr_dtype(message.get_enum());
        break;
      case bytes_field(7):
        shape.add(view_of(message));
        break;
      case bytes_field(8):
        tensor.add(view_of(message));
        break;
      default:
        message.skip();
    }
  }
  if (tensor.given()) return decode_tensor(tensor.bytes(), most);
  if (shape.given()) return decode_shape(shape.bytes());
  if (list.given()) return value_of(decode_list(list.bytes()), like);
  return value;
}

std::string_view tensor_bytes(std::string_view attr_value) { return message_field(attr_value, 8); }

}  // namespace tenon::internal
