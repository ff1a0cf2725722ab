// How a monitored session gets its variables' values: from a checkpoint, by initialising, from its
// chief. What comes out is TensorFlow's (sequences.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

class PreparingTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
};

TEST_F(PreparingTest, RestoresTheLatestCheckpointElseInitialises) {
  const Variable step = get_or_create_global_step();
  const Output train = step.assign_add(int64_t{1});
  const Variable v(1.0f, {.name = "v"});
  const Output twice = v.assign(v * 2.0f);
  const Variable local(v.initialized_value() + 10.0f,
                       {.name = "local", .collections = {GraphKeys::LOCAL_VARIABLES}});
  const Operation local_init = local_variables_initializer();
  std::vector<std::string> calls;
  for (int i = 0; i < 2; ++i) {
    const Scaffold scaffold({.init_fn =
                                 [&](const Scaffold& whose, Session& session) {
                                   EXPECT_TRUE(whose.init_op());
                                   session.run(v);
                                   calls.emplace_back("init_fn");
                                 },
                             .local_init_op = local_init});
    MonitoredTrainingSession session({.checkpoint_dir = folder_.path(), .scaffold = scaffold});
    const auto now = session.run({v, local});
    calls.push_back(std::to_string(static_cast<int>(now[0].scalar<float>())) + " " +
                    std::to_string(static_cast<int>(now[1].scalar<float>())));
    session.run({train, twice});
    session.close();
  }
  EXPECT_THAT(calls, testing::ElementsAre("init_fn", "1 11", "2 12"));
}

TEST_F(PreparingTest, RestoresTheCheckpointThatItIsTold) {
  const Variable v(1.0f, {.name = "v"});
  Saver saver;
  {
    Session session;
    session.run(global_variables_initializer());
    v.load(Tensor(5.0f), session);
    saver.save(session, folder_ / "five");
  }
  const std::string five = folder_ / "five";
  MonitoredSession session({.checkpoint_filename_with_path = five});
  EXPECT_EQ(session.run(v).scalar<float>(), 5.0f);
  session.close();
  EXPECT_ERROR(
      MonitoredSession({.checkpoint_dir = folder_.path(), .checkpoint_filename_with_path = five}),
      ValueError, bad_argument,
      "Can not provide both checkpoint_dir and checkpoint_filename_with_path.");
  EXPECT_FALSE(graph_.finalized());
}

TEST_F(PreparingTest, ThrowsThePlanWhereTheCheckpointDoesntFit) {
  const Variable v(1.0f, {.name = "v"});
  {
    MonitoredTrainingSession session({.checkpoint_dir = folder_.path(),
                                      .hooks = {},
                                      .save_checkpoint_steps = 0,
                                      .save_summaries_steps = 0,
                                      .log_step_count_steps = 0});
    Saver().save(session.raw_session(), folder_ / "model.ckpt");
  }
  const Variable more(1.0f, {.name = "more"});
  clear_collection(GraphKeys::SAVERS);
  EXPECT_ERROR(MonitoredTrainingSession({
                   .checkpoint_dir = folder_.path(),
                   .log_step_count_steps = 0,
               }),
               RuntimeError, bad_argument, "Global step should be created");
  get_or_create_global_step();
  EXPECT_ERROR(MonitoredTrainingSession({.checkpoint_dir = folder_.path()}), NotFoundError,
               not_in_checkpoint, "more");
  EXPECT_FALSE(graph_.finalized());
}

TEST_F(PreparingTest, SaysWhatInitOpLeavesUninitialised) {
  get_or_create_global_step();
  const Variable v(1.0f, {.name = "v"});
  const Operation nothing = no_op({.name = "nothing"});
  EXPECT_ERROR(MonitoredSession({.scaffold = Scaffold({.init_op = nothing})}), RuntimeError,
               bad_argument,
               "Init operations did not make model ready for local_init.  Init op: nothing, init "
               "fn: None, error: Variables not initialized: global_step, v");
  const Output none = constant(Tensor(std::vector<std::string>()));
  const Scaffold scaffold({.init_op = nothing,
                           .init_fn = [](const Scaffold&, Session&) {},
                           .ready_for_local_init_op = none});
  EXPECT_ERROR(MonitoredSession({.scaffold = scaffold}), RuntimeError, bad_argument,
               "Init operations did not make model ready.  Init op: nothing, init fn: given, "
               "local_init_op: ");
}

