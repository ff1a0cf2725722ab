// Saver: what it saves under which names, what it keeps, and what it restores.
#include "tenon/saver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/io/file.h"
#include "tenon/checkpoint.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::train {
namespace {

using test::file_contents;
using test::numbers_of;
using test::same_bits;
using test::some_tensor;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_of(const std::string& checkpoint) {
  std::vector<std::string> names;
  for (const StoredVariable& variable : list_variables(checkpoint)) names.push_back(variable.name);
  return names;
}

Variable variable_of(const std::string& name, const Tensor& value) {
  return Variable(value, {.name = name});
}

// Each test has a graph of its own.
class SaverTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }

  TemporaryFolder folder_;
  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
};

void initialize(Session& session) { session.run(global_variables_initializer()); }

TEST_F(SaverTest, RestoresEveryDtypeBitForBit) {
  std::vector<Variable> variables;
  for (const DType dtype : test::all_dtypes()) {
    variables.push_back(variable_of(std::string(to_string(dtype)), some_tensor(dtype, {3, 5})));
  }
  variables.push_back(variable_of("scalar", Tensor(2.5f)));
  variables.push_back(variable_of("empty", Tensor(float32, {0, 3})));
  Session first, second;
  initialize(first);
  Saver saver;
  EXPECT_EQ(saver.save(first, path("model")), path("model"));
  const RestorePlan plan = saver.restore(second, path("model"));
  EXPECT_TRUE(plan.complete());
  for (const Variable& variable : variables) {
    EXPECT_TRUE(same_bits(first.run(variable), second.run(variable))) << variable.name();
  }
}

// Large enough for several threads to share its reading.
TEST_F(SaverTest, RestoresALargeTensorUnlessABitOfItIsWrong) {
  const Tensor value = some_tensor(float32, {1500000});
  const Variable w = variable_of("w", value);
  Session session({.threads = 3});
  initialize(session);
  Saver saver;
  saver.save(session, path("model"));
  session.run(w.assign(zeros_like(w)));
  const Tensor before = session.run(w);
  const std::string data = path("model.data-00000-of-00001"), whole = file_contents(data);
  for (const size_t at : {size_t{0}, whole.size() / 2, whole.size() - 1}) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 16);
    std::ofstream(data, std::ios::binary) << flipped;
    EXPECT_ERROR(saver.restore(session, path("model")), DataLossError, corrupt_file,
                 "tensor w doesn't match its checksum");
    EXPECT_TRUE(same_bits(session.run(w), before)) << at;
  }
  std::ofstream(data, std::ios::binary) << whole;
  saver.restore(session, path("model"));
  EXPECT_TRUE(same_bits(session.run(w), value));
  EXPECT_TRUE(same_bits(session.run(w.assign_add(zeros_like(w))), value));
}

// TensorFlow's names, optimizer slots included.
TEST_F(SaverTest, SavesUnderTensorFlowsNames) {
  Variable w;
  {
    auto scope = variable_scope("layer");
    w = get_variable("w", {.shape = {2}, .initializer = ones_initializer()});
  }
  const Variable step = get_or_create_global_step();
  const Operation train =
      AdamOptimizer({.learning_rate = 0.1}).minimize(reduce_sum(square(w)), {.global_step = step});
  Session session;
  initialize(session);
  session.run(train);
  Saver saver;
  const std::string checkpoint = saver.save(session, path("model"), {.global_step = step});
  EXPECT_EQ(checkpoint, path("model-1"));
  EXPECT_THAT(names_of(checkpoint), ElementsAre("beta1_power", "beta2_power", "global_step",
                                                "layer/w", "layer/w/Adam", "layer/w/Adam_1"));
  session.run(train);
  const std::vector<double> trained = numbers_of(session.run(w));
  Session other;
  saver.restore(other, checkpoint);
  EXPECT_EQ(numbers_of(other.run(step)), (std::vector<double>{1}));
  other.run(train);
  EXPECT_EQ(numbers_of(other.run(w)), trained);  // it goes on as if nothing had happened
}

TEST_F(SaverTest, SavesResourceVariables) {
  const Variable v(Tensor({1.0f, 2.0f}), {.name = "v", .use_resource = true});
  Session session;
  initialize(session);
  Saver saver;
  saver.save(session, path("model"));
  session.run(v.assign(Tensor({5.0f, 6.0f})));
  saver.restore(session, path("model"));
  EXPECT_EQ(numbers_of(session.run(v)), (std::vector<double>{1, 2}));
}

