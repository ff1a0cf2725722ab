// Nested structures of fetches: what Session::run answers in the structure in which it is asked.
//
//   auto [loss_value, by_name] = session.run(std::tuple(loss, std::map<std::string, Output>{...}));
//   std::vector<std::vector<Tensor>> values = session.run(std::vector<std::vector<Output>>{...});
//
// A structure is a std::vector, array, map, unordered_map, pair or tuple of fetches (Output,
// Variable, Operation, name) and of structures. A struct of the program's own is one by a trait:
//
//   struct Model { Output loss; std::vector<Output> outputs; };
//   struct ModelValues { Tensor loss; std::vector<Tensor> outputs; };
//   template <>
//   struct tenon::FetchTrait<Model> {
//     using Values = ModelValues;  // made of the members' values, in their order
//     static auto members(const Model& m) { return std::tie(m.loss, m.outputs); }
//   };
//   ModelValues values = session.run(model, {{x, x_value}});
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenon/tensor.h"

namespace tenon {

class Fetch;

// To be specialised for structs: see above.
template <typename T>
struct FetchTrait;

namespace internal {

using Fetches = std::vector<Fetch>;

// Hands the values of a run out, one after the other.
class FetchedValues {
 public:
  explicit FetchedValues(std::span<Tensor> values) : values_(values) {}
  Tensor next() { return std::move(values_[next_++]); }

 private:
  std::span<Tensor> values_;
  size_t next_ = 0;
};

// Structure<T>::collect lists the fetches of a T in order; answer makes the same of their values.
template <typename T>
struct Structure;

template <typename T>
using ValuesOf =
    decltype(Structure<T>::answer(std::declval<const T&>(), std::declval<FetchedValues&>()));

template <typename T>
requires std::is_convertible_v<const T&, Fetch>
struct Structure<T> {
  static void collect(const T& fetch, Fetches& fetches) { fetches.emplace_back(fetch); }
  static Tensor answer(const T&, FetchedValues& values) { return values.next(); }
};

template <typename T>
struct Structure<std::vector<T>> {
  static void collect(const std::vector<T>& items, Fetches& fetches) {
    for (const T& item : items) Structure<T>::collect(item, fetches);
  }
  static std::vector<ValuesOf<T>> answer(const std::vector<T>& items, FetchedValues& values) {
    std::vector<ValuesOf<T>> answers;
    answers.reserve(items.size());
    for (const T& item : items) answers.push_back(Structure<T>::answer(item, values));
    return answers;
  }
};

template <typename T, size_t kSize>
struct Structure<std::array<T, kSize>> {
  static void collect(const std::array<T, kSize>& items, Fetches& fetches) {
    for (const T& item : items) Structure<T>::collect(item, fetches);
  }
  static std::array<ValuesOf<T>, kSize> answer(const std::array<T, kSize>& items,
                                               FetchedValues& values) {
    std::array<ValuesOf<T>, kSize> answers;
    for (size_t i = 0; i < kSize; ++i) answers[i] = Structure<T>::answer(items[i], values);
    return answers;
  }
};

template <typename Map, typename Answers>
struct MapStructure {
  using Item = Structure<typename Map::mapped_type>;
  static void collect(const Map& items, Fetches& fetches) {
    for (const auto& [key, item] : items) Item::collect(item, fetches);
  }
  static Answers answer(const Map& items, FetchedValues& values) {
    Answers answers;
    for (const auto& [key, item] : items) answers.emplace(key, Item::answer(item, values));
    return answers;
  }
};
template <typename K, typename T, typename Compare>
struct Structure<std::map<K, T, Compare>>
    : MapStructure<std::map<K, T, Compare>, std::map<K, ValuesOf<T>, Compare>> {};
template <typename K, typename T, typename Hash, typename Equal>
struct Structure<std::unordered_map<K, T, Hash, Equal>>
    : MapStructure<std::unordered_map<K, T, Hash, Equal>,
                   std::unordered_map<K, ValuesOf<T>, Hash, Equal>> {};

// Of members one after the other; Answer is made of their values in braces, which are worked out
// from left to right.
template <typename Answer, typename... Members>
Answer answer_members(FetchedValues& values, const Members&... members) {
  return Answer{Structure<Members>::answer(members, values)...};
}

template <typename... T>
struct Structure<std::tuple<T...>> {
  static void collect(const std::tuple<T...>& members, Fetches& fetches) {
    std::apply([&](const T&... member) { (Structure<T>::collect(member, fetches), ...); }, members);
  }
  static std::tuple<ValuesOf<T>...> answer(const std::tuple<T...>& members, FetchedValues& values) {
    return std::apply(
        [&](const T&... member) {
          return answer_members<std::tuple<ValuesOf<T>...>>(values, member...);
        },
        members);
  }
};

template <typename A, typename B>
struct Structure<std::pair<A, B>> {
  static void collect(const std::pair<A, B>& members, Fetches& fetches) {
    Structure<A>::collect(members.first, fetches);
    Structure<B>::collect(members.second, fetches);
  }
  static std::pair<ValuesOf<A>, ValuesOf<B>> answer(const std::pair<A, B>& members,
                                                    FetchedValues& values) {
    return answer_members<std::pair<ValuesOf<A>, ValuesOf<B>>>(values, members.first,
                                                               members.second);
  }
};

template <typename T>
requires requires { typename FetchTrait<T>::Values; }
struct Structure<T> {
  using Values = typename FetchTrait<T>::Values;
  static void collect(const T& all, Fetches& fetches) {
    std::apply(
        [&]<typename... Members>(const Members&... member) {
          (Structure<Members>::collect(member, fetches), ...);
        },
        FetchTrait<T>::members(all));
  }
  static Values answer(const T& all, FetchedValues& values) {
    return std::apply(
        [&](const auto&... member) { return answer_members<Values>(values, member...); },
        FetchTrait<T>::members(all));
  }
};

// One fetch, and a plain list of fetches, are answered by other overloads of Session::run.
template <typename T>
concept IsListOfFetches = requires {
  requires std::is_convertible_v<std::ranges::range_reference_t<const T&>, Fetch>;
};
template <typename T>
concept NestedFetches = requires {
  Structure<T>::collect;
}
&&!std::is_convertible_v<const T&, Fetch> && !IsListOfFetches<T>;

}  // namespace internal
}  // namespace tenon
