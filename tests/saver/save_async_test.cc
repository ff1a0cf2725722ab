// Saving while the session goes on.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "core/io/file.h"
#include "tenon/checkpoint.h"
#include "tenon/saver.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::train {
namespace {

using testing::ElementsAre;

class SaveInAThreadTest : public testing::Test {
 protected:
  SaveInAThreadTest() { session_.run(global_variables_initializer()); }
  ~SaveInAThreadTest() override { internal::file_calls() = usual_; }
  std::string path(const std::string& name) const { return folder_ / name; }

  const internal::FileCalls usual_ = internal::file_calls();
  test::TemporaryFolder folder_;
  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  const Variable w_ = Variable(Tensor(float32, {1000}), {.name = "w"});
  Session session_;
  Saver saver_;
};

TEST_F(SaveInAThreadTest, SavesTheValuesOfTheCall) {
  for (int i = 1; i <= 10; ++i) {
    session_.run(w_.assign(fill({1000}, static_cast<float>(i))));
    saver_.save_async(session_, path("m"), {.global_step = i});
    session_.run(w_.assign(fill({1000}, -1.0f)));
  }
  EXPECT_THAT(saver_.last_checkpoints(),
              ElementsAre(path("m-6"), path("m-7"), path("m-8"), path("m-9"), path("m-10")));
  for (int i = 6; i <= 10; ++i) {
    const Tensor saved = load_variable(path("m-" + std::to_string(i)), "w");
    EXPECT_EQ(test::numbers_of(saved), std::vector<double>(1000, i));
  }
}

TEST_F(SaveInAThreadTest, ThrowsWhatFailedAtTheNextCall) {
  internal::file_calls().fsync = [](int) {
    errno = EIO;
    return -1;
  };
  saver_.save_async(session_, path("m"));
  EXPECT_ERROR(saver_.save(session_, path("n")), RuntimeError, file_failed, "Input/output error");
  internal::file_calls() = usual_;
  saver_.wait();  // it is told once
  saver_.save(session_, path("n"));
  EXPECT_FALSE(checkpoint_exists(path("m")));
  EXPECT_TRUE(checkpoint_exists(path("n")));
}

TEST_F(SaveInAThreadTest, RefusesASecondOneWhereThatIsAskedFor) {
  static std::atomic<bool> go;
  go = false;
  internal::file_calls().fsync = [](int descriptor) {
    go.wait(false);
    return ::fsync(descriptor);
  };
  saver_.save_async(session_, path("m"));
  EXPECT_ERROR(saver_.save_async(session_, path("n"), {.wait = false}), FailedPreconditionError,
               bad_argument, "A save of this saver is still under way");
  go = true;
  go.notify_all();
  saver_.wait();
  EXPECT_TRUE(checkpoint_exists(path("m")));
  EXPECT_FALSE(checkpoint_exists(path("n")));
}

}  // namespace
}  // namespace tenon::train