// A checkpoint of TensorFlow's, its three parts restored as one, two, and seven.
TEST_F(SaverTest, RestoresTensorFlowsPartsUnderAnotherPartitioning) {
  const std::string checkpoint = std::string(TENON_SOURCE_DIR) + "/tests/io/data/v2";
  const Tensor expected = load_variable(checkpoint, "parts/rows");
  for (const int parts : {1, 2, 7}) {
    const Graph graph;
    const auto as_default = graph.as_default();
    const Variable rows = get_variable(
        "parts/rows", {.shape = {70, 3}, .partitioner = fixed_size_partitioner(parts)});
    Session session(graph);
    Saver saver;
    const RestorePlan plan = saver.restore(session, checkpoint);
    EXPECT_EQ(plan.entries.at(0).parts, parts);
    EXPECT_TRUE(same_bits(session.run(rows.as_tensor()), expected));
    saver.save(session, path("again"));
    EXPECT_THAT(names_of(path("again")), ElementsAre("parts/rows"));
    EXPECT_TRUE(same_bits(load_variable(path("again"), "parts/rows"), expected));
  }
}

TEST_F(SaverTest, TakesAListOrNamesForVariables) {
  const Variable v = variable_of("v", Tensor(1.0f)), w = variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver({.var_list = {{w}}}).save(session, path("list"));
  EXPECT_THAT(names_of(path("list")), ElementsAre("w"));
  Saver({.var_list = {{{"a/v", v}, {"b", w}}}}).save(session, path("map"));
  EXPECT_THAT(names_of(path("map")), ElementsAre("a/v", "b"));
  EXPECT_EQ(load_variable(path("map"), "b").scalar<float>(), 2.0f);
}

TEST_F(SaverTest, RefusesWhatItCantSave) {
  EXPECT_ERROR(Saver(), ValueError, bad_argument, "No variables to save");
  const Variable w = variable_of("w", Tensor(2.0f));
  EXPECT_ERROR(Saver({.var_list = {{w, w}}}), ValueError, bad_argument,
               "At least two variables have the same name: w");
  EXPECT_ERROR(Saver({.var_list = {{{"x", w}, {"y", w}}}}), ValueError, bad_argument,
               "The same saveable will be restored with two names: y");
  EXPECT_ERROR(Saver({.var_list = {{Variable::from_tensor(w + 1.0f)}}}), TypeError, not_a_variable,
               "Variable to save is not a Variable");
  EXPECT_ERROR(Saver({.var_list = {{Variable()}}}), ValueError, bad_argument, "an empty handle");
}

TEST_F(SaverTest, DoesNothingWithoutVariablesWhereThatIsAllowed) {
  Saver saver({.allow_empty = true});
  Session session;
  EXPECT_EQ(saver.save(session, path("model")), "");
  saver.restore(session, path("model"));
  EXPECT_THAT(internal::names_in(folder_.path()), ElementsAre());
}

TEST_F(SaverTest, CollectsVariablesWhenItIsBuilt) {
  Saver saver({.defer_build = true});
  const Variable w = variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  EXPECT_ERROR(saver.save(session, path("model")), RuntimeError, bad_argument,
               "`build()` should be called before save if defer_build==True");
  EXPECT_ERROR(saver.restore(session, path("model")), RuntimeError, bad_argument,
               "`build()` should be called before restore");
  saver.build();
  saver.build();
  saver.save(session, path("model"));
  EXPECT_THAT(names_of(path("model")), ElementsAre("w"));
}

TEST_F(SaverTest, NamesAllVariablesWithoutAValueAndWritesNothing) {
  const Variable v = variable_of("v", Tensor(1.0f)), w = variable_of("w", Tensor(2.0f));
  const Variable x = variable_of("x", Tensor(2.0f));
  Session session;
  session.run(w.initializer());
  Saver saver;
  EXPECT_ERROR(saver.save(session, path("model")), FailedPreconditionError, uninitialized,
               "Attempting to use uninitialized value v, x: nothing was written");
  EXPECT_THAT(internal::names_in(folder_.path()), ElementsAre());
}

