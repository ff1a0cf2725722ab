#include "fuzz/program_mutator.h"

#include <limits>
#include <map>
#include <string>
#include <vector>

namespace fuzz {

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

const Json kNames = {
    "a",       "b",  "A",  "w",    "W",     "a/b",      "a_1",    "w_1",   "",
    "a/",      "/",  "_a", "a:b",  "w:0",   "bad name", "\u6743", "x1",    "x2",
    "default", "x3", "x5", "loss", "tower", "a/w:0",    "a/w:1",  nullptr, std::string(300, 'n')};
const Json kKeys = {
    "variables", "trainable_variables",  "local_variables", "losses", "mine", "model_variables",
    "",          "regularization_losses"};
const Json kPatterns = {"a", "a/", "a.*w", ".*", "^a$", "(", "[a", "*", "\\", "a{2", "", nullptr};
const Json kDevices = {"/cpu:0",
                       "/gpu:1",
                       "/device:CPU:1",
                       "/job:ps/task:1",
                       "/job:worker/replica:0/task:2/device:GPU:3",
                       "/job:ps",
                       "/device:CPU:*",
                       "",
                       "cpu:0",
                       "/nowhere:x",
                       "/job:a/job:b",
                       "/task:99999999999999999999",
                       "/gpu:-1",
                       nullptr};
const Json kDTypes = {"float32", "float64",  "float16",   "int32",  "int64",  "int8",
                      "uint8",   "int16",    "uint16",    "bool",   "string", "resource",
                      "",        "bfloat16", "complex64", "uint32", "uint64", nullptr};
const Json kNumbers = {0,         1,          -1,          2,      3,          5,     -2,
                       7,         64,         1000,        0.5,    -1.5,       0.0,   1e-30,
                       1e300,     "nan",      "inf",       "-inf", 2147483647, kMost, kLeast,
                       kMost / 2, 4294967296, -2147483649, 1000000};
const Json kShapes = Json::parse(R"([
  [], [2, 3], [1], [0, 3], [4], [null, 3], [-1, 2], [2, -5], [9223372036854775807, 2], null,
  [4611686018427387904, 2], [1000000, 1000000], [0, 9223372036854775807, 9223372036854775807],
  [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]])");
const Json kReuses = {true, false, nullptr, "AUTO_REUSE", "yes"};
const Json kFlags = {true, false, nullptr};
const Json kOthers = Json::parse(R"([null, true, 1, -1.5, "", "text", [], {}, {"ref": "x1"}])");
const Json kInitializers = Json::parse(R"([
  {"init": "zeros"}, {"init": "ones"}, {"init": "constant", "value": [1, 2, 3]},
  {"init": "constant", "value": 0.5, "verify_shape": true}, {"init": "glorot_uniform"},
  {"init": "orthogonal", "seed": 1}, {"init": "identity"}, {"init": "needs_argument"},
  {"init": "variance_scaling", "scale": -1.0, "mode": "fan_mid", "seed": 2},
  {"init": "truncated_normal", "stddev": "nan", "seed": 3}, {"init": "random_uniform", "maxval": 9},
  {"init": "uniform_unit_scaling"}, {"init": "fill_function", "value": 2.0}, {"thunk": [1.0, 2.0]},
  {"thunk": {"ref": "x1"}}, {"ref": "x2"}, 1, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], {}, null,
  {"wave": [0.5, 0.25], "shape": [2, 3], "dtype": "float64"}, "text"])");
const Json kPartitioners = Json::parse(R"([
  {"partitioner": "fixed_size", "num_shards": 2}, {"partitioner": "list", "parts": [2, 1]},
  {"partitioner": "fixed_size", "num_shards": 3, "axis": 1}, {"partitioner": "list", "parts": []},
  {"partitioner": "list", "parts": [-1, 2]}, {"partitioner": "list", "parts": [2, 2]},
  {"partitioner": "fixed_size", "num_shards": 0}, {"partitioner": "list", "parts": [1, 1]},
  {"partitioner": "variable_axis_size", "max_shard_bytes": 12},
  {"partitioner": "min_max", "max_partitions": 2, "min_slice_size": 8}, null])");
