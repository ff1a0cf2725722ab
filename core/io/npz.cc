#include "core/io/npz.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

namespace {

constexpr std::string_view kNpySuffix = ".npy";

[[noreturn]] void fail_npz(const std::string& path, const std::string& name,
                           std::string_view problem) {
  fail<DataLossError>(ErrorKind::corrupt_file, path, " is corrupt: array ", name, ' ', problem);
}

bool is_npy_name(const std::string& name) {
  return name.size() > kNpySuffix.size() &&
         name.compare(name.size() - kNpySuffix.size(), kNpySuffix.size(), kNpySuffix) == 0;
}

// Whether so many bytes are the values of a shape.
bool holds(uint64_t bytes, const Shape& shape, size_t element_bytes) {
  const std::optional<int64_t> count = count_said(shape);
  int64_t total = 0;
  if (!count || __builtin_mul_overflow(*count, static_cast<int64_t>(element_bytes), &total)) {
    return false;
  }
  // Strings of no length take no bytes, and yet memory here.
  if (element_bytes == 0 && *count > 0) return false;
  return static_cast<uint64_t>(total) == bytes;
}

void append_utf8(std::string& text, uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xc0 | c >> 6);
    text += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xe0 | c >> 12);
    text += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | (c >> 18 & 7));
    text += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    text += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    text += static_cast<char>(0x80 | (c & 0x3f));
  }
}

// An element of NumPy's, which zeros fill up to its size.
std::string string_of(std::string_view element, const NpyElement& how) {
  std::string text;
  if (how.kind == NpyElement::Kind::bytes) {
    text = element;
    text.resize(text.find_last_not_of('\0') + 1);
    return text;
  }
  for (size_t at = 0; at + sizeof(uint32_t) <= element.size(); at += sizeof(uint32_t)) {
    uint32_t c = 0;
    std::memcpy(&c, element.data() + at, sizeof c);
    if (how.swapped) c = __builtin_bswap32(c);
    if (c == 0) break;
    append_utf8(text, c);
  }
  return text;
}

void swap_bytes(Tensor& tensor) {
  auto* bytes = static_cast<char*>(tensor.raw());
  const size_t size = size_of(tensor.dtype());
  for (size_t at = 0; at < tensor.bytes(); at += size) std::reverse(bytes + at, bytes + at + size);
}

template <typename T>
void reorder(const Tensor& from, Tensor& to) {
  const auto* source = static_cast<const T*>(from.raw());
  auto* target = static_cast<T*>(to.raw());
  const Shape& shape = to.shape();
  std::vector<int64_t> place(static_cast<size_t>(shape.rank()), 0);
  for (int64_t i = 0; i < to.element_count(); ++i) {
    int64_t at = 0;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      at = at * shape[axis] + place[static_cast<size_t>(axis)];
    }
    target[i] = source[at];
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (++place[static_cast<size_t>(axis)] < shape[axis]) break;
      place[static_cast<size_t>(axis)] = 0;
    }
  }
}

// From Fortran's order, in which the first axis runs fastest.
Tensor row_major(const Tensor& from) {
  if (from.shape().rank() < 2) return from;
  Tensor to = uninitialized_tensor(from.dtype(), from.shape());
  if (from.dtype() == DType::string) {
    reorder<std::string>(from, to);
    return to;
  }
  switch (size_of(from.dtype())) {
    case 1:
      reorder<uint8_t>(from, to);
      break;
    case 2:
      reorder<uint16_t>(from, to);
      break;
    case 4:
      reorder<uint32_t>(from, to);
      break;
    default:
      reorder<uint64_t>(from, to);
  }
  return to;
}

}  // namespace

