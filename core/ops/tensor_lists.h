// The lists of tensors that a run keeps for TensorFlow 2's loops, by handles that are values: a
// list that is changed is another one, and whoever has the handle of before finds what it was.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/host_call.h"

namespace tenon::internal {

// What holds of a list as long as it is changed one element at a time.
struct ListTraits {
  DType dtype = DType::invalid;
  Shape element_shape = Shape::unknown();  // as far as its maker knows
  int64_t most = -1;                       // elements; -1: any number
};

// Those of one run, which is one thread's. Lists that come of one another share their elements:
// these are the elements of one of them, and each other one says in what it differs from a
// neighbour. Going from one to another is as long as the way between them, so that loops, which
// only use the newest, change a list in place.
class TensorLists {
 public:
  using Elements = std::vector<Tensor>;  // empty where nothing was set

  int64_t add(const ListTraits& traits, Elements elements) {
    families_.push_back({traits, std::move(elements)});
    return add_version(families_.size() - 1);
  }
  // One in which nothing is set; the same each time, as no list ever changes.
  int64_t reserve(const ListTraits& traits, size_t size) {
    for (const auto& [handle, reserved] : reserved_) {
      const ListTraits& have = this->traits(handle);
      if (reserved == size && have.dtype == traits.dtype &&
          have.element_shape == traits.element_shape) {
        return handle;
      }
    }
    reserved_.emplace_back(add(traits, Elements(size)), size);
    return reserved_.back().first;
  }
  const ListTraits& traits(int64_t handle) const {
    return families_[versions_[place_of(handle)].family].traits;
  }
  // Until a list is added, changed or asked for.
  const Elements& elements(int64_t handle) { return at(place_of(handle)).elements; }

  // Lists that differ in one element from that of the handle.
  int64_t with_set(int64_t handle, size_t index, Tensor value) {
    return changed(handle, {elements(handle).size(), index, std::move(value)});
  }
  int64_t with_added(int64_t handle, Tensor value) {
    const size_t size = elements(handle).size();
    return changed(handle, {size + 1, size, std::move(value)});
  }
  int64_t without_last(int64_t handle) { return changed(handle, {elements(handle).size() - 1}); }

 private:
  // What makes another list of one: it is made longer or shorter by one, or one element is set.
  struct Change {
    size_t size = 0;
    size_t index = 0;
    Tensor value = {};
  };
  struct Family {
    ListTraits traits;
    Elements elements;
  };
  struct Version {
    size_t family;
    bool is_current = true;  // the family's elements are its own
    size_t neighbour = 0;    // else: that of which the change makes it
    Change change = {};
  };

  // So that numbers which something was computed from are no handles.
  static constexpr int64_t kFirst = int64_t{0x544C} << 40;

  size_t place_of(int64_t handle) const {
    require(handle >= kFirst && handle - kFirst < static_cast<int64_t>(versions_.size()),
            ErrorKind::bad_argument,
            "The tensor list belongs to another run, or is something else than a list");
    return static_cast<size_t>(handle - kFirst);
  }
  int64_t add_version(size_t family) {
    versions_.push_back({family});
    return kFirst + static_cast<int64_t>(versions_.size()) - 1;
  }

  // Makes the change, and says what takes it back.
  static Change apply(Elements& elements, Change change) {
    Change back{.size = elements.size()};
    if (change.size > elements.size()) {
      elements.push_back(std::move(change.value));
    } else if (change.size < elements.size()) {
      back.value = std::move(elements.back());
      elements.pop_back();
    } else {
      back.index = change.index;
      back.value = std::exchange(elements[change.index], std::move(change.value));
    }
    return back;
  }

  // Makes the family's elements those of this version.
  Family& at(size_t place) {
    Family& family = families_[versions_[place].family];
    if (versions_[place].is_current) return family;
    way_.assign(1, place);
    while (!versions_[way_.back()].is_current) way_.push_back(versions_[way_.back()].neighbour);
    for (size_t i = way_.size() - 1; i > 0; --i) step(family, way_[i], way_[i - 1]);
    return family;
  }
  void step(Family& family, size_t from, size_t to) {
    Version &before = versions_[from], &after = versions_[to];
    before.change = apply(family.elements, std::move(after.change));
    before.neighbour = to;
    before.is_current = false;
    after.change = {};
    after.is_current = true;
  }

  int64_t changed(int64_t handle, Change change) {
    const size_t place = place_of(handle);
    Family& family = at(place);
    const int64_t made = add_version(versions_[place].family);
    versions_.back().change = std::move(change);
    step(family, place, versions_.size() - 1);
    return made;
  }

  std::deque<Family> families_;
  std::deque<Version> versions_;
  std::vector<std::pair<int64_t, size_t>> reserved_;  // with their sizes
  std::vector<size_t> way_;                           // while it is gone
};

}  // namespace tenon::internal