const Json kGetters = Json::parse(R"([
  {"getter": "prefix", "text": "p_"}, {"getter": "suffix", "text": "/"}, {"getter": "zeros"},
  {"getter": "not_trainable"}, {"getter": "log", "tag": "t"}, {"getter": "scale", "factor": 2.0},
  {"getter": "identity"}, {"getter": "sum"}, {"getter": "prod"}, {"getter": "prefix"}, 3, null])");
const Json kRegularizers = Json::parse(
    R"([{"reg": "l2", "scale": 0.5}, {"reg": "l1"}, {"reg": "sum"}, {"reg": "none"}, null,
        {"reg": "l2", "scale": "text"}])");
const Json kConstraints = Json::parse(
    R"([{"constraint": "non_negative"}, {"constraint": "clip", "min": 1, "max": -1}, null, 1,
        {"constraint": "zero"}])");
const Json kSetters = Json::parse(
    R"([{"ps_tasks": 2}, {"ps_tasks": 3, "ps_device": "/job:ps/cpu:0", "worker_device": "/gpu:0"},
        {"cluster": {"ps": ["a", "b"], "worker": ["c"]}}, {"ps_tasks": -1}, {"cluster": {"ps": []}},
        {"ps_tasks": 1, "merge_devices": false}])");
const Json kSteps = Json::parse(R"([
  {"do": "exit"}, {"do": "get_variable_scope", "as": "x1"}, {"do": "reuse_variables"},
  {"do": "enter_variable_scope", "name": "a", "as": "x2"},
  {"do": "enter_variable_scope", "name": {"ref": "x2"}, "as": "x3"},
  {"do": "enter_variable_scope", "name": null, "default_name": "d"},
  {"do": "enter_name_scope", "name": "n"}, {"do": "enter_device", "device": "/cpu:0"},
  {"do": "enter_control_dependencies", "inputs": [{"ref": "x1"}]},
  {"do": "enter_colocate_with", "op": {"ref": "x1"}, "ignore_existing": true},
  {"do": "get_variable", "name": "w", "shape": [2, 3], "as": "x1"},
  {"do": "get_local_variable", "name": "l", "shape": [3], "as": "x4"},
  {"do": "Variable", "initial_value": [1.0, 2.0], "name": "v", "as": "x5"},
  {"do": "set_scope", "field": "partitioner", "value": {"partitioner": "list", "parts": [2]}},
  {"do": "set_scope", "field": "custom_getter", "value": {"getter": "suffix", "text": "_s"}},
  {"do": "var_op", "method": "assign_add", "of": {"ref": "x1"}, "args": [1.0], "as": "x6"},
  {"do": "var_op", "method": "scatter_update", "of": {"ref": "x1"}, "args": [[0], [[1, 2, 3]]]},
  {"do": "var_op", "method": "initialized_value", "of": {"ref": "x5"}, "as": "x7"},
  {"do": "var_op", "method": "as_tensor", "of": {"ref": "x1"}}, {"do": "read_log"},
  {"do": "unique_name", "name": "w", "mark_as_used": true}, {"do": "collection_keys"},
  {"do": "global_variables_initializer", "as": "x8"}, {"do": "describe", "of": {"ref": "x2"}},
  {"do": "report_uninitialized_variables", "as": "x9"}, {"do": "variables", "which": "global"},
  {"do": "get_collection", "key": "variables", "scope": "a", "as": "x10"},
  {"do": "get_collection_ref", "key": "mine", "as": "x11"}, {"do": "get_total_loss", "as": "x14"},
  {"do": "list_append", "list": {"ref": "x11"}, "value": {"ref": "x1"}},
  {"do": "list_clear", "list": {"ref": "x11"}}, {"do": "clear_collection", "key": "losses"},
  {"do": "add_to_collections", "keys": ["variables", "losses"], "value": 3},
  {"do": "add_loss", "loss": {"ref": "x5"}}, {"do": "get_regularization_loss", "as": "x12"},
  {"do": "op", "op": "add", "in": [{"ref": "x1"}, {"ref": "x5"}], "as": "x13"},
  {"do": "op", "op": "random_normal", "attrs": {"shape": [2, 3]}, "as": "x7"},
  {"do": "tensor_by_name", "name": "w:0", "as": "x5"}, {"do": "set_random_seed", "seed": 7},
  {"do": "session", "config": {"device_count": {"CPU": 2}, "allow_soft_placement": true}},
  {"do": "run", "fetch": {"ref": "x8"}}, {"do": "run", "fetch": {"ref": "x1"}},
  {"do": "run", "fetch": [{"ref": "x13"}, "w:0"], "feed": [["w:0", [1.0, 2.0]]]},
  {"do": "load", "of": {"ref": "x1"}, "value": 1.0}, {"do": "close_session"},
  {"do": "gradients", "ys": [{"ref": "x13"}], "xs": [{"ref": "x1"}], "as": "x14"},
  {"do": "optimizer", "type": "Adam", "learning_rate": 0.1, "as": "x15"},
  {"do": "minimize", "optimizer": {"ref": "x15"}, "loss": {"ref": "x12"}, "as": "x8"},
  {"do": "ema", "decay": 0.9, "as": "x16"}, {"do": "create_global_step", "as": "x1"},
  {"do": "ema_apply", "ema": {"ref": "x16"}, "variables": [{"ref": "x1"}]}])");
