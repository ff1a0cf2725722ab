#include "cpu_fallback/broadcast_reader.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kLongestPeriod = 512;

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Elements [count, padded) become the one before them. What is computed of them then raises no
// floating-point exception that an element itself doesn't.
void repeat_last(std::byte* elements, size_t bytes, size_t count, size_t padded) {
  internal::for_word_size(bytes, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    auto* at = reinterpret_cast<T*>(elements);
    std::fill(at + count, at + padded, at[count - 1]);
  });
}

}  // namespace

BroadcastReader::BroadcastReader(DType dtype, const Shape& from, const Shape& to)
    : bytes_(size_of(dtype)), repeat_(find_repeat_function(bytes_)) {
  bool fits = from.rank() <= to.rank();
  const int missing = to.rank() - from.rank();
  for (int i = 0; fits && i < to.rank(); ++i) {
    const int64_t size = i < missing ? 1 : from[i - missing];
    fits = size == to[i] || size == 1;
    if (!fits || to[i] == 1) continue;
    const bool repeated = size == 1;
    if (!axes_.empty() && axes_.back().repeated == repeated) {
      axes_.back().size *= to[i];
    } else {
      axes_.push_back({.size = to[i], .repeated = repeated, .stride = 0});
    }
  }
  internal::require<InvalidArgumentError>(fits, ErrorKind::shape_incompatible,
                                          "Incompatible shapes: ", from, " can't be broadcast to ",
                                          to);
  int64_t stride = 1;
  for (size_t i = axes_.size(); i-- > 0;) {
    if (axes_[i].repeated) continue;
    axes_[i].stride = stride;
    stride *= axes_[i].size;
  }
  if (from.element_count() == to.element_count()) {
    kind_ = Kind::kFull;
  } else if (from.element_count() == 1) {
    kind_ = Kind::kScalar;
  } else if (axes_.size() == 2 && axes_[0].repeated && axes_[1].size <= kLongestPeriod) {
    kind_ = Kind::kPeriodic;
    period_ = axes_[1].size;
  } else {
    kind_ = Kind::kGathered;
  }
}

size_t BroadcastReader::scratch_bytes(size_t block) const {
  return aligned((block + static_cast<size_t>(period_)) * bytes_);
}

void BroadcastReader::begin(const void* data, std::byte* scratch, size_t block) const {
  if (kind_ != Kind::kScalar && kind_ != Kind::kPeriodic) return;
  internal::for_word_size(bytes_, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    auto* to = reinterpret_cast<T*>(scratch);
    if (kind_ == Kind::kScalar) return repeat_(data, to, block);
    const auto period = static_cast<size_t>(period_), size = block + period;
    std::memcpy(to, data, period * sizeof(T));
    for (size_t filled = period; filled < size; filled += std::min(filled, size - filled)) {
      std::memcpy(to + filled, to, std::min(filled, size - filled) * sizeof(T));
    }
  });
}

const void* BroadcastReader::read(const void* data, std::byte* scratch, int64_t index, size_t count,
                                  size_t padded) const {
  switch (kind_) {
    case Kind::kScalar:
      return scratch;
    case Kind::kPeriodic: {
      std::byte* at = scratch + static_cast<size_t>(index % period_) * bytes_;
      repeat_last(at, bytes_, count, padded);
      return at;
    }
    case Kind::kFull: {
      const std::byte* at =
          static_cast<const std::byte*>(data) + static_cast<size_t>(index) * bytes_;
      if (count == padded) return at;
      std::memcpy(scratch, at, count * bytes_);
      break;
    }
    case Kind::kGathered:
      if (const Axis& inner = axes_.back(); !inner.repeated && count == padded) {
        const int64_t within = index % inner.size;
        if (within + static_cast<int64_t>(count) <= inner.size) {  // it lies there in one piece
          const int64_t at = offset_of(index / inner.size) + within;
          return static_cast<const std::byte*>(data) + static_cast<size_t>(at) * bytes_;
        }
      }
      internal::for_word_size(bytes_, [&](auto* type) {
        using T = std::remove_pointer_t<decltype(type)>;
        gather(static_cast<const T*>(data), reinterpret_cast<T*>(scratch), index,
               static_cast<int64_t>(count));
      });
      break;
  }
  repeat_last(scratch, bytes_, count, padded);
  return scratch;
}

// Of the first element of a run along the innermost axis.
int64_t BroadcastReader::offset_of(int64_t run) const {
  int64_t offset = 0;
  for (size_t i = axes_.size() - 1; i-- > 0;) {
    offset += run % axes_[i].size * axes_[i].stride;
    run /= axes_[i].size;
  }
  return offset;
}

template <typename T>
void BroadcastReader::gather(const T* data, T* to, int64_t index, int64_t count) const {
  const Axis& inner = axes_.back();
  while (count > 0) {
    const int64_t within = index % inner.size, offset = offset_of(index / inner.size);
    const int64_t run = std::min(inner.size - within, count);
    if (inner.repeated) {
      repeat_(data + offset, to, static_cast<size_t>(run));
    } else {
      std::memcpy(to, data + offset + within, static_cast<size_t>(run) * sizeof(T));
    }
    to += run;
    index += run;
    count -= run;
  }
}

}  // namespace tenon::cpu
