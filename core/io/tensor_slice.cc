#include "core/io/tensor_slice.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/base/strings.h"
#include "tenon/dtype.h"

namespace tenon::internal {

std::optional<int64_t> count_said(const Shape& shape) {
  if (!shape.fully_defined()) return {};
  int64_t count = 1;
  for (const int64_t size : shape.sizes()) {
    if (__builtin_mul_overflow(count, size, &count)) return {};
  }
  return count;
}

TensorSlice TensorSlice::whole(const Shape& shape) {
  TensorSlice slice;
  for (const int64_t size : shape.sizes()) slice.extents.push_back({0, size});
  return slice;
}

bool TensorSlice::fits(const Shape& full) const {
  if (extents.size() != full.sizes().size()) return false;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    const auto [start, length] = extents[axis];
    const int64_t size = full.sizes()[axis];
    if (length == kToTheEnd ? start != 0
                            : start < 0 || length < 0 || length > size || start > size - length) {
      return false;
    }
  }
  return true;
}

TensorSlice TensorSlice::resolved(const Shape& full) const {
  TensorSlice slice = *this;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (extents[axis].length == kToTheEnd) slice.extents[axis].length = full.sizes()[axis];
  }
  return slice;
}

Shape TensorSlice::shape() const {
  Shape shape;
  for (const Extent& extent : extents) shape.push_back(extent.length);
  return shape;
}

std::string TensorSlice::to_string() const {
  std::vector<std::string> parts;
  for (const Extent& extent : extents) {
    parts.push_back(str(extent.start, ':', extent.start + extent.length));
  }
  return str('[', join(parts), ']');
}

namespace {

// What both have in common; nothing where that is empty.
std::optional<TensorSlice> overlap(const TensorSlice& a, const TensorSlice& b) {
  TensorSlice both;
  for (size_t axis = 0; axis < a.extents.size(); ++axis) {
    const auto &x = a.extents[axis], &y = b.extents[axis];
    const int64_t start = std::max(x.start, y.start);
    const int64_t end = std::min(x.start + x.length, y.start + y.length);
    if (end <= start) return {};
    both.extents.push_back({start, end - start});
  }
  return both;
}

// Where the first element of `part` lies in a tensor that holds `whole`, and how far apart
// neighbours are along each axis; in elements.
struct Layout {
  int64_t offset = 0;
  std::vector<int64_t> strides;
};

Layout layout_of(const TensorSlice& part, const TensorSlice& whole) {
  Layout layout;
  layout.strides.resize(whole.extents.size());
  int64_t stride = 1;
  for (size_t axis = whole.extents.size(); axis-- > 0;) {
    layout.strides[axis] = stride;
    layout.offset += stride * (part.extents[axis].start - whole.extents[axis].start);
    stride *= whole.extents[axis].length;
  }
  return layout;
}

void copy_run(const Tensor& from, int64_t from_at, Tensor& to, int64_t to_at, int64_t count) {
  if (from.dtype() == DType::string) {
    std::copy_n(from.data<std::string>().begin() + from_at, count,
                to.mutable_data<std::string>().begin() + to_at);
    return;
  }
  const auto size = static_cast<int64_t>(size_of(from.dtype()));
  std::memcpy(static_cast<char*>(to.raw()) + to_at * size,
              static_cast<const char*>(from.raw()) + from_at * size,
              static_cast<size_t>(count * size));
}

}  // namespace

int64_t overlap_count(const TensorSlice& a, const TensorSlice& b) {
  const std::optional<TensorSlice> both = overlap(a, b);
  return both ? both->shape().element_count() : 0;
}

bool cover_once(const std::vector<TensorSlice>& slices, const Shape& full) {
  int64_t elements = 0;
  for (size_t i = 0; i < slices.size(); ++i) {
    if (!slices[i].fits(full)) return false;
    elements += slices[i].shape().element_count();
    if (elements > full.element_count()) return false;
  }
  if (elements != full.element_count()) return false;
  for (size_t i = 0; i < slices.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (overlap(slices[i], slices[k])) return false;
    }
  }
  return true;
}

void copy_overlap(const Tensor& from, const TensorSlice& from_slice, Tensor& to,
                  const TensorSlice& to_slice) {
  const std::optional<TensorSlice> both = overlap(from_slice, to_slice);
  if (!both) return;
  const Layout source = layout_of(*both, from_slice), target = layout_of(*both, to_slice);
  // Axes from `inner` on lie in one piece in both tensors.
  size_t inner = both->extents.size();
  int64_t run = 1;
  while (inner > 0) {
    --inner;
    run *= both->extents[inner].length;
    if (from_slice.extents[inner] != to_slice.extents[inner]) break;
  }
  std::vector<int64_t> at(inner, 0);  // counts through the outer axes
  int64_t from_at = source.offset, to_at = target.offset;
  for (;;) {
    copy_run(from, from_at, to, to_at, run);
    size_t axis = inner;
    for (;; --axis) {
      if (axis == 0) return;
      from_at += source.strides[axis - 1];
      to_at += target.strides[axis - 1];
      if (++at[axis - 1] < both->extents[axis - 1].length) break;
      from_at -= at[axis - 1] * source.strides[axis - 1];
      to_at -= at[axis - 1] * target.strides[axis - 1];
      at[axis - 1] = 0;
    }
  }
}

// ---- Keys: TensorFlow's OrderedCode, whose bytes sort as what they stand for
// ---------------------

namespace {

// A length, then the number's bytes, the highest first.
void append_unsigned(std::string& key, uint64_t number) {
  std::string bytes;
  for (; number != 0; number >>= 8) bytes.insert(bytes.begin(), static_cast<char>(number));
  key += static_cast<char>(bytes.size());
  key += bytes;
}

// A first byte 0 is followed by 255, 255 by 0; 0 and 1 end the text.
void append_text(std::string& key, std::string_view text) {
  for (const char c : text) {
    key += c;
    if (c == '\0') key += '\xff';
    if (c == '\xff') key += '\0';
  }
  key += '\0';
  key += '\1';
}

// As many leading ones as there are bytes, then the number in two's complement; the ones are
// inverted when it is negative.
void append_signed(std::string& key, int64_t number) {
  const uint64_t magnitude = static_cast<uint64_t>(number < 0 ? ~number : number);
  size_t length = 1;  // seven bits of each byte are the number's, one of these its sign
  while (length < 10 && (length * 7 - 1) < 64 && magnitude >> (length * 7 - 1) != 0) ++length;
  unsigned char bytes[10];
  for (size_t i = 0; i < 10; ++i) {  // sign-extended to ten bytes, the highest first
    const size_t shift = 8 * (9 - i);
    bytes[i] = shift < 64 ? static_cast<unsigned char>(static_cast<uint64_t>(number) >> shift)
                          : static_cast<unsigned char>(number < 0 ? 0xff : 0);
  }
  unsigned char* begin = bytes + sizeof bytes - length;
  for (size_t bit = 0; bit < length; ++bit) {
    begin[bit / 8] ^= static_cast<unsigned char>(0x80u >> (bit % 8));
  }
  key.append(reinterpret_cast<const char*>(begin), length);
}

}  // namespace

std::string slice_key(std::string_view name, const TensorSlice& slice) {
  std::string key;
  append_unsigned(key, 0);
  append_text(key, name);
  append_unsigned(key, slice.extents.size());
  for (const auto& [start, length] : slice.extents) {
    append_signed(key, start);
    append_signed(key, length);
  }
  return key;
}

}  // namespace tenon::internal