const Json kOps = {
    "add",     "identity", "+",      "*",       "matmul",      "reshape",      "concat",
    "split",   "stack",    "gather", "one_hot", "reduce_sum",  "softmax",      "cast",
    "fill",    "zeros",    "range",  "where",   "slice",       "pad",          "tile",
    "argmax",  "conv2d",   "cumsum", "unstack", "transpose",   "squeeze",      "max_pool",
    "dropout", "mod",      "pow",    "add_n",   "placeholder", "strided_slice"};

// Of values that are fed: ranks and sizes that operations look at, and none.
const Json kFedShapes = Json::parse(R"([
  [], [0], [1], [2], [3], [4], [7], [64], [0, 0], [0, 3], [2, 0], [1, 1], [2, 3], [3, 2], [3, 3],
  [4, 1], [1, 5], [2, 3, 4], [4, 0, 2], [1, 1, 1], [1, 4, 4, 1], [2, 5, 5, 3], [3, 3, 1, 2],
  [3, 3, 3, 4], [0, 4, 4, 2], [2, 4, 0, 1], [1, 2, 1, 2, 1], [2, 2, 2, 2, 2, 2],
  [1, 1, 1, 1, 1, 1, 1, 1, 1]])");
const Json kFedDTypes = {"float32", "float32", "float64", "float16", "int32",
                         "int32",   "int64",   "int8",    "uint8",   "int16",
                         "uint16",  "uint32",  "uint64",  "bool",    "string"};

// What stands under a key that several steps know.
const std::map<std::string, const Json&> kPools = {
    {"name", kNames},
    {"default_name", kNames},
    {"as", kNames},
    {"ref", kNames},
    {"text", kNames},
    {"key", kKeys},
    {"collections", kKeys},
    {"scope", kPatterns},
    {"device", kDevices},
    {"caching_device", kDevices},
    {"ps_device", kDevices},
    {"worker_device", kDevices},
    {"dtype", kDTypes},
    {"output_type", kDTypes},
    {"shape", kShapes},
    {"expected_shape", kShapes},
    {"dims", kShapes},
    {"multiples", kShapes},
    {"begin", kShapes},
    {"size", kShapes},
    {"axis", kNumbers},
    {"reuse", kReuses},
    {"trainable", kFlags},
    {"use_resource", kFlags},
    {"validate_shape", kFlags},
    {"auxiliary_name_scope", kFlags},
    {"initializer", kInitializers},
    {"initial_value", kInitializers},
    {"in", kInitializers},
    {"args", kInitializers},
    {"partitioner", kPartitioners},
    {"custom_getter", kGetters},
    {"regularizer", kRegularizers},
    {"constraint", kConstraints},
    {"replica_device_setter", kSetters},
    {"op", kOps},
};

}  // namespace

size_t ProgramMutator::below(size_t count) {
  return std::uniform_int_distribution<size_t>(0, count - 1)(random_);
}

