// The ready-made hooks. What they do when is TensorFlow's, as sequences.py prints it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tests/loop/loop_testing.h"
#include "tests/testing/errors.h"

namespace tenon::train {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

class HooksTest : public CountingTest {
 protected:
  Log log() {
    return [this](const std::string& line) { lines_.push_back(line); };
  }
  void run(Hook hook, int runs) {
    MonitoredTrainingSession session({.hooks = {std::move(hook)}});
    for (int i = 0; i < runs; ++i) session.run(train_);
    session.close();
  }
  // Runs until the hook stops it, from the folder's checkpoint on; then how often, and where.
  std::pair<int, int64_t> run_until(const StopAtStepOptions& options) {
    MonitoredTrainingSession session({.checkpoint_dir = folder_.path(),
                                      .hooks = {StopAtStepHook(options)},
                                      .save_checkpoint_steps = 100});
    int runs = 0;
    int64_t last = 0;
    for (; !session.should_stop(); ++runs) last = session.run(train_).scalar<int64_t>();
    session.close();
    return {runs, last};
  }

  std::vector<std::string> lines_;
};

TEST_F(HooksTest, StopAtStepCountsFromTheRestoredStep) {
  EXPECT_EQ(run_until({.num_steps = 3}), std::pair(3, int64_t{3}));
  EXPECT_EQ(run_until({.num_steps = 3}), std::pair(3, int64_t{6}));
}

TEST_F(HooksTest, StopAtStepMakesOneRunThoughTheLastStepIsThere) {
  EXPECT_EQ(run_until({.last_step = 3}), std::pair(3, int64_t{3}));
  EXPECT_EQ(run_until({.last_step = 3}), std::pair(1, int64_t{4}));
}

TEST_F(HooksTest, StopAtStepTakesOneOfItsOptions) {
  EXPECT_ERROR(StopAtStepHook({}), ValueError, bad_argument,
               "One of num_steps or last_step must be specified.");
  EXPECT_ERROR(StopAtStepHook({.num_steps = 1, .last_step = 1}), ValueError, bad_argument,
               "Only one of num_steps or last_step can be specified.");
}

TEST(HooksWithoutAStepTest, SayThatThereIsNone) {
  const Graph graph;
  const auto as_default = graph.as_default();
  EXPECT_ERROR(MonitoredTrainingSession({.hooks = {StopAtStepHook({.last_step = 1})}}),
               RuntimeError, bad_argument, "Global step should be created to use StopAtStepHook.");
  EXPECT_ERROR(MonitoredTrainingSession({.hooks = {StepCounterHook()}}), RuntimeError, bad_argument,
               "Global step should be created to use StepCounterHook.");
}

class Listener : public CheckpointSaverListener {
 public:
  explicit Listener(std::vector<std::string>& calls) : calls_(&calls) {}
  void begin() override { calls_->emplace_back("begin"); }
  void before_save(Session&, int64_t step) override { note("before_save ", step); }
  bool after_save(Session&, int64_t step) override {
    note("after_save ", step);
    return step == stop_at;
  }
  void end(Session&, int64_t step) override { note("end ", step); }

  int64_t stop_at = -1;

 private:
  void note(const std::string& what, int64_t step) {
    calls_->push_back(what + std::to_string(step));
  }
  std::vector<std::string>* calls_;
};

class CheckpointSaverHookTest : public HooksTest {
 protected:
  std::vector<std::string> train(int runs) {
    lines_.clear();
    MonitoredTrainingSession session(
        {.checkpoint_dir = folder_.path(),
         .scaffold = scaffold_,
         .hooks = {CheckpointSaverHook(
             folder_.path(), {.save_steps = 2, .scaffold = scaffold_, .listeners = {listener_}})},
         .save_checkpoint_secs = 0});
    for (int i = 0; i < runs; ++i) session.run(train_);
    session.close();
    return lines_;
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    for (const std::string& path : get_checkpoint_state(folder_.path()).all_model_checkpoint_paths)
      names.push_back(path.substr(folder_.path().size() + 1));
    return names;
  }

