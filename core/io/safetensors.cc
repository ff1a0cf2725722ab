#include "core/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {

using train::StoredVariable;

namespace {

constexpr uint64_t kMostHeaderBytes = 100'000'000;  // as the package has it
constexpr size_t kHeaderAlignment = 8;

struct NamedDType {
  std::string_view code;
  DType dtype;
};
constexpr std::array<NamedDType, 13> kSafetensorsDTypes = {{{"F64", DType::float64},
                                                            {"F32", DType::float32},
                                                            {"F16", DType::float16},
                                                            {"BF16", DType::bfloat16},
                                                            {"I64", DType::int64},
                                                            {"I32", DType::int32},
                                                            {"I16", DType::int16},
                                                            {"I8", DType::int8},
                                                            {"U8", DType::uint8},
                                                            {"U16", DType::uint16},
                                                            {"U32", DType::uint32},
                                                            {"U64", DType::uint64},
                                                            {"BOOL", DType::bool_}}};

DType dtype_of_code(const std::string& code) {
  for (const auto& [known, dtype] : kSafetensorsDTypes) {
    if (known == code) return dtype;
  }
  return DType::invalid;
}

std::string_view code_of(const StoredVariable& variable) {
  for (const auto& [code, dtype] : kSafetensorsDTypes) {
    if (dtype == variable.dtype) return code;
  }
  fail<UnimplementedError>(ErrorKind::dtype_incompatible, "A safetensors file can't hold tensor ",
                           variable.name, " of dtype ", variable.dtype_name);
}

[[noreturn]] void fail_safetensors(const std::string& path, std::string_view problem) {
  fail<DataLossError>(ErrorKind::corrupt_file, path, " is no whole safetensors file: ", problem);
}

// What the header says of one tensor.
struct Described {
  StoredVariable variable;
  uint64_t begin = 0, end = 0;
};

// Numbers with a fraction or an exponent may be beyond all integers.
bool are_integers(const nlohmann::json& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](const nlohmann::json& number) { return number.is_number_integer(); });
}

// Throws nlohmann's exceptions, or answers what doesn't fit.
Described described(const std::string& name, const nlohmann::json& about) {
  Described tensor;
  const std::string code = about.at("dtype").get<std::string>();
  tensor.variable.name = name;
  tensor.variable.dtype = dtype_of_code(code);
  tensor.variable.dtype_name = tensor.variable.dtype == DType::invalid
                                   ? code
                                   : std::string(to_string(tensor.variable.dtype));
  const nlohmann::json &shape = about.at("shape"), &offsets = about.at("data_offsets");
  if (!are_integers(shape) || !are_integers(offsets)) {
    tensor.begin = 1;  // beyond its end
    return tensor;
  }
  for (const auto& size : shape) tensor.variable.shape.push_back(size.get<int64_t>());
  tensor.begin = offsets.at(0).get<uint64_t>();
  tensor.end = offsets.at(1).get<uint64_t>();
  return tensor;
}

bool fits(const Described& tensor, uint64_t data_bytes) {
  if (tensor.begin > tensor.end || tensor.end > data_bytes) return false;
  uint64_t count = 1;
  for (const int64_t size : tensor.variable.shape.sizes()) {
    if (size < 0 || __builtin_mul_overflow(count, static_cast<uint64_t>(size), &count))
      return false;
  }
  const uint64_t bytes = size_of(tensor.variable.dtype), held = tensor.end - tensor.begin;
  return bytes == 0 || (held % bytes == 0 && held / bytes == count);
}

std::string read_header(const InputFile& file) {
  uint64_t size = 0;
  if (file.size() < sizeof size) fail_safetensors(file.path(), "it is too short");
  file.read(0, &size, sizeof size);
  if (size > kMostHeaderBytes || size > file.size() - sizeof size) {
    fail_safetensors(file.path(), "its header is longer than the file");
  }
  std::string header(size, '\0');
  file.read(sizeof size, header.data(), header.size());
  return header;
}

}  // namespace

SafetensorsSource::SafetensorsSource(const std::string& path) : TensorSource(path), file_(path) {
  const std::string header = read_header(file_);
  const uint64_t data = sizeof(uint64_t) + header.size();
  try {
    const nlohmann::json all = nlohmann::json::parse(header);
    if (!all.is_object()) fail_safetensors(path, "its header is no JSON object");
    for (const auto& [name, about] : all.items()) {
      if (name == "__metadata__") continue;
      Described tensor = described(name, about);
      if (!fits(tensor, file_.size() - data)) {
        fail_safetensors(path, "tensor " + name + " has sizes that don't fit together");
      }
      const size_t id = offsets_.size();
      offsets_.push_back(data + tensor.begin);
      std::vector<Piece> pieces = {{TensorSlice::whole(tensor.variable.shape), id}};
      add(std::move(tensor.variable), std::move(pieces));
    }
  } catch (const nlohmann::json::exception& error) {
    fail_safetensors(path, error.what());
  }
  TensorSource::finish();
}

Tensor SafetensorsSource::read_piece(const StoredVariable& variable, const Piece& piece,
                                     const Reading& reading) const {
  Tensor tensor = reading.allocate(variable.dtype, variable.shape);
  file_.read(offsets_[piece.id], tensor.raw(), tensor.bytes());
  return tensor;
}

SafetensorsSink::SafetensorsSink(const std::string& path,
                                 const std::vector<StoredVariable>& variables)
    : file_(path), files_{path} {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  uint64_t at = 0;
  for (const StoredVariable& variable : variables) {
    const std::string_view code = code_of(variable);
    const uint64_t end = at + byte_count(variable.dtype, variable.shape);
    const auto sizes = variable.shape.sizes();
    header[variable.name] = {{"dtype", code},
                             {"shape", std::vector<int64_t>(sizes.begin(), sizes.end())},
                             {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
  const uint64_t size = text.size();
  file_.write({reinterpret_cast<const char*>(&size), sizeof size});
  file_.write(text);
}

void SafetensorsSink::add(const std::string&, const Tensor& tensor) {
  file_.write({static_cast<const char*>(tensor.raw()), tensor.bytes()});
}

void SafetensorsSink::finish() {
  file_.commit();
  sync_folder_of(files_[0]);
}

}  // namespace tenon::internal
