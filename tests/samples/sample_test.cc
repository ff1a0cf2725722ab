// Runs the samples as a user does, and looks at what they print.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/command.h"

namespace {

// What a sample prints; it must succeed.
std::string output_of(const std::string& sample) {
  std::string command = "'" TENON_BINARY_DIR "/samples/";  // in steps: GCC 12 misreads a chain of +
  command.append(sample).append("' 2>&1");
  const tenon::test::CommandResult ran = tenon::test::run_command(command);
  EXPECT_EQ(ran.status, 0) << sample << " failed:\n" << ran.output;
  return ran.output;
}

// Each of these texts is in the output, in this order.
void expect_in_order(const std::string& output, const std::vector<std::string>& texts) {
  size_t from = 0;
  for (const std::string& text : texts) {
    const size_t at = output.find(text, from);
    ASSERT_NE(at, std::string::npos) << "\"" << text << "\" is missing after:\n"
                                     << output.substr(0, from) << "\n----\nin:\n"
                                     << output;
    from = at + text.size();
  }
}

TEST(SampleTest, ScopeNamesShowsVariablesAndOperations) {
  expect_in_order(
      output_of("scope_names"),
      {"in test1:              test1/firstvar:0\n", "in test2:              test2/firstvar:0\n",
       "in hidden in test1:    test1/hidden/w:0\n", "get_variable:          scope1/v:0\n",
       "an operation:          scope1/bar/add\n", "Variable, always new:  scope1/bar/own:0\n",
       "first time: variable layer/w:0, operation layer/y\n",
       "second time: variable layer/w:0, operation layer_1/y\n", "call 1: dense/w:0\n",
       "call 2: dense_1/w:0\n", "call 3: dense_2/w:0\n", "x x_1 X_2 x_3\n",
       "its own scope: outer/c, at the root again: c\n"});
}

TEST(SampleTest, CapturedScopesJumpsOutOfTheScopeAround) {
  expect_in_order(output_of("captured_scopes"),
                  {"inside scope1: variable scope1/v:0, operation scope1/y\n",
                   "by object: variable scope1/v2:0, operation scope2/scope1/y\n",
                   "by string: variable scope2/scope1/v2:0, operation scope2/scope1_1/y\n",
                   "a name scope of its own: scope1_1/step\n", "is the first one:   scope1/step\n",
                   "entered with reuse: scope1/v:0 is shared\n",
                   "makes nothing new: does_not_exist\n", "ones/w:0 is float64 [1 1]\n"});
}

TEST(SampleTest, ReuseCasesShowsThreeThatWorkAndTwoThatFail) {
  const std::string works =
      "works: test1/test2/w1:0 on /device:CPU:0, the same variable; their difference is [[0 0]]\n";
  const std::string fails = "fails, already_exists: Variable test1/test2/w1 already exists";
  expect_in_order(output_of("reuse_cases"),
                  {"1. ", works, "2. ", works, "3. ", works, "4. ", fails, "5. ", fails});
}

TEST(SampleTest, AutoReuseMakesAVariableOnceAndSharesIt) {
  expect_in_order(
      output_of("auto_reuse"),
      {"demo has demo/v:0, its product is demo/mul:0\n",
       "demo has demo/v:0, its product is demo_1/mul:0\n", "variables in the graph: 1\n",
       "values: [1 2] [3 4]\n", "reuse = true, first call: fails, does_not_exist\n", "other/v",
       "no reuse, first call: works\n", "no reuse, second call: fails, already_exists\n",
       "third/v"});
}

TEST(SampleTest, ImageFilterFailsTwiceAndSharesInThreeWays) {
  const std::string variables =
      "  model/conv1/weights:0 (5, 5, 32, 32)\n  model/conv1/biases:0 (32,)\n"
      "  model/conv2/weights:0 (5, 5, 32, 32)\n  model/conv2/biases:0 (32,)\n"
      "  results: (1, 10, 10, 32) (1, 20, 20, 32)\n";
  expect_in_order(output_of("image_filter"),
                  {"without scopes\n  fails, already_exists:", "Variable weights already exists",
                   "called twice\n  fails, already_exists:",
                   "Variable conv1/weights already exists", "again with reuse\n" + variables,
                   "by reuse_variables\n" + variables, "captured scope\n" + variables});
}

TEST(SampleTest, DenseAndRnnTakesAnyBatchAndSharesOverTime) {
  expect_in_order(
      output_of("dense_and_rnn"),
      {"A dense layer: (?, 10) -> (?, 20)\n",
       "  layer1/weights:0 (10, 20)\n  layer1/biases:0 (20,)\n", "a batch of 4: (4, 20)\n",
       "a batch of 1: (1, 20)\n", "a batch of rows of 9: bad_feed_shape\n",
       "  rnn_cell/w:0 (8, 5)\n  rnn_cell/b:0 (5,)\n",
       "states: rnn_cell/Tanh:0 rnn_cell_1/Tanh:0 rnn_cell_2/Tanh:0 rnn_cell_3/Tanh:0\n",
       "below a fifth of what it was\n"});
}

TEST(SampleTest, InitializationShowsWhatIsMissing) {
  expect_in_order(output_of("initialization"),
                  {"zeros: float32 [0 0 0]\n", "a constant: float32 [[0.5 0.5]\n [0.5 0.5]]\n",
                   "gives the shape: int32 [23 42]\n", "without an initializer: int32 [0 0]\n",
                   "of your own: float32 [7 7 7]\n", "in two sessions: the same values\n",
                   "not initialised: a b\n", "a + b, uninitialized:", "not initialised: b\n",
                   "not initialised: nothing\n", "a + b = [2]\n",
                   "in a second session,  not initialised: a b\n", "w - 2 v = [0 0]\n",
                   "one step: 1, one more, read after it: 2\n", "loaded: 10\n"});
}

TEST(SampleTest, CollectionsListsVariablesByUseAndScope) {
  const std::string keys =
      "  keys: local_variables losses my_collection notes regularization_losses "
      "trainable_variables variables\n";
  expect_in_order(
      output_of("collections"),
      {"global: model/weights:0 model/frozen:0\n", "trainable: model/weights:0 model/mine:0\n",
       "local: model/examples_seen:0\n", "my_collection: model/mine:0\n",
       "\"model\": model/weights:0 model/frozen:0 model2/weights:0\n",
       "\"model/\": model/weights:0 model/frozen:0\n",
       "\".*weights\": model/weights:0 model2/weights:0\n", "model2's own: model2/weights:0\n",
       "  data_loss:0\n", "  fit/w/Regularizer/l2_regularizer:0\n", "in all: 4.4\n",
       "  made by hand\n", "  in two lists\n", "  through the list itself\n", keys});
}

TEST(SampleTest, EmbedFiltersInTheProgramsOwnMemory) {
  expect_in_order(
      output_of("embed"),
      {"operations in the filter's graph: ", ", in the program's: 0\n",
       "right results in the program's memory: 100 of 100\n",
       "the picture is read where it lies: yes\n",
       "channel 0 writes where the program wants it: yes, 1 x smoothed: 9\n",
       "channel 1 writes where the program wants it: yes, 10 x smoothed: 90\n",
       "half a picture is refused: bad_feed_shape\n", "a channel outlives its filter: yes\n",
       "views of the program's memory left at its end: 0\n"});
}

TEST(SampleTest, PlacementPutsThingsOnDevices) {
  const std::string output = output_of("placement");
  const std::string task = "/job:localhost/replica:0/task:0";
  expect_in_order(output,
                  {"Devices: /device:CPU:0 ",
                   "/device:GPU:0 (emulated",
                   "/device:GPU:1 (emulated",
                   "no scope: a asks for \"\"\n",
                   "a GPU inside a job: b asks for \"/job:worker/task:1/device:GPU:0\"\n",
                   "another GPU: c asks for \"/job:worker/task:1/device:GPU:1\"\n",
                   "all of it taken back: d asks for \"\"\n",
                   "wants variables on the CPU: e asks for \"/job:worker/task:1/device:CPU:0\"\n",
                   "the placement log:\n",
                   "y: (Mul): " + task + "/device:GPU:1\n",
                   "y = [3 3]\n",
                   "fails, bad_placement: ",
                   "far",
                   "/device:GPU:7",
                   "available devices are",
                   task + "/device:CPU:0",
                   task + "/device:GPU:1",
                   "softly: far = [9 9]\n",
                   "w1 /job:ps/task:0\n",
                   "b1 /job:ps/task:1\n",
                   "w2 /job:ps/task:0\n",
                   "sum /job:worker\n"});
  expect_in_order(output, {"Two towers\n  in memory: model/w on /device:CPU:0\n  send ",
                           "model/w float32(2, 1) on /device:CPU:0 to /device:GPU:0\n",
                           "model/w float32(2, 1) on /device:CPU:0 to /device:GPU:1\n",
                           "on /device:GPU:0 to /device:CPU:0\n", "rounded: [[3 5]]\n"});
}

TEST(SampleTest, ClusterTrainsWhatParameterServersHold) {
  expect_in_order(
      output_of("cluster"),
      {"  /job:ps/replica:0/task:0/device:CPU:0\n", "  /job:worker/replica:0/task:1/device:CPU:0\n",
       "trained, y = 3 a + 5 b - 1\n  w on /job:ps/task:0: [3 5]\n  b on /job:ps/task:1: [-1]\n",
       "  at least 400 steps: true\n", "after a reset\n  uninitialized\n"});
}

}  // namespace