  Scaffold scaffold_;
  std::shared_ptr<Listener> listener_ = std::make_shared<Listener>(lines_);
};

TEST_F(CheckpointSaverHookTest, SavesAtTheBeginningByStepsAndAtTheEnd) {
  EXPECT_THAT(train(5), ElementsAre("begin", "before_save 0", "after_save 0", "before_save 2",
                                    "after_save 2", "before_save 4", "after_save 4",
                                    "before_save 5", "after_save 5", "end 5"));
  EXPECT_THAT(kept(), ElementsAre("model.ckpt-0", "model.ckpt-2", "model.ckpt-4", "model.ckpt-5"));
  EXPECT_THAT(train(5), ElementsAre("begin", "before_save 5", "after_save 5", "before_save 7",
                                    "after_save 7", "before_save 9", "after_save 9",
                                    "before_save 10", "after_save 10", "end 10"));
  EXPECT_THAT(kept(), ElementsAre("model.ckpt-4", "model.ckpt-5", "model.ckpt-7", "model.ckpt-9",
                                  "model.ckpt-10"));
}

TEST_F(CheckpointSaverHookTest, PutsTheGraphIntoTheEventFile) {
  MonitoredTrainingSession session(
      {.checkpoint_dir = folder_.path(), .scaffold = scaffold_, .save_checkpoint_steps = 1});
  session.close();
  std::string events;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path().filename().string().starts_with("events.out")) {
      events += test::file_contents(entry.path());
    }
  }
  EXPECT_THAT(events, testing::HasSubstr(train_.op().name()));
  EXPECT_THAT(events, testing::HasSubstr("VariableV2"));
}

TEST_F(CheckpointSaverHookTest, DoesntSaveAStepTwice) {
  EXPECT_THAT(train(4), ElementsAre("begin", "before_save 0", "after_save 0", "before_save 2",
                                    "after_save 2", "before_save 4", "after_save 4", "end 4"));
}

TEST_F(CheckpointSaverHookTest, KeepsTheLastCheckpointWhereTheTrainingFails) {
  try {
    MonitoredTrainingSession session(
        {.checkpoint_dir = folder_.path(), .save_checkpoint_steps = 2});
    for (int i = 0; i < 3; ++i) session.run(train_);
    throw ValueError(ErrorKind::bad_argument, "fails");
  } catch (const ValueError&) {
    EXPECT_THAT(kept(), ElementsAre("model.ckpt-0", "model.ckpt-2"));
  }
  MonitoredTrainingSession session({.checkpoint_dir = folder_.path()});
  EXPECT_EQ(session.run(step_).scalar<int64_t>(), 2);
}

TEST_F(CheckpointSaverHookTest, AListenerMayStopTheTraining) {
  listener_->stop_at = 2;
  EXPECT_ERROR(train(3), RuntimeError, bad_argument, "after should_stop requested");
  EXPECT_EQ(lines_.back(), "after_save 2");
}

TEST_F(CheckpointSaverHookTest, SavesBySeconds) {
  const auto hook = std::make_shared<CheckpointSaverHook>(
      folder_ / "a/b",
      CheckpointSaverOptions{
          .save_secs = 0, .saver = Saver({.max_to_keep = 2}), .checkpoint_basename = "m"});
  run(hook, 3);
  const CheckpointState state = get_checkpoint_state(folder_ / "a/b");
  EXPECT_THAT(state.all_model_checkpoint_paths,
              ElementsAre(folder_ / "a/b/m-2", folder_ / "a/b/m-3"));
}

TEST_F(CheckpointSaverHookTest, LosesNoFailureOfItsLastSave) {
  MonitoredTrainingSession session({.checkpoint_dir = folder_ / "gone"});
  session.run(train_);
  std::filesystem::remove_all(folder_ / "gone");
  test::put_file(folder_ / "gone", "a file");
  EXPECT_THROW(session.close(), Error);
}