TEST_F(PreparingTest, FeedsTheInitializers) {
  const Output x = placeholder(float32, {});
  const Variable v(x, {.name = "v"});
  const Variable local(x * 2.0f, {.name = "local", .collections = {GraphKeys::LOCAL_VARIABLES}});
  const Scaffold scaffold(
      {.init_feed_dict = {{x, Tensor(3.0f)}}, .local_init_feed_dict = {{x, Tensor(4.0f)}}});
  MonitoredSession session({.scaffold = scaffold});
  EXPECT_EQ(session.run(v).scalar<float>(), 3.0f);
  EXPECT_EQ(session.run(local).scalar<float>(), 8.0f);
}

TEST_F(PreparingTest, TheScaffoldTakesItsPiecesFromTheCollections) {
  const Variable v(1.0f, {.name = "v"});
  const Operation init = group({v.initializer()}, {.name = "mine"});
  add_to_collection(GraphKeys::INIT_OP, init);
  const Saver saver({.var_list = {{v}}});
  add_to_collection(GraphKeys::SAVERS, saver);
  const Scaffold scaffold;
  scaffold.finalize();
  EXPECT_EQ(scaffold.init_op(), init);
  EXPECT_TRUE(scaffold.saver());
  EXPECT_TRUE(graph_.finalized());
  EXPECT_EQ(get_collection<Output>(GraphKeys::READY_OP).front(), scaffold.ready_op());
  EXPECT_EQ(get_collection<Operation>(GraphKeys::LOCAL_INIT_OP).front(), scaffold.local_init_op());
  const Scaffold again;
  again.finalize();
  EXPECT_EQ(again.ready_op(), scaffold.ready_op());
}

TEST_F(PreparingTest, TheScaffoldRefusesACollectionOfTwo) {
  add_to_collection(GraphKeys::INIT_OP, no_op());
  add_to_collection(GraphKeys::INIT_OP, no_op());
  EXPECT_ERROR(Scaffold().finalize(), RuntimeError, bad_argument,
               "More than one item in the collection \"init_op\"");
  clear_collection(GraphKeys::INIT_OP);
  add_to_collection(GraphKeys::INIT_OP, 3);
  EXPECT_ERROR(Scaffold().finalize(), TypeError, bad_argument,
               "The item of collection init_op is no operation");
}

TEST_F(PreparingTest, KeepsAGraphFinalThatWasSo) {
  const Variable v(1.0f, {.name = "v"});
  Scaffold().finalize();
  { MonitoredSession session; }
  EXPECT_TRUE(graph_.finalized());
}

// A worker waits until the chief, in another session on the same server, has initialised.
TEST_F(PreparingTest, AWorkerWaitsForItsChiefConcurrently) {
  const Server server = Server::create_local_server();
  const SessionOptions config{.target = server.target()};
  const Variable v(7.0f, {.name = "v"});
  const Scaffold scaffold;
  scaffold.finalize();
  EXPECT_ERROR(MonitoredTrainingSession({.is_chief = false,
                                         .scaffold = scaffold,
                                         .config = config,
                                         .max_wait_secs = 0.01,
                                         .recovery_wait_secs = 0.005}),
               FailedPreconditionError, uninitialized,
               "Session was not ready after waiting 0.01 secs. Variables not initialized: v");
  Coordinator coordinator;
  std::atomic<float> seen = 0;
  coordinator.start_thread("worker", [&] {
    auto as_default = graph_.as_default();
    MonitoredTrainingSession worker(
        {.is_chief = false, .scaffold = scaffold, .config = config, .recovery_wait_secs = 0.001});
    seen = worker.run(v).scalar<float>();
  });
  MonitoredTrainingSession chief({.scaffold = scaffold, .config = config});
  coordinator.join();
  EXPECT_EQ(seen, 7.0f);
}

}  // namespace
}  // namespace tenon::train
