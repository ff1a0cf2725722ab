#include "core/io/text_graph_def.h"

#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "core/base/check.h"
#include "core/io/dtype_numbers.h"
#include "core/io/text_reader.h"

namespace tenon::internal {

namespace {

using protozero::pbf_writer;

enum class Kind : uint8_t { kBytes, kInteger, kFloat, kDouble, kMessage };

enum class Message : uint8_t {
  kNone,
  kGraph,
  kNode,
  kAttrEntry,
  kAttr,
  kAttrList,
  kFunctionName,
  kShape,
  kSize,
  kTensor,
  kVersions,
  kLibrary,
  kFunction,
  kSignatureOfFunction,
  kArgument,
  kTextEntry,
  kMetaGraph,
  kMetaInfo,
  kCollectionEntry,
  kCollection,
  kValues,
  kSignatureEntry,
  kSignature,
  kInfoEntry,
  kInfo,
  kAsset,
  kSavedModel,
};

struct Field {
  Message in;
  std::string_view name;
  uint32_t number;
  Kind kind;
  Message of = Message::kNone;
};

using enum Kind;
using enum Message;

// What the readers of these messages look at, if only to see that an attribute is none of theirs.
constexpr std::array kFields = {
    Field{kGraph, "node", 1, kMessage, kNode},
    Field{kGraph, "library", 2, kMessage, kLibrary},
    Field{kGraph, "versions", 4, kMessage, kVersions},
    Field{kVersions, "producer", 1, kInteger},
    Field{kNode, "name", 1, kBytes},
    Field{kNode, "op", 2, kBytes},
    Field{kNode, "input", 3, kBytes},
    Field{kNode, "device", 4, kBytes},
    Field{kNode, "attr", 5, kMessage, kAttrEntry},
    Field{kAttrEntry, "key", 1, kBytes},
    Field{kAttrEntry, "value", 2, kMessage, kAttr},
    Field{kAttr, "list", 1, kMessage, kAttrList},
    Field{kAttr, "s", 2, kBytes},
    Field{kAttr, "i", 3, kInteger},
    Field{kAttr, "f", 4, kFloat},
    Field{kAttr, "b", 5, kInteger},
    Field{kAttr, "type", 6, kInteger},
    Field{kAttr, "shape", 7, kMessage, kShape},
    Field{kAttr, "tensor", 8, kMessage, kTensor},
    Field{kAttr, "placeholder", 9, kBytes},
    Field{kAttr, "func", 10, kMessage, kFunctionName},
    Field{kAttrList, "s", 2, kBytes},
    Field{kAttrList, "i", 3, kInteger},
    Field{kAttrList, "f", 4, kFloat},
    Field{kAttrList, "b", 5, kInteger},
    Field{kAttrList, "type", 6, kInteger},
    Field{kAttrList, "shape", 7, kMessage, kShape},
    Field{kAttrList, "tensor", 8, kMessage, kTensor},
    Field{kAttrList, "func", 9, kMessage, kFunctionName},
    Field{kFunctionName, "name", 1, kBytes},
    Field{kShape, "dim", 2, kMessage, kSize},
    Field{kShape, "unknown_rank", 3, kInteger},
    Field{kSize, "size", 1, kInteger},
    Field{kTensor, "dtype", 1, kInteger},
    Field{kTensor, "tensor_shape", 2, kMessage, kShape},
    Field{kTensor, "tensor_content", 4, kBytes},
    Field{kTensor, "float_val", 5, kFloat},
    Field{kTensor, "double_val", 6, kDouble},
    Field{kTensor, "int_val", 7, kInteger},
    Field{kTensor, "string_val", 8, kBytes},
    Field{kTensor, "int64_val", 10, kInteger},
    Field{kTensor, "bool_val", 11, kInteger},
    Field{kTensor, "half_val", 13, kInteger},
    Field{kTensor, "uint32_val", 16, kInteger},
    Field{kTensor, "uint64_val", 17, kInteger},
    Field{kLibrary, "function", 1, kMessage, kFunction},
    Field{kFunction, "signature", 1, kMessage, kSignatureOfFunction},
    Field{kFunction, "node_def", 3, kMessage, kNode},
    Field{kFunction, "ret", 4, kMessage, kTextEntry},
    Field{kFunction, "control_ret", 6, kMessage, kTextEntry},
    Field{kTextEntry, "key", 1, kBytes},
    Field{kTextEntry, "value", 2, kBytes},
    Field{kSignatureOfFunction, "name", 1, kBytes},
    Field{kSignatureOfFunction, "input_arg", 2, kMessage, kArgument},
    Field{kSignatureOfFunction, "output_arg", 3, kMessage, kArgument},
    Field{kArgument, "name", 1, kBytes},
    Field{kMetaGraph, "meta_info_def", 1, kMessage, kMetaInfo},
    Field{kMetaGraph, "graph_def", 2, kMessage, kGraph},
    Field{kMetaGraph, "collection_def", 4, kMessage, kCollectionEntry},
    Field{kMetaGraph, "signature_def", 5, kMessage, kSignatureEntry},
    Field{kMetaGraph, "asset_file_def", 6, kMessage, kAsset},
    Field{kMetaInfo, "tags", 4, kBytes},
    Field{kCollectionEntry, "key", 1, kBytes},
    Field{kCollectionEntry, "value", 2, kMessage, kCollection},
    Field{kCollection, "node_list", 1, kMessage, kValues},
    Field{kCollection, "bytes_list", 2, kMessage, kValues},
    Field{kValues, "value", 1, kBytes},
    Field{kSignatureEntry, "key", 1, kBytes},
    Field{kSignatureEntry, "value", 2, kMessage, kSignature},
    Field{kSignature, "inputs", 1, kMessage, kInfoEntry},
    Field{kSignature, "outputs", 2, kMessage, kInfoEntry},
    Field{kSignature, "method_name", 3, kBytes},
    Field{kInfoEntry, "key", 1, kBytes},
    Field{kInfoEntry, "value", 2, kMessage, kInfo},
    Field{kInfo, "name", 1, kBytes},
    Field{kAsset, "tensor_info", 1, kMessage, kInfo},
    Field{kAsset, "filename", 2, kBytes},
    Field{kSavedModel, "meta_graphs", 2, kMessage, kMetaGraph},
};

const Field* find_field(Message in, std::string_view name) {
  static const auto by_name = [] {
    std::map<std::pair<Message, std::string_view>, const Field*> fields;
    for (const Field& field : kFields) fields[{field.in, field.name}] = &field;
    return fields;
  }();
  const auto at = by_name.find({in, name});
  return at == by_name.end() ? nullptr : at->second;
}

template <typename T>
std::optional<T> parsed(std::string_view word) {
  T value = {};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

class TextGraphReader {
 public:
  TextGraphReader(std::string_view text, std::string_view file) : reader_(text), file_(file) {}

  std::string read(Message message) {
    std::string bytes;
    while (reader_.skip_space()) read_field(message, bytes);
    return bytes;
  }

 private:
  static constexpr int kDeepest = 100;

  [[noreturn]] void fail_here(std::string_view what) const {
    fail<DataLossError>(ErrorKind::corrupt_file, file_,
                        " is no graph of TensorFlow's in protobuf's text format: ", what,
                        " in line ", reader_.line());
  }

  void read_field(Message message, std::string& bytes) {
    const std::string name = read_name();
    const Field* field = find_field(message, name);
    const bool colon = reader_.take(':');
    if (colon && reader_.take('[')) {
      while (!reader_.take(']')) {
        read_value(field, bytes);
        reader_.take(',');
      }
    } else {
      read_value(field, bytes);
    }
    if (!reader_.take(';')) reader_.take(',');
  }

  // Of a field; of an extension or a message of any type in brackets, which no reader knows.
  std::string read_name() {
    const bool in_brackets = reader_.take('[');
    std::string name = reader_.word();
    if (name.empty() || (in_brackets && !reader_.take(']'))) fail_here("a name is missing");
    return in_brackets ? "" : name;
  }

  // Adds a value to the bytes, unless nobody knows the field.
  void read_value(const Field* field, std::string& bytes) {
    if (reader_.take('{')) return read_message(field, '}', bytes);
    if (reader_.take('<')) return read_message(field, '>', bytes);
    if (!reader_.at_quote()) return read_word(field, bytes);
    std::string text;
    while (reader_.at_quote()) {
      if (!reader_.quoted(text)) fail_here("a string doesn't end");
    }
    if (field == nullptr) return;
    if (field->kind != kBytes) fail_here("a string stands where none is expected");
    pbf_writer(bytes).add_bytes(field->number, text);
  }

  void read_message(const Field* field, char end, std::string& bytes) {
    if (field != nullptr && field->kind != kMessage) {
      fail_here("a message stands where none is expected");
    }
    if (++depth_ > kDeepest) fail_here("messages are too deep in one another");
    std::string inside;
    while (!reader_.take(end)) {
      if (!reader_.skip_space()) fail_here("a message doesn't end");
      read_field(field == nullptr ? kNone : field->of, inside);
    }
    --depth_;
    if (field != nullptr) pbf_writer(bytes).add_message(field->number, inside);
  }

  void read_word(const Field* field, std::string& bytes) {
    std::string word = reader_.word();
    if (word.empty()) fail_here("a value is missing");
    if (field == nullptr) return;
    pbf_writer message(bytes);
    if (field->kind == kInteger) {
      message.add_int64(field->number, integer(word));
    } else if (field->kind == kFloat || field->kind == kDouble) {
      if (word.back() == 'f' && word.size() > 1 && word.find("inf") == word.npos) word.pop_back();
      const auto number = parsed<double>(word);
      if (!number) fail_here("'" + word + "' is no number");
      if (field->kind == kFloat) {
        message.add_float(field->number, static_cast<float>(*number));
      } else {
        message.add_double(field->number, *number);
      }
    } else {
      fail_here("'" + word + "' stands where it isn't expected");
    }
  }

  int64_t integer(const std::string& word) const {
    if (word == "true" || word == "false") return word == "true" ? 1 : 0;
    if (const auto number = parsed<int64_t>(word)) return *number;
    if (const auto number = parsed<uint64_t>(word)) return static_cast<int64_t>(*number);
    if (std::isalpha(static_cast<unsigned char>(word[0])) != 0) return dtype_number_of_enum(word);
    fail_here("'" + word + "' is no number");
  }

  TextReader reader_;
  const std::string_view file_;
  int depth_ = 0;
};

constexpr Message message_of(TextGraph kind) {
  if (kind == TextGraph::kGraphDef) return kGraph;
  return kind == TextGraph::kMetaGraphDef ? kMetaGraph : kSavedModel;
}

}  // namespace

bool is_text_graph(std::string_view file) {
  if (file.empty()) return false;
  return std::isalpha(static_cast<unsigned char>(file[0])) != 0 || file[0] == '#';
}

std::string bytes_of_text(std::string_view text, TextGraph kind, std::string_view file) {
  return TextGraphReader(text, file).read(message_of(kind));
}

}  // namespace tenon::internal
