// Errors of what takes a path name the line of the program that gave it.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::test {
namespace {

#define EXPECT_HERE(statement, type, kind) EXPECT_ERROR(statement, type, kind, here(__LINE__))

std::string here(int line) {
  return std::string("sked for at ") + __FILE__ + ":" + std::to_string(line);
}

class PathsTest : public ::testing::Test {
 protected:
  void SetUp() override { std::ofstream(file_) << "neither a graph nor a checkpoint"; }

  const TemporaryFolder folder_;
  const std::string file_ = folder_ / "plain", nowhere_ = file_ + "/below";
  Graph graph_;
  const ScopeGuard as_default_{graph_.enter_as_default()};
  const Variable w_ = get_variable("w", {.initializer = 1.0f});
  Session session_;
};

TEST_F(PathsTest, OfGraphs) {
  EXPECT_HERE(import_graph_def(nowhere_), NotFoundError, no_such_file);
  EXPECT_HERE(import_graph_def(file_), DataLossError, corrupt_file);
  EXPECT_HERE(train::import_meta_graph(nowhere_), NotFoundError, no_such_file);
  EXPECT_HERE(train::export_meta_graph(nowhere_), NotFoundError, no_such_file);
  EXPECT_HERE(train::write_graph(graph_, file_, "graph.pb"), NotFoundError, no_such_file);
}

TEST_F(PathsTest, OfModels) {
  EXPECT_HERE(saved_model::load(session_, {"serve"}, nowhere_), NotFoundError, no_such_file);
  EXPECT_HERE(saved_model::Predictor{nowhere_}, NotFoundError, no_such_file);
  EXPECT_HERE(saved_model::Builder{folder_.path()}, ValueError, bad_argument);
  session_.run(w_.initializer());
  EXPECT_HERE(saved_model::simple_save(session_, nowhere_, {}, {}), NotFoundError, no_such_file);
  saved_model::Builder builder(nowhere_);
  EXPECT_HERE(builder.add_meta_graph(graph_, {"serve"}), ValueError, bad_argument);
  const std::vector<std::string> tags = {"serve"};
  EXPECT_HERE(builder.add_meta_graph_and_variables(session_, tags), NotFoundError, no_such_file);
  EXPECT_HERE(builder.save(), NotFoundError, no_such_file);
}

TEST_F(PathsTest, OfCheckpointsThatAreRead) {
  using train::CheckpointReader;
  EXPECT_HERE(CheckpointReader{nowhere_}, NotFoundError, no_such_file);
  EXPECT_HERE(train::load_checkpoint(file_), DataLossError, corrupt_file);
  EXPECT_HERE(train::list_variables(nowhere_), NotFoundError, no_such_file);
  EXPECT_HERE(train::load_variable(nowhere_, "w"), NotFoundError, no_such_file);
  EXPECT_HERE(train::get_checkpoint_state(folder_.path(), "plain"), DataLossError, corrupt_file);
  EXPECT_HERE(train::latest_checkpoint(folder_.path(), "plain"), DataLossError, corrupt_file);
  EXPECT_HERE(train::init_from_checkpoint(nowhere_, {{"/", "/"}}), NotFoundError, no_such_file);
  EXPECT_HERE(train::warm_start(nowhere_), NotFoundError, no_such_file);
  session_.run(w_.initializer());
  train::Saver saver;
  const CheckpointReader reader(saver.save(session_, folder_ / "model"));
  EXPECT_HERE(reader.get_tensor("other"), NotFoundError, not_in_checkpoint);
  EXPECT_HERE(saver.restore(session_, nowhere_), ValueError, no_such_file);
  EXPECT_HERE(saver.plan(session_, nowhere_), ValueError, no_such_file);
}

TEST_F(PathsTest, OfCheckpointsThatAreWritten) {
  using train::CheckpointWriter;
  EXPECT_HERE((CheckpointWriter{nowhere_ + ".npz", {}}), NotFoundError, no_such_file);
  CheckpointWriter writer(folder_ / "written", {{.name = "x", .dtype = float32, .shape = {}}});
  EXPECT_HERE(writer.add("y", Tensor(1.0f)), ValueError, bad_argument);
  EXPECT_HERE(writer.finish(), ValueError, bad_argument);
  EXPECT_HERE(train::update_checkpoint_state(file_, {}), NotFoundError, no_such_file);
  train::Saver saver;
  EXPECT_HERE(saver.save(session_, folder_ / "model"), FailedPreconditionError, uninitialized);
  session_.run(w_.initializer());
  EXPECT_HERE(saver.save(session_, nowhere_ + "/model"), ValueError, bad_argument);
  EXPECT_HERE(saver.save_async(session_, nowhere_ + "/model"), ValueError, bad_argument);
  EXPECT_HERE(saver.export_meta_graph(nowhere_), NotFoundError, no_such_file);
  const auto save = [&] { saver.save_async(session_, nowhere_); };
  const std::string line = here(__LINE__ - 1);
  EXPECT_ERROR((save(), saver.wait()), NotFoundError, no_such_file, line);
  EXPECT_HERE(train::Saver({.var_list = std::vector<Variable>{}}), ValueError, bad_argument);
}

TEST_F(PathsTest, OfEvents) {
  summary::FileWriter writer(nowhere_);
  EXPECT_HERE(writer.add_scalar("x", 1), NotFoundError, no_such_file);
  EXPECT_HERE(writer.add_graph(graph_), NotFoundError, no_such_file);
  EXPECT_HERE(writer.add_session_log({}), NotFoundError, no_such_file);
  EXPECT_HERE((summary::FileWriter{nowhere_, graph_}), NotFoundError, no_such_file);
  writer.close();
  EXPECT_HERE(writer.add_event({}), RuntimeError, closed);
}

TEST_F(PathsTest, OfTrainings) {
  train::create_global_step();
  const auto restored = [&] {
    return train::MonitoredSession({.checkpoint_filename_with_path = nowhere_});
  };
  EXPECT_ERROR(restored(), ValueError, no_such_file, here(__LINE__ - 2));
  const auto saved = [&] { return train::MonitoredTrainingSession({.checkpoint_dir = nowhere_}); };
  EXPECT_ERROR(saved(), NotFoundError, no_such_file, here(__LINE__ - 1));
  const train::CheckpointSaverHook hook(nowhere_, {.save_steps = 1});
  const std::string line = here(__LINE__ - 1);
  const auto hooked = [&] { return train::MonitoredSession({.hooks = {hook}}); };
  EXPECT_ERROR(hooked(), NotFoundError, no_such_file, line);
}

}  // namespace
}  // namespace tenon::test
