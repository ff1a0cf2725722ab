// Changes golden programs as their authors might have: a step more or less, another name, shape,
// dtype or device. Programs are JSON, of which random bytes would be none.
#pragma once

#include <nlohmann/json.hpp>
#include <random>

namespace fuzz {

using Json = nlohmann::json;

class ProgramMutator {
 public:
  explicit ProgramMutator(unsigned int seed) : random_(seed) {}

  // Makes one change to the steps of a program; other programs' steps may come from `crossed`.
  void mutate(Json& steps);
  // The start of one list of steps and the end of another.
  Json cross(const Json& steps, const Json& others);

 private:
  size_t below(size_t count);
  template <typename List>
  const auto& one_of(const List& list) {
    return list[below(list.size())];
  }
  Json& any_step(Json& steps) { return steps[below(steps.size())]; }

  void insert_step(Json& steps);
  void copy_step(Json& steps);
  void drop_step(Json& steps);
  void swap_steps(Json& steps);
  void move_field(Json& steps);
  void drop_field(Json& steps);
  void add_field(Json& steps);
  void change_field(Json& steps);
  void refer_elsewhere(Json& steps);

  // A run's feed gets another value, of whatever rank, sizes and dtype; so does a tensor that
  // wasn't fed.
  void misshape_feed(Json& steps);
  // A placeholder takes any shape, so that only the run knows it.
  void loosen_placeholder(Json& steps);
  // What an operation is given comes from a placeholder of unknown shape, which the runs that
  // follow feed.
  void feed_argument(Json& steps);
  Json misshapen(const Json& dtype);

  // Another value in the place of `value`, which is what `key` holds.
  void change(const std::string& key, Json& value);
  void change_list(const std::string& key, Json& list);
  void change_text(std::string& text);

  std::minstd_rand random_;
};

}  // namespace fuzz