TEST_F(CheckpointSaverHookTest, RefusesWhatContradictsItself) {
  const Saver saver;
  EXPECT_ERROR(CheckpointSaverHook("x", {}), ValueError, bad_argument,
               "Either every_secs or every_steps should be provided.");
  EXPECT_ERROR(CheckpointSaverHook("x", {.save_secs = 1, .save_steps = 1}), ValueError,
               bad_argument, "Can not provide both every_secs and every_steps.");
  EXPECT_ERROR(CheckpointSaverHook("x", {.save_steps = 1, .saver = saver, .scaffold = Scaffold()}),
               ValueError, bad_argument, "You cannot provide both saver and scaffold.");
}

TEST_F(HooksTest, LoggingTensorLogsEveryNRuns) {
  const auto line = [](const std::map<std::string, Tensor>& values) {
    return std::to_string(values.at("step").scalar<int64_t>()) + " " +
           std::to_string(values.at("twice").scalar<int64_t>());
  };
  const Output twice = step_ * int64_t{2};
  run(LoggingTensorHook({{"twice", twice}, {"step", step_}},
                        {.every_n_iter = 2, .formatter = line, .log = log()}),
      5);
  EXPECT_THAT(lines_, ElementsAre("0 0", "2 4", "4 8"));
  lines_.clear();
  run(LoggingTensorHook({{"twice", twice}, {"step", step_}},
                        {.at_end = true, .formatter = line, .log = log()}),
      3);
  EXPECT_THAT(lines_, ElementsAre("3 6"));
  lines_.clear();
  run(LoggingTensorHook({{"twice", twice}, {"step", step_}},
                        {.every_n_iter = 2, .at_end = true, .formatter = line, .log = log()}),
      3);
  EXPECT_THAT(lines_, ElementsAre("0 0", "2 4", "3 6"));
  lines_.clear();
  run(LoggingTensorHook({{"twice", twice}, {"step", step_}},
                        {.every_n_secs = 0, .formatter = line, .log = log()}),
      2);
  EXPECT_THAT(lines_, ElementsAre("0 0", "1 2"));
}