void ProgramMutator::mutate(Json& steps) {
  if (steps.empty() || below(8) == 0) return insert_step(steps);
  using Change = void (ProgramMutator::*)(Json&);
  static constexpr Change kChanges[] = {
      &ProgramMutator::copy_step,          &ProgramMutator::drop_step,
      &ProgramMutator::swap_steps,         &ProgramMutator::move_field,
      &ProgramMutator::drop_field,         &ProgramMutator::add_field,
      &ProgramMutator::change_field,       &ProgramMutator::change_field,
      &ProgramMutator::change_field,       &ProgramMutator::refer_elsewhere,
      &ProgramMutator::misshape_feed,      &ProgramMutator::misshape_feed,
      &ProgramMutator::loosen_placeholder, &ProgramMutator::feed_argument};
  (this->*kChanges[below(std::size(kChanges))])(steps);
}

Json ProgramMutator::cross(const Json& steps, const Json& others) {
  Json crossed = Json::array();
  const size_t kept = below(steps.size() + 1), skipped = below(others.size() + 1);
  for (size_t i = 0; i < kept; ++i) crossed.push_back(steps[i]);
  for (size_t i = skipped; i < others.size(); ++i) crossed.push_back(others[i]);
  return crossed;
}

void ProgramMutator::insert_step(Json& steps) {
  const auto at = static_cast<Json::difference_type>(below(steps.size() + 1));
  steps.insert(steps.begin() + at, one_of(kSteps));
}

void ProgramMutator::copy_step(Json& steps) {
  const Json copy = any_step(steps);
  const auto at = static_cast<Json::difference_type>(below(steps.size() + 1));
  steps.insert(steps.begin() + at, copy);
}

void ProgramMutator::drop_step(Json& steps) { steps.erase(below(steps.size())); }

void ProgramMutator::swap_steps(Json& steps) { std::swap(any_step(steps), any_step(steps)); }

// A field of one step, as another has it.
void ProgramMutator::move_field(Json& steps) {
  const Json from = any_step(steps);
  Json& to = any_step(steps);
  if (!from.is_object() || !to.is_object() || from.empty()) return;
  const auto field =
      std::next(from.begin(), static_cast<Json::difference_type>(below(from.size())));
  if (field.key() != "do" || below(4) == 0) to[field.key()] = field.value();
}

void ProgramMutator::drop_field(Json& steps) {
  Json& step = any_step(steps);
  if (!step.is_object() || step.empty()) return;
  step.erase(std::next(step.begin(), static_cast<Json::difference_type>(below(step.size()))));
}

void ProgramMutator::add_field(Json& steps) {
  Json& step = any_step(steps);
  if (!step.is_object()) return;
  const auto& [key, pool] =
      *std::next(kPools.begin(), static_cast<std::ptrdiff_t>(below(kPools.size())));
  step[key] = one_of(pool);
}

void ProgramMutator::change_field(Json& steps) {
  Json& step = any_step(steps);
  if (!step.is_object() || step.empty()) return;
  const auto field =
      std::next(step.begin(), static_cast<Json::difference_type>(below(step.size())));
  if (field.key() == "do" && below(8) != 0) return;
  change(field.key(), field.value());
}

void ProgramMutator::refer_elsewhere(Json& steps) {
  Json& step = any_step(steps);
  const Json& other = any_step(steps);
  if (!step.is_object() || step.empty() || !other.contains("as")) return;
  const auto field =
      std::next(step.begin(), static_cast<Json::difference_type>(below(step.size())));
  const Json reference = {{"ref", other["as"]}};
  if (field->is_array() && !field->empty()) {
    (*field)[below(field->size())] = reference;
  } else {
    *field = reference;
  }
}

// The value's dtype is the one that is asked for, as a rule.
Json ProgramMutator::misshapen(const Json& dtype) {
  const Json& shape = one_of(kFedShapes);
  const Json& type = dtype.is_string() && below(8) != 0 ? dtype : one_of(kFedDTypes);
  size_t count = 1;
  for (const Json& size : shape) count *= size.get<size_t>();
  const bool has_large = below(6) == 0;
  Json values = Json::array();
  for (size_t i = 0; i < count; ++i) {
    if (type == "string") {
      values.push_back(below(2) == 0 ? "a" : "");
    } else if (has_large && below(3) == 0) {
      values.push_back(one_of(kNumbers));
    } else {
      values.push_back(static_cast<int64_t>(below(6)) - 1);
    }
  }
  return {{"value", values}, {"shape", shape}, {"dtype", type}, {"as_is", below(4) == 0}};
}

