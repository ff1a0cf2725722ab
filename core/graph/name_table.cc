#include "core/graph/name_table.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>

namespace tenon::internal {
namespace {

// Upper case to lower case, eight characters at a time.
void fold_case(std::string& text) {
  constexpr uint64_t kEach = 0x0101010101010101;  // times a byte: that byte in each of the eight
  for (size_t i = 0; i < text.size(); i += 8) {
    const size_t count = std::min<size_t>(8, text.size() - i);
    uint64_t word = 0;
    std::memcpy(&word, &text[i], count);
    // The highest bit of each byte says whether it is at least 'A', and whether it is beyond 'Z'.
    const uint64_t low = word & (0x7F * kEach);
    const uint64_t from_a = low + (0x80 - 'A') * kEach, beyond_z = low + (0x7F - 'Z') * kEach;
    const uint64_t is_upper = from_a & ~beyond_z & ~word & (0x80 * kEach);
    word |= is_upper >> 2;  // 0x20, in which the cases differ
    std::memcpy(&text[i], &word, count);
  }
}

}  // namespace

void NameTable::fold(std::string_view scope, std::string_view name) {
  folded_.assign(scope);
  if (!scope.empty()) folded_ += '/';
  folded_ += name;
  fold_case(folded_);
}

NameEntry** NameTable::slot_of(size_t hash) {
  size_t at = hash & (slots_.size() - 1);
  for (; slots_[at] != nullptr; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at]->hash == hash && slots_[at]->folded == folded_) break;
  }
  return &slots_[at];
}

void NameTable::grow() {
  std::vector<NameEntry*> before(2 * slots_.size());
  before.swap(slots_);
  for (NameEntry* entry : before) {
    if (entry == nullptr) continue;
    size_t at = entry->hash & (slots_.size() - 1);
    while (slots_[at] != nullptr) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = entry;
  }
}

NameEntry& NameTable::at(std::string_view scope, std::string_view name) {
  fold(scope, name);
  const size_t hash = std::hash<std::string>()(folded_);
  NameEntry** slot = slot_of(hash);
  if (*slot != nullptr) return **slot;
  if (2 * (count_ + 1) > slots_.size()) {
    grow();
    slot = slot_of(hash);
  }
  auto* text = static_cast<char*>(memory_.allocate(folded_.size() + 1, 1));
  std::copy(folded_.begin(), folded_.end(), text);
  *slot = new (memory_.allocate(sizeof(NameEntry), alignof(NameEntry)))
      NameEntry{std::string_view(text, folded_.size()), hash};
  ++count_;
  return **slot;
}

NameEntry* NameTable::find(std::string_view name) {
  fold({}, name);
  return *slot_of(std::hash<std::string>()(folded_));
}

}  // namespace tenon::internal
