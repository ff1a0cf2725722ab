// What a training writes for TensorBoard. Steps and order are TensorFlow's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/loop/loop_testing.h"
#include "tests/testing/errors.h"
#include "tests/testing/event_reader.h"

namespace tenon::train {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

class TrainingSummariesTest : public CountingTest {
 protected:
  TrainingSummariesTest() {
    auto after = control_dependencies({train_});
    twice_ = summary::scalar("twice", step_.read_value() * int64_t{2});
  }
  std::vector<std::string> events(const std::string& folder) const {
    std::vector<std::string> all;
    for (const auto& event : test::read_events(test::event_file_in(folder))) {
      all.push_back(event.text);
    }
    return all;
  }

  Output twice_;
};

TEST_F(TrainingSummariesTest, ASessionWritesStepsSummariesAndCheckpoints) {
  const std::string saved = " CHECKPOINT " + folder_ / "model.ckpt";
  {
    MonitoredTrainingSession session({.checkpoint_dir = folder_.path(),
                                      .save_checkpoint_steps = 3,
                                      .save_summaries_steps = 2,
                                      .log_step_count_steps = 4});
    for (int i = 0; i < 5; ++i) session.run(train_);
    session.close();
  }
  // The header and the graph, then what happened.
  EXPECT_THAT(events(folder_.path()),
              ElementsAre("0", "0", "0" + saved, "1 START", "1 twice=2", "3 twice=6", "3" + saved,
                          StartsWith("5 global_step/sec="), "5 twice=10", "5" + saved));
}

TEST_F(TrainingSummariesTest, AFolderOfItsOwnTakesThem) {
  const std::string summaries = folder_ / "summaries";
  {
    MonitoredTrainingSession session(
        {.save_summaries_secs = 0.001, .summary_dir = summaries, .log_step_count_steps = 0});
    session.run(train_);
    session.close();
  }
  EXPECT_THAT(events(summaries), ElementsAre("0", "1 START", "1 twice=2"));
}

TEST_F(TrainingSummariesTest, AHookTakesItsOwnSummaries) {
  const Output other = summary::scalar("other", 5.0f, {.collections = {{}}});
  summary::FileWriter writer(folder_.path());
  {
    MonitoredTrainingSession session(
        {.hooks = {SummarySaverHook(writer, {.save_steps = 2, .summary_op = {other, twice_}})}});
    for (int i = 0; i < 3; ++i) session.run(train_);
    session.close();
  }
  EXPECT_THAT(events(folder_.path()),
              ElementsAre("0", "1 START", "1 other=5", "1 twice=2", "3 other=5", "3 twice=6"));
}

TEST_F(TrainingSummariesTest, NoneAreWrittenWhereThatIsAsked) {
  const Graph graph;
  const auto as_default = graph.as_default();
  const Output train = get_or_create_global_step().assign_add(int64_t{1});
  {
    MonitoredTrainingSession session(
        {.save_summaries_steps = 0, .summary_dir = folder_ / "none", .log_step_count_steps = 0});
    session.run(train);
    session.close();
  }
  {
    MonitoredTrainingSession session({.summary_dir = folder_ / "empty", .log_step_count_steps = 0});
    session.run(train);
    session.close();
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  EXPECT_THAT(events(folder_ / "empty"), ElementsAre("0", "1 START"));
}

TEST_F(TrainingSummariesTest, RefusesWhatContradictsItself) {
  const summary::FileWriter writer(folder_.path());
  EXPECT_ERROR(SummarySaverHook(writer, {.save_steps = 1}), ValueError, bad_argument,
               "Exactly one of scaffold or summary_op must be provided.");
  EXPECT_ERROR(
      SummarySaverHook(writer, {.save_steps = 1, .summary_op = {twice_}, .scaffold = Scaffold()}),
      ValueError, bad_argument, "Exactly one of scaffold or summary_op must be provided.");
  EXPECT_ERROR(SummarySaverHook(writer, {.summary_op = {twice_}}), ValueError, bad_argument,
               "Either every_secs or every_steps should be provided.");
}

}  // namespace
}  // namespace tenon::train
