#include "core/io/npy_header.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/strings.h"
#include "core/io/little_endian.h"

namespace tenon::internal {

namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr size_t kNpyAlignment = 64;
constexpr size_t kTextCharBytes = 4;  // NumPy's text is UTF-32

struct DescribedDType {
  std::string_view descr;
  DType dtype;
};
constexpr std::array<DescribedDType, 13> kNpyDTypes = {{{"<f4", DType::float32},
                                                        {"<f8", DType::float64},
                                                        {"<f2", DType::float16},
                                                        {"|V2", DType::bfloat16},
                                                        {"|i1", DType::int8},
                                                        {"|u1", DType::uint8},
                                                        {"<i2", DType::int16},
                                                        {"<u2", DType::uint16},
                                                        {"<i4", DType::int32},
                                                        {"<u4", DType::uint32},
                                                        {"<i8", DType::int64},
                                                        {"<u8", DType::uint64},
                                                        {"|b1", DType::bool_}}};

// Takes a literal of Python's apart, from its beginning.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : rest_(text) {}

  bool take(std::string_view word) {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string> string() {
    const char quote = take("'") ? '\'' : '"';
    if (quote == '"' && !take("\"")) return {};
    const size_t end = rest_.find(quote);
    if (end == std::string_view::npos) return {};
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::optional<Shape> shape() {
    if (!take("(")) return {};
    Shape shape;
    while (!take(")")) {
      int64_t size = 0;
      take("");
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc() || size < 0) return {};
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      shape.push_back(size);
      if (!take(",") && rest_.substr(0, 1) != ")") return {};
    }
    return shape;
  }

 private:
  std::string_view rest_;
};

}  // namespace

size_t npy_length_bytes(std::string_view magic) {
  if (magic.size() < kNpyMagicBytes || magic.substr(0, kNpyMagic.size()) != kNpyMagic) return 0;
  const char major = magic[kNpyMagic.size()];
  if (major == 1) return 2;
  return major == 2 || major == 3 ? 4 : 0;
}

std::optional<NpyHeader> parse_npy_header(std::string_view text) {
  LiteralReader reader(text);
  NpyHeader header;
  if (!reader.take("{")) return {};
  int fields = 0;
  while (!reader.take("}")) {
    const std::optional<std::string> key = reader.string();
    if (!key || !reader.take(":")) return {};
    ++fields;
    if (*key == "descr") {
      const std::optional<std::string> descr = reader.string();
      header.descr = descr ? *descr : "";
      if (!descr) return {};  // fields of their own names
    } else if (*key == "fortran_order") {
      header.fortran_order = reader.take("True");
      if (!header.fortran_order && !reader.take("False")) return {};
    } else if (*key == "shape") {
      const std::optional<Shape> shape = reader.shape();
      if (!shape) return {};
      header.shape = *shape;
    } else {
      return {};
    }
    reader.take(",");
  }
  if (fields != 3) return {};
  return header;
}

std::string npy_preamble(const NpyHeader& header) {
  std::string shape = join(header.shape.sizes(), ", ");
  if (header.shape.rank() == 1) shape += ',';
  std::string text =
      str("{'descr': '", header.descr, "', 'fortran_order': False, 'shape': (", shape, "), }");
  // Spaces and a line's end up to where the values are aligned.
  const bool is_long = text.size() + kNpyAlignment > UINT16_MAX;
  const size_t before = kNpyMagicBytes + (is_long ? 4 : 2);
  const size_t total = (before + text.size() + kNpyAlignment) / kNpyAlignment * kNpyAlignment;
  text.resize(total - before - 1, ' ');
  text += '\n';
  std::string preamble(kNpyMagic);
  preamble += is_long ? '\2' : '\1';
  preamble += '\0';
  append_little_endian(preamble, text.size(), before - kNpyMagicBytes);
  return preamble + text;
}

NpyElement npy_element(std::string_view descr) {
  NpyElement element;
  if (descr.size() < 3) return element;
  element.swapped = descr[0] == '>';
  std::from_chars(descr.data() + 2, descr.data() + descr.size(), element.size);
  for (const auto& [known, dtype] : kNpyDTypes) {
    if (known.substr(1) != descr.substr(1)) continue;
    element.kind = NpyElement::Kind::number;
    element.dtype = dtype;
    element.swapped = element.swapped && element.size > 1 && dtype != DType::bfloat16;
    return element;
  }
  if (descr[1] == 'S' || descr[1] == 'U') {
    element.kind = descr[1] == 'S' ? NpyElement::Kind::bytes : NpyElement::Kind::text;
    element.dtype = DType::string;
    constexpr size_t kMost = size_t{1} << 32;
    element.size = element.size > kMost ? kMost : element.size;
    if (descr[1] == 'U') element.size *= kTextCharBytes;
  }
  return element;
}

std::string_view npy_descr(DType dtype) {
  for (const auto& [descr, known] : kNpyDTypes) {
    if (known == dtype) return descr;
  }
  return {};
}

}  // namespace tenon::internal