TEST_F(SaverTest, NumbersCheckpointsByTheGlobalStep) {
  const Variable step = variable_of("step", Tensor(int64_t{12}));
  Session session;
  initialize(session);
  Saver saver, padded({.pad_step_number = true});
  EXPECT_EQ(saver.save(session, path("m"), {.global_step = 7}), path("m-7"));
  EXPECT_EQ(saver.save(session, path("m"), {.global_step = step}), path("m-12"));
  EXPECT_EQ(padded.save(session, path("m"), {.global_step = 7}), path("m-00000007"));
  const Variable wrong = variable_of("wrong", Tensor(1.0f));
  session.run(wrong.initializer());
  EXPECT_ERROR(saver.save(session, path("m"), {.global_step = wrong}), TypeError, bad_argument,
               "global_step must be of an integer dtype; wrong:0 is of float32");
}

TEST_F(SaverTest, WritesTheStateOfTheFolder) {
  variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver saver;
  saver.save(session, path("m"), {.global_step = 1});
  saver.save(session, path("m"), {.global_step = 2});
  EXPECT_EQ(file_contents(path("checkpoint")),
            "model_checkpoint_path: \"m-2\"\n"
            "all_model_checkpoint_paths: \"m-1\"\n"
            "all_model_checkpoint_paths: \"m-2\"\n");
  EXPECT_EQ(latest_checkpoint(folder_.path()), path("m-2"));
  saver.save(session, path("m"), {.global_step = 3, .write_state = false});
  EXPECT_EQ(latest_checkpoint(folder_.path()), path("m-2"));
  EXPECT_THAT(saver.last_checkpoints(), ElementsAre(path("m-1"), path("m-2")));
  Saver absolute({.save_relative_paths = false});
  absolute.save(session, path("m"), {.latest_filename = "state"});
  EXPECT_THAT(file_contents(path("state")), HasSubstr("model_checkpoint_path: \"/"));
}

TEST_F(SaverTest, RefusesPathsThatCantBe) {
  variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver saver;
  EXPECT_ERROR(saver.save(session, path("checkpoint")), ValueError, bad_argument,
               "'latest_filename' collides with 'save_path': 'checkpoint'");
  EXPECT_ERROR(saver.save(session, path("m"), {.latest_filename = "a/b"}), ValueError, bad_argument,
               "'latest_filename' must not contain path components");
  EXPECT_ERROR(saver.save(session, path("a/b/m")), ValueError, bad_argument,
               "Parent directory of " + path("a/b/m") + " doesn't exist, can't save.");
  saver.save(session, path("a/m"));  // one folder is made
  EXPECT_TRUE(checkpoint_exists(path("a/m")));
}

TEST_F(SaverTest, RemovesOldCheckpointsAndNothingElse) {
  variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver saver({.max_to_keep = 2});
  test::put_file(path("m-0.index"), "another saver's");
  test::put_file(path("m-1.notes"), "mine");
  for (const int step : {1, 2, 3, 4}) saver.save(session, path("m"), {.global_step = step});
  EXPECT_THAT(saver.last_checkpoints(), ElementsAre(path("m-3"), path("m-4")));
  EXPECT_THAT(
      internal::names_in(folder_.path()),
      ElementsAre("checkpoint", "m-0.index", "m-1.notes", "m-3.data-00000-of-00001", "m-3.index",
                  "m-3.meta", "m-4.data-00000-of-00001", "m-4.index", "m-4.meta"));
}

TEST_F(SaverTest, CountsACheckpointOnceThatIsSavedAgain) {
  variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver saver({.max_to_keep = 2});
  for (const int step : {1, 2, 1, 1, 2}) saver.save(session, path("m"), {.global_step = step});
  EXPECT_THAT(saver.last_checkpoints(), ElementsAre(path("m-1"), path("m-2")));
  EXPECT_EQ(load_variable(path("m-1"), "w").scalar<float>(), 2.0f);
}