NpzSource::NpzSource(const std::string& path) : TensorSource(path), file_(path) {
  for (ZipMember& member : zip_members(file_)) {
    if (!is_npy_name(member.name)) continue;
    const std::string name = member.name.substr(0, member.name.size() - kNpySuffix.size());
    ZipMemberReader reader(file_, member);
    const NpyHeader header = read_header(reader, name);
    const NpyElement element = npy_element(header.descr);
    train::StoredVariable variable{.name = name,
                                   .dtype = element.dtype,
                                   .shape = header.shape,
                                   .dtype_name = element.dtype == DType::invalid
                                                     ? header.descr
                                                     : std::string(to_string(element.dtype))};
    if (element.dtype == DType::invalid) {
      reader.skip_to_end();  // whether it is a dtype at all, and not damage
    } else if (!holds(reader.left(), header.shape, element.size)) {
      fail_npz(path, name, "has not as many values as its shape");
    }
    std::vector<Piece> pieces = {{TensorSlice::whole(header.shape), members_.size()}};
    members_.push_back(std::move(member));
    TensorSource::add(std::move(variable), std::move(pieces));
  }
  TensorSource::finish();
}

NpyHeader NpzSource::read_header(ZipMemberReader& member, const std::string& name) const {
  char magic[kNpyMagicBytes];
  if (member.left() < sizeof magic) fail_npz(path(), name, "is too short");
  member.read(magic, sizeof magic);
  const size_t length_bytes = npy_length_bytes({magic, sizeof magic});
  uint32_t length = 0;
  if (length_bytes == 0 || member.left() < length_bytes) {
    fail_npz(path(), name, "is no .npy file of a known version");
  }
  member.read(&length, length_bytes);
  if (length > member.left() || length > file_.size()) fail_npz(path(), name, "is too short");
  std::string text(length, '\0');
  member.read(text.data(), text.size());
  const std::optional<NpyHeader> header = parse_npy_header(text);
  if (!header) fail_npz(path(), name, "has a header that can't be read");
  return *header;
}

Tensor NpzSource::read_piece(const train::StoredVariable& variable, const Piece& piece,
                             const Reading& reading) const {
  ZipMemberReader member(file_, members_[piece.id]);
  const NpyHeader header = read_header(member, variable.name);
  const NpyElement element = npy_element(header.descr);
  Tensor tensor = reading.allocate(variable.dtype, variable.shape);
  if (element.kind == NpyElement::Kind::number) {
    member.read(tensor.raw(), tensor.bytes());
    if (element.swapped) swap_bytes(tensor);
  } else {
    std::string bytes(element.size, '\0');
    for (std::string& text : tensor.mutable_data<std::string>()) {
      member.read(bytes.data(), bytes.size());
      text = string_of(bytes, element);
    }
  }
  member.finish();
  return header.fortran_order ? row_major(tensor) : tensor;
}

void NpzSink::add(const std::string& name, const Tensor& tensor) {
  NpyHeader header{.descr = std::string(npy_descr(tensor.dtype())), .shape = tensor.shape()};
  if (tensor.dtype() != DType::string) {
    const std::string_view values(static_cast<const char*>(tensor.raw()), tensor.bytes());
    return zip_.add(name + std::string(kNpySuffix), npy_preamble(header), values);
  }
  // All of one size, zeros behind them: NumPy can't tell zeros at the end from these.
  size_t longest = 1;
  for (const std::string& text : tensor.data<std::string>()) {
    require<UnimplementedError>(text.empty() || text.back() != '\0', ErrorKind::dtype_incompatible,
                                "An .npz file can't hold ", name,
                                ": a string of it ends with a zero");
    longest = std::max(longest, text.size());
  }
  std::string values;
  for (const std::string& text : tensor.data<std::string>()) {
    values += text;
    values.append(longest - text.size(), '\0');
  }
  header.descr = str("|S", longest);
  zip_.add(name + std::string(kNpySuffix), npy_preamble(header), values);
}

void NpzSink::finish() {
  zip_.commit();
  sync_folder_of(files_[0]);
}

}  // namespace tenon::internal