TEST_F(HooksTest, LoggingTensorWritesTagsValuesAndTime) {
  const Output half = multiply(cast(step_, float32), 0.5f, {.name = "half"});
  run(LoggingTensorHook({"half", step_}, {.every_n_iter = 1, .log = log()}), 2);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_EQ(lines_[0], "half = 0, global_step:0 = 0");
  EXPECT_THAT(lines_[1], MatchesRegex("half = 0.5, global_step:0 = 1 \\([0-9]+\\.[0-9]{3} sec\\)"));
  testing::internal::CaptureStderr();
  run(LoggingTensorHook({{"b", step_}, {"a", half}}, {.at_end = true}), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a = 1, b = 2\n");
}

TEST_F(HooksTest, LoggingTensorRefusesWhatItCantLog) {
  EXPECT_ERROR(LoggingTensorHook({step_}, {}), ValueError, bad_argument,
               "either at_end and/or exactly one of every_n_iter and every_n_secs");
  EXPECT_ERROR(LoggingTensorHook({step_}, {.every_n_iter = 1, .every_n_secs = 1}), ValueError,
               bad_argument, "either at_end and/or exactly one of every_n_iter and every_n_secs");
  EXPECT_ERROR(LoggingTensorHook({step_}, {.every_n_iter = 0}), ValueError, bad_argument,
               "invalid every_n_iter=0.");
  EXPECT_ERROR(run(LoggingTensorHook({"nothing"}, {.every_n_iter = 1}), 1), KeyError,
               no_such_tensor, "nothing");
  split(constant({1.0f, 2.0f}), 2, {.name = "parts"});
  EXPECT_ERROR(run(LoggingTensorHook({"parts"}, {.every_n_iter = 1}), 1), ValueError,
               no_such_tensor, "Name parts is ambiguous");
}

TEST_F(HooksTest, StepCounterLogsTheRate) {
  run(StepCounterHook({.every_n_steps = 2, .log = log()}), 5);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_THAT(lines_[0], MatchesRegex("global_step/sec: [0-9.e+]+"));
}

TEST_F(HooksTest, StepCounterSaysFiveTimesThatTheStepStands) {
  MonitoredTrainingSession session({.hooks = {StepCounterHook({.log = log()})}});
  for (int i = 0; i < 8; ++i) session.run(step_);
  ASSERT_EQ(lines_.size(), 5u);
  EXPECT_EQ(lines_[0].find("It seems that the global step has not been increased: it is 0"), 0u);
  EXPECT_ERROR(StepCounterHook({.every_n_steps = 1, .every_n_secs = 1}), ValueError, bad_argument,
               "exactly one of every_n_steps and every_n_secs should be provided.");
}

TEST_F(HooksTest, NanTensorFailsOrStops) {
  const Output x = placeholder(float32, Shape::unknown());
  const Tensor nan(std::numeric_limits<float>::quiet_NaN());
  {
    MonitoredTrainingSession session({.hooks = {NanTensorHook(x)}});
    session.run(train_, {{x, Tensor(1.0f)}});
    session.run(train_, {{x, Tensor(std::numeric_limits<float>::infinity())}});
    EXPECT_ERROR(session.run(train_, {{x, nan}}), train::NanLossDuringTrainingError, bad_argument,
                 "NaN loss during training.");
  }
  MonitoredTrainingSession session(
      {.hooks = {NanTensorHook(x, {.fail_on_nan_loss = false, .log = log()})}});
  session.run(train_, {{x, Tensor({1.0f, 2.0f})}});
  EXPECT_FALSE(session.should_stop());
  session.run(train_, {{x, nan}});
  EXPECT_TRUE(session.should_stop());
  EXPECT_THAT(lines_, ElementsAre("Model diverged with loss = NaN."));
}

TEST_F(HooksTest, FinalOpsKeepsTheLastValues) {
  const Output x = placeholder(float32, {});
  const auto hook =
      std::make_shared<FinalOpsHook>(ListOf<Fetch>{step_, x * 2.0f}, Feeds{{x, Tensor(4.0f)}});
  MonitoredTrainingSession session({.hooks = {hook}});
  session.run(train_);
  EXPECT_TRUE(hook->final_ops_values().empty());
  session.close();
  ASSERT_EQ(hook->final_ops_values().size(), 2u);
  EXPECT_EQ(hook->final_ops_values()[0].scalar<int64_t>(), 1);
  EXPECT_EQ(hook->final_ops_values()[1].scalar<float>(), 8.0f);
}

TEST(SecondOrStepTimerTest, TriggersAtFirstAndThenByStepsOrSeconds) {
  SecondOrStepTimer by_steps({}, 3);
  EXPECT_TRUE(by_steps.should_trigger_for_step(7));
  EXPECT_FALSE(by_steps.update_last_triggered_step(7));
  EXPECT_FALSE(by_steps.should_trigger_for_step(7));
  EXPECT_FALSE(by_steps.should_trigger_for_step(9));
  EXPECT_TRUE(by_steps.should_trigger_for_step(10));
  EXPECT_EQ(by_steps.update_last_triggered_step(12)->steps, 5);
  EXPECT_EQ(by_steps.last_triggered_step(), 12);
  by_steps.reset();
  EXPECT_TRUE(by_steps.should_trigger_for_step(12));
  SecondOrStepTimer by_secs(1000, {});
  by_secs.update_last_triggered_step(1);
  EXPECT_FALSE(by_secs.should_trigger_for_step(1000000));
}

}  // namespace
}  // namespace tenon::train