TEST_F(SaverTest, KeepsAllWhereNoneIsToGo) {
  variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver all({.max_to_keep = 0}), hourly({.max_to_keep = 1, .keep_checkpoint_every_n_hours = 1e-9});
  for (const int step : {1, 2, 3}) all.save(session, path("m"), {.global_step = step});
  for (const int step : {1, 2, 3}) hourly.save(session, path("h"), {.global_step = step});
  for (const char* name : {"m-1", "m-2", "m-3", "h-1", "h-2", "h-3"}) {
    EXPECT_TRUE(checkpoint_exists(path(name))) << name;
  }
  EXPECT_THAT(all.last_checkpoints(), ElementsAre());
}

TEST_F(SaverTest, TakesCheckpointsOver) {
  variable_of("w", Tensor(2.0f));
  Session session;
  initialize(session);
  Saver before;
  for (const int step : {1, 2}) before.save(session, path("m"), {.global_step = step});
  Saver saver({.max_to_keep = 2});
  saver.recover_last_checkpoints({path("m-0"), path("m-1"), path("m-2")});
  EXPECT_THAT(saver.last_checkpoints(), ElementsAre(path("m-1"), path("m-2")));
  saver.save(session, path("m"), {.global_step = 3});
  EXPECT_FALSE(checkpoint_exists(path("m-1")));
  EXPECT_TRUE(checkpoint_exists(path("m-2")));
  EXPECT_THAT(internal::names_in(folder_.path()),
              ElementsAre("checkpoint", "m-2.data-00000-of-00001", "m-2.index", "m-2.meta",
                          "m-3.data-00000-of-00001", "m-3.index", "m-3.meta"));
}

TEST_F(SaverTest, WritesADataFileForEachDevice) {
  std::vector<Variable> variables = {variable_of("here", Tensor(1.0f))};
  for (const char* gpu : {"/device:GPU:0", "/device:GPU:1"}) {
    const auto on = device(gpu);
    variables.push_back(variable_of("there", some_tensor(float32, {40, 3})));
  }
  {
    const auto on = device("/cpu:0");
    variables.push_back(variable_of("host", Tensor(2.0f)));
  }
  Session session({.allow_soft_placement = true, .emulated_gpus = 2});
  initialize(session);
  Saver saver({.sharded = true});
  saver.save(session, path("m"));
  EXPECT_EQ(file_contents(path("m.data-00000-of-00003")).size(), 4u);
  EXPECT_EQ(file_contents(path("m.data-00001-of-00003")).size(), 484u);
  EXPECT_EQ(file_contents(path("m.data-00002-of-00003")).size(), 480u);
  Session other({.allow_soft_placement = true, .emulated_gpus = 2});
  saver.restore(other, path("m"));
  for (const Variable& v : variables) EXPECT_TRUE(same_bits(session.run(v), other.run(v)));
}

TEST_F(SaverTest, KeepsTheSessionAndTheCheckpointWhereWritingFails) {
  const Variable w = variable_of("w", Tensor(1.0f));
  Session session;
  initialize(session);
  Saver saver({.max_to_keep = 1});
  saver.save(session, path("m"), {.global_step = 1});
  session.run(w.assign(2.0f));
  const internal::FileCalls usual = internal::file_calls();
  internal::file_calls().write = [](int, const void*, size_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_ERROR(saver.save(session, path("m"), {.global_step = 2}), ResourceExhaustedError,
               file_failed, "No space left on device");
  internal::file_calls() = usual;
  EXPECT_EQ(session.run(w).scalar<float>(), 2.0f);
  EXPECT_EQ(latest_checkpoint(folder_.path()), path("m-1"));
  EXPECT_THAT(internal::names_in(folder_.path()),
              ElementsAre("checkpoint", "m-1.data-00000-of-00001", "m-1.index", "m-1.meta"));
  saver.save(session, path("m"), {.global_step = 2});
  EXPECT_EQ(load_variable(path("m-2"), "w").scalar<float>(), 2.0f);
}

TEST_F(SaverTest, SaysThatTheFolderHasGone) {
  variable_of("w", Tensor(1.0f));
  Session session;
  initialize(session);
  Saver saver;
  saver.save(session, path("a/m"));
  std::filesystem::remove_all(path("a"));
  EXPECT_ERROR(saver.save(session, path("a/b/m")), ValueError, bad_argument,
               "Parent directory of " + path("a/b/m") + " doesn't exist");
  EXPECT_ERROR(saver.save(session, "/proc/m"), NotFoundError, no_such_file,
               "Cannot create /proc/m");
}

}  // namespace
}  // namespace tenon::train
