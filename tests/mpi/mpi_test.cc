// Clusters over several processes: programs that mpirun starts (program.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>

#include "core/base/strings.h"
#include "tests/testing/command.h"
#include "tests/testing/temporary_folder.h"

namespace tenon {
namespace {

using internal::str;
using test::CommandResult;
using ::testing::HasSubstr;

// On any number of processors, also as root. LeakSanitizer is off: Open MPI leaves thousands of
// small blocks of its components behind and unloads these, so that no list could name them.
CommandResult run_processes(int count, const std::string& which, const std::string& settings = "",
                            const std::string& options = "") {
  return test::run_command(str("OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 ",
                               "OMPI_MCA_rmaps_base_oversubscribe=1 OMP_NUM_THREADS=1 ",
                               "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 ", settings,
                               " timeout 100 " TENON_MPIEXEC " -n ", count, " ", options,
                               " " TENON_BINARY_DIR "/tests/mpi_program ", which, " 2>&1"));
}

void expect_success(int count, const std::string& which, const std::string& settings = "") {
  const CommandResult result = run_processes(count, which, settings);
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST(MpiTraining, GivesTheBitsThatOneProcessGives) {
  expect_success(3, "sgd");
  expect_success(3, "momentum");
  expect_success(3, "adam");
  expect_success(2, "adam_resource");
}

TEST(MpiTraining, ComputesOnTheGpusOfTasks) {
  expect_success(2, "adam_resource", "TENON_EMULATED_GPUS=1");
}

TEST(MpiTraining, SpreadsOverFiveProcesses) { expect_success(5, "five"); }

TEST(MpiTraining, LetsWorkersTrainWhenTheyWill) { expect_success(3, "together"); }

TEST(MpiAllReduce, AveragesGradientsOfAllWorkers) {
  const CommandResult result = run_processes(2, "all_reduce");
  EXPECT_EQ(result.status, 0) << result.output;
  std::istringstream lines(result.output);
  std::string first, second;
  ASSERT_TRUE(std::getline(lines, first) && std::getline(lines, second)) << result.output;
  EXPECT_THAT(first, HasSubstr("came to"));
  EXPECT_EQ(first, second);  // to the last bit
}

TEST(MpiRuns, ReadBeforeWritesThatNothingOrdersAndBehindThoseThatTheyWaitFor) {
  expect_success(2, "order");
}

TEST(MpiRuns, CarryTextsLargeTensorsAndShapesThatHangOnValues) {
  expect_success(2, "values");
  expect_success(2, "values", "TENON_MPI_PIECE_BYTES=1000");
}

TEST(MpiRuns, ThrowWhatAnotherTaskThrowsAndGoOn) { expect_success(2, "errors"); }

TEST(MpiRuns, KeepVariablesInContainersThatSaversAndResetsReach) {
  const test::TemporaryFolder folder;
  expect_success(2, "keep", str("TENON_TEST_FOLDER=", folder.path()));
}

TEST(MpiStart, GivesTasksToProcessesInTheirOrder) {
  const std::string output = run_processes(2, "start").output;
  EXPECT_THAT(output, HasSubstr("rank 0 is /job:ps/task:0"));
  EXPECT_THAT(output, HasSubstr("rank 1 is /job:worker/task:0"));
}

TEST(MpiStart, TakesTheTasksThatProcessesAskFor) {
  const std::string output = run_processes(2, "start_by_name").output;
  EXPECT_THAT(output, HasSubstr("rank 0 is /job:worker/task:0"));
  EXPECT_THAT(output, HasSubstr("rank 1 is /job:ps/task:0"));
}

// Every process is told what is wrong.
void expect_refused(const std::string& which, const std::string& why) {
  const std::string output = run_processes(2, which).output;
  for (const int rank : {0, 1}) {
    EXPECT_THAT(output, HasSubstr(str("rank ", rank, ": The cluster can't start: ", why))) << which;
  }
}

TEST(MpiStart, RefusesWhatDoesNotFitInEveryProcess) {
  expect_refused("one_task_twice", "ranks 0 and 1 both are /job:ps/replica:0/task:0");
  expect_refused("one_says", "rank 0 says which task it is (job_name, task_index), and rank 1");
  expect_refused("no_such_job", "rank 1 says: Job \"chief\" was not defined in cluster");
  expect_refused("other_number", "its ClusterSpec has 3 tasks, and 2 processes were started");
  expect_refused("other_cluster", "rank 1 has another ClusterSpec than rank 0");
}

TEST(MpiStart, SaysWhereThereIsNoModule) {
  const std::string output = run_processes(1, "start", "TENON_DISABLE_MPI=1").output;
  EXPECT_THAT(output, HasSubstr("TENON_DISABLE_MPI is set"));
}

TEST(MpiLoss, IsNamedByWhoWaitsWithinTenSeconds) {
  using Clock = std::chrono::steady_clock;
  for (const char* which : {"lose_worker", "lose_server"}) {
    const auto begin = Clock::now();
    const std::string output = run_processes(3, which, "", "--enable-recovery").output;
    const bool is_server = std::string(which) == "lose_server";
    const std::string lost =
        is_server ? "/job:ps/replica:0/task:0" : "/job:worker/replica:0/task:1";
    EXPECT_THAT(output, HasSubstr(str("Lost the task ", lost))) << which;
    EXPECT_THAT(output, HasSubstr(is_server ? "waited for a part of a run" : "(Server::join)"));
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(30));
  }
}

TEST(MpiLoss, IsNotWhereAWorkerThatHasLeftGoesOn) { expect_success(2, "go_on_alone"); }

TEST(MpiLoss, IsMadeGoodFromTheLastCheckpoint) {
  const CommandResult result =
      test::run_command("ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 python3 " TENON_SOURCE_DIR
                        "/tests/mpi/faults.py " TENON_BINARY_DIR "/tests/mpi_program 3 2>&1");
  EXPECT_EQ(result.status, 0) << result.output;
}

}  // namespace
}  // namespace tenon
