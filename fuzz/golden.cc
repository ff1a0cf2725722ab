// Fuzzes golden programs (tests/golden/FORMAT.md): the bytes are one, as JSON, and the replayer's
// own steps run it twice. Every step must answer, by a thing or by a tenon::Error; the second
// replay must answer as the first did; and nothing of either may be left.
//
//   cmake --preset fuzz && cmake --build build/fuzz --target fuzz_golden
//   python3 fuzz/golden_corpus.py build/fuzz/corpus
//   build/fuzz/fuzz_golden -max_total_time=600 -timeout=60 -rss_limit_mb=2048 build/fuzz/corpus
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "fuzz/program_mutator.h"
#include "tests/golden/program.h"

namespace tn = tenon;

namespace {

using replay::Json;

// Ends the program, as libFuzzer wants it, when what must hold doesn't.
void check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz_golden: %s\n", what.c_str());
  std::abort();
}

Json parsed(const uint8_t* data, size_t size) {
  return Json::parse(data, data + size, nullptr, false);
}

// The steps of a program; none where it isn't one.
Json steps_of(const uint8_t* data, size_t size) {
  const Json program = parsed(data, size);
  if (!program.is_object() || !program.contains("steps")) return Json::array();
  return program["steps"].is_array() ? program["steps"] : Json::array();
}

// What a program can ask for that is right and takes for ever: a million parts or devices, a loop
// that nothing ends, and getters that double the variables of the getters below them.
class Effort {
 public:
  explicit Effort(const Json& steps) { add("", steps); }
  bool is_small() const { return !has_large_count_ && doublings_ <= 6; }

 private:
  void add(const std::string& key, const Json& value) {
    static const std::set<std::string> kCounts = {
        "num_shards",         "max_shards",   "max_partitions",    "parts",
        "num_or_size_splits", "device_count", "maximum_iterations"};
    if (value.is_object() && value.contains("cond") && value.contains("body")) {
      has_large_count_ = has_large_count_ || !value.contains("maximum_iterations") ||
                         !value["maximum_iterations"].is_number();
    }
    for (const auto& [inner, item] : value.items()) {
      const std::string& name = value.is_object() ? inner : key;
      if (item.is_structured()) {
        add(kCounts.count(key) != 0 ? key : name, item);
      } else if (item.is_number() && (kCounts.count(name) != 0 || kCounts.count(key) != 0)) {
        has_large_count_ = has_large_count_ || item.get<double>() > 64.0;
      } else if (item == "sum" || item == "prod") {
        ++doublings_;
      }
    }
  }

  bool has_large_count_ = false;
  int doublings_ = 0;
};

std::string state_of(const replay::Program& program) {
  return std::to_string(program.contexts.size()) + " " + tn::get_variable_scope().name() + " " +
         program.graph.name_scope();
}

// That every operation and variable is found under its name, which no other has.
void check_names(const tn::Graph& graph) {
  std::set<std::string> names;
  for (const tn::Operation& op : graph.operations()) {
    check(names.insert(op.name()).second, "two operations are named " + op.name());
    check(graph.operation(op.name()) == op, "another operation is found as " + op.name());
  }
}

Json answers_of(const Json& steps) {
  replay::Program program;
  tn::set_random_seed(1);  // so that random numbers without a seed are the same twice, too
  Json answers = Json::array();
  for (const Json& step : steps) {
    const std::string before = state_of(program);
    answers.push_back(program.answer(step));
    if (!answers.back().contains("error")) continue;
    check(state_of(program) == before, "a step that failed changed the scope: " + step.dump());
    const Json& error = answers.back()["error"];
    check(!error.contains("message") ||
              error["message"].get<std::string>().find_first_not_of(' ') != std::string::npos,
          "an error says nothing");
  }
  check_names(program.graph);
  return answers;
}

size_t thread_count() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& thread : std::filesystem::directory_iterator("/proc/self/task"))
    ++count;
  return count;
}

// That a graph made now begins as one of a new process does.
void check_nothing_is_left() {
  check(tn::get_default_graph().operations().empty(), "the default graph holds operations");
  check(tn::get_all_collection_keys().empty(), "the default graph holds collections");
  const tn::Graph graph;
  auto as_default = graph.as_default();
  check(tn::get_variable_scope().name().empty(), "a variable scope is still open");
  check(graph.name_scope().empty(), "a name scope is still open");
  const tn::Output probe = tn::constant(1.0f, {.name = "probe"});
  check(probe.name() == "probe:0", "a name is taken");
  check(probe.device().empty(), "a device is still in force");
  check(probe.op().control_inputs().empty(), "control dependencies are still in force");
}

size_t written(const Json& steps, uint8_t* to, size_t room) {
  const std::string text = Json({{"id", "fuzz-1"}, {"steps", steps}})
                               .dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > room) return 0;
  std::copy(text.begin(), text.end(), to);
  return text.size();
}

}  // namespace

// The sanitizers and libFuzzer look for these names.
// NOLINTBEGIN(readability-identifier-naming)
// Memory that a shape asks for and that isn't there is an error like others, at 256 MiB already.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const size_t threads = thread_count();
  const Json steps = steps_of(data, size);
  if (steps.empty() || !Effort(steps).is_small()) return 0;
  const Json first = answers_of(steps);
  check_nothing_is_left();
  const Json second = answers_of(steps);
  check_nothing_is_left();
  check(thread_count() == threads, "a thread is still running");
  for (size_t i = 0; i < steps.size(); ++i) {  // as text: there NaN equals NaN
    const auto text = [&](const Json& answers) {
      return answers[i].dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    check(text(first) == text(second), "two replays answer " + steps[i].dump() + " with " +
                                           text(first) + " and with " + text(second));
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t room,
                                          unsigned int seed) {
  Json steps = steps_of(data, size);
  fuzz::ProgramMutator mutator(seed);
  for (unsigned int count = 1 + seed % 4; count > 0; --count) mutator.mutate(steps);
  const size_t length = written(steps, data, room);
  return length == 0 ? size : length;
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* one, size_t one_size,
                                            const uint8_t* other, size_t other_size, uint8_t* out,
                                            size_t room, unsigned int seed) {
  fuzz::ProgramMutator mutator(seed);
  return written(mutator.cross(steps_of(one, one_size), steps_of(other, other_size)), out, room);
}
// NOLINTEND(readability-identifier-naming)