void ProgramMutator::misshape_feed(Json& steps) {
  std::vector<Json*> runs;
  for (Json& step : steps) {
    if (step.is_object() && (step.contains("fetch") || step.contains("feed"))) {
      runs.push_back(&step);
    }
  }
  if (runs.empty()) return;
  Json& feeds = (*one_of(runs))["feed"];
  if (!feeds.is_array()) feeds = Json::array();
  if (feeds.empty() || below(4) == 0) {
    const Json& fed = any_step(steps);
    if (!fed.is_object() || !fed.contains("as")) return;
    feeds.push_back({{{"ref", fed["as"]}}, misshapen(nullptr)});
    return;
  }
  Json& feed = feeds[below(feeds.size())];
  if (!feed.is_array() || feed.size() != 2) return;
  feed[1] = misshapen(feed[1].is_object() ? feed[1].value("dtype", Json()) : Json());
}

void ProgramMutator::loosen_placeholder(Json& steps) {
  std::vector<Json*> placeholders;
  for (Json& step : steps) {
    if (step.is_object() && step.contains("op") && step["op"] == "placeholder") {
      placeholders.push_back(&step);
    }
  }
  if (placeholders.empty()) return;
  Json& attrs = (*one_of(placeholders))["attrs"];
  if (attrs.is_object()) attrs["shape"] = nullptr;
}

void ProgramMutator::feed_argument(Json& steps) {
  const size_t at = below(steps.size());
  if (!steps[at].is_object() || !steps[at].contains("in")) return;
  Json& arguments = steps[at]["in"];
  if (!arguments.is_array() || arguments.empty()) return;
  Json& argument = arguments[below(arguments.size())];
  const Json known = argument.is_object() ? argument.value("dtype", Json()) : Json();
  const Json dtype = known.is_string() ? known : one_of(kFedDTypes);
  const Json fed = {{"ref", "fed" + std::to_string(below(1000))}};
  argument = fed;
  const Json made = steps[at].value("as", Json());
  steps.insert(steps.begin() + static_cast<Json::difference_type>(at),
               {{"do", "op"},
                {"op", "placeholder"},
                {"as", fed["ref"]},
                {"attrs", {{"dtype", dtype}, {"shape", nullptr}}}});
  if (made.is_string()) steps.push_back({{"do", "run"}, {"fetch", {{"ref", made}}}});
  for (size_t i = at + 2; i < steps.size(); ++i) {
    if (!steps[i].is_object() || !steps[i].contains("fetch")) continue;
    if (!steps[i].contains("feed")) steps[i]["feed"] = Json::array();
    if (steps[i]["feed"].is_array()) steps[i]["feed"].push_back({fed, misshapen(dtype)});
  }
}

void ProgramMutator::change(const std::string& key, Json& value) {
  if (below(16) == 0) {
    value = one_of(kOthers);
  } else if (value.is_object() && !value.empty() && below(3) != 0) {
    const auto inner =
        std::next(value.begin(), static_cast<Json::difference_type>(below(value.size())));
    change(inner.key(), inner.value());
  } else if (value.is_array() && !value.empty() && below(3) != 0) {
    change_list(key, value);
  } else if (const auto pool = kPools.find(key); pool != kPools.end() && below(8) != 0) {
    value = one_of(pool->second);
  } else if (value.is_boolean()) {
    value = !value.get<bool>();
  } else if (value.is_string()) {
    change_text(value.get_ref<std::string&>());
  } else {
    value = one_of(value.is_array() ? kShapes : kNumbers);
  }
}

void ProgramMutator::change_list(const std::string& key, Json& list) {
  const size_t at = below(list.size());
  switch (below(4)) {
    case 0:
      list.erase(at);
      return;
    case 1:
      list.push_back(Json(list[at]));
      return;
    default:
      if (list[at].is_structured()) return change(key, list[at]);
      list[at] = one_of(list[at].is_string() ? kNames : kNumbers);
  }
}

void ProgramMutator::change_text(std::string& text) {
  const size_t at = below(text.size() + 1);
  switch (below(3)) {
    case 0:
      if (at < text.size()) text.erase(at, 1);
      return;
    case 1:
      text.insert(at, 1, static_cast<char>(' ' + below('~' - ' ' + 1)));
      return;
    default:
      text.insert(at, text.substr(0, 64));
  }
}

}  // namespace fuzz
