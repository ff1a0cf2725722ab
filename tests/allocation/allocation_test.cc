// A warm step allocates nothing: counted over whole training steps, in every thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tenon/tenon.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>

#include "bench/training_workloads.h"
#include "tests/allocation/allocations.h"

namespace tenon {
namespace {

using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

constexpr int kWarmUp = 20, kSteps = 100, kBatch = 32;

// What results take: their list; of each the elements and their owner.
constexpr size_t kList = 1, kScalar = 2, kMatrix = 2;

// A network in training, fed with images and labels.
struct Training {
  Output images, labels, logits, loss, accuracy;
  Operation train;
  Shape image;

  Training(Output fed, Output answer, Shape one)
      : images(std::move(fed)), logits(std::move(answer)), image(std::move(one)) {
    labels = placeholder(int32, {-1});
    loss = reduce_mean(
        nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = logits}));
    const Output answers = argmax(logits, {.axis = 1, .output_type = int32});
    accuracy = reduce_mean(cast(equal(answers, labels), float32));
    const Variable step = train::get_or_create_global_step();
    const Output rate = 1e-3f * minimum(1.0f, 2.0f - cast(step, float32) / 1000.0f);
    train = train::AdamOptimizer({.learning_rate = rate}).minimize(loss, {.global_step = step});
  }
  std::vector<Tensor> feeds() const {
    return {bench::numbers(51, image), bench::labels(52, kBatch)};
  }
};

// That of samples/digits.cc.
Training digits() {
  bench::Parameters parameters(53);
  const Output images = placeholder(float32, {-1, 8, 8, 1});
  Output x = bench::conv_relu_pool(parameters, images, {3, 3, 1, 32});
  x = reshape(bench::conv_relu_pool(parameters, x, {3, 3, 32, 64}), {-1, 256});
  x = nn::relu(bench::dense(parameters, x, 128));
  return {images, bench::dense(parameters, x, 10), {kBatch, 8, 8, 1}};
}

Training dense() {
  bench::Parameters parameters(63);
  const Output images = placeholder(float32, {-1, 784});
  const Output x = nn::relu(bench::dense(parameters, images, 256));
  return {images, bench::dense(parameters, x, 10), {kBatch, 784}};
}

class AllocationTest : public ::testing::Test {
 protected:
  // oneDNN allocates inside itself whenever it runs: the promise is that of our own kernels.
  AllocationTest() { setenv("TENON_DISABLE_ONEDNN", "1", 1); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

// Whole steps into the caller's tensors, with so many threads.
class StepAllocationTest : public AllocationTest, public ::testing::WithParamInterface<int> {
 protected:
  void expect_no_allocations(const Training& training) {
    Session session({.threads = GetParam()});
    session.run(global_variables_initializer());
    const Callable step = session.make_callable(
        {training.loss, training.accuracy}, {training.images, training.labels}, {training.train});
    const std::vector<Tensor> feeds = training.feeds();
    std::vector<Tensor> results = {Tensor(0.0f), Tensor(0.0f)};
    for (int i = 0; i < kWarmUp; ++i) step.run_into(feeds, results);
    const float loss = results[0].scalar<float>();
    // oneTBB sets each of its threads up when that thread first comes to help, which may be late on
    // a busy machine: then it is the next round that counts.
    std::vector<size_t> allocations = {0};
    for (int round = 0; round < 5 && !allocations.empty(); ++round) {
      allocations = test::allocations_during([&] {
        for (int i = 0; i < kSteps; ++i) step.run_into(feeds, results);
      });
    }
    EXPECT_THAT(allocations, IsEmpty());
    EXPECT_LT(results[0].scalar<float>(), loss);
  }
};

INSTANTIATE_TEST_SUITE_P(Sessions, StepAllocationTest, ::testing::Values(1, 2, 4));

TEST_P(StepAllocationTest, TheDigitsNetworkTrainsWithoutAny) { expect_no_allocations(digits()); }
TEST_P(StepAllocationTest, ADenseNetworkTrainsWithoutAny) { expect_no_allocations(dense()); }

TEST_F(AllocationTest, ACallHandsOutItsResultsAndAllocatesNothingElse) {
  const Training training = dense();
  Session session({.threads = 1});
  session.run(global_variables_initializer());
  const Callable step = session.make_callable({training.loss, training.logits},
                                              {training.images, training.labels}, {training.train});
  const std::vector<Tensor> feeds = training.feeds();
  step(feeds);
  std::vector<Tensor> results;
  EXPECT_THAT(test::allocations_during([&] { results = step(feeds); }),
              SizeIs(kList + kScalar + kMatrix));
  EXPECT_EQ(results[1].shape(), Shape({kBatch, 10}));
}

// Neither resolving what is asked for nor finding its plan does.
TEST_F(AllocationTest, ARunHandsOutItsResultsAndAllocatesNothingElse) {
  const Training training = dense();
  Session session({.threads = 1});
  session.run(global_variables_initializer());
  const std::vector<Fetch> fetches = {training.loss, training.logits, training.train};
  const std::vector<Tensor> values = training.feeds();
  const Feeds feeds = {{training.images, values[0]}, {training.labels, values[1]}};
  std::vector<Tensor> results = session.run(fetches, feeds);
  EXPECT_THAT(test::allocations_during([&] { results = session.run(fetches, feeds); }),
              SizeIs(kList + kScalar + kMatrix));
  EXPECT_EQ(results[1].shape(), Shape({kBatch, 10}));
  EXPECT_THAT(test::allocations_during([&] { results[0] = session.run(training.loss, feeds); }),
              SizeIs(::testing::Gt(kScalar)))
      << "the first run of other fetches is planned";
  EXPECT_THAT(test::allocations_during([&] { results[0] = session.run(training.loss, feeds); }),
              SizeIs(kScalar));
}

TEST_F(AllocationTest, ACallableKeepsItsPlanWhateverElseIsRun) {
  const Training training = dense();
  Session session({.threads = 1, .plan_cache_size = 1});
  session.run(global_variables_initializer());
  const std::vector<Tensor> feeds = training.feeds();
  const Callable check = session.make_callable({training.loss}, {training.images, training.labels});
  std::vector<Tensor> loss = {Tensor(0.0f)};
  check.run_into(feeds, loss);
  for (int64_t batch = 1; batch < 5; ++batch) {
    session.run(training.logits, {{training.images, Tensor(float32, {batch, 784})}});
  }
  EXPECT_THAT(test::allocations_during([&] { check.run_into(feeds, loss); }), IsEmpty());
}

TEST_F(AllocationTest, CountsEveryKindOfAllocationWhoeverMakesIt) {
  std::atomic<bool> go = false;
  void* volatile other = nullptr;  // the compiler may leave out what nobody looks at
  std::thread thread([&] {
    while (!go) std::this_thread::yield();
    other = std::malloc(1001);
  });
  std::vector<void*> kept(7);
  std::unique_ptr<Tensor> tensor;
  const std::vector<size_t> sizes = test::allocations_during([&] {
    go = true;
    thread.join();
    kept[0] = std::malloc(1002);
    kept[1] = std::calloc(3, 401);
    kept[2] = std::realloc(nullptr, 1004);
    kept[3] = std::aligned_alloc(64, 1024);
    if (posix_memalign(&kept[4], 64, 1006) != 0) std::abort();
    kept[5] = ::operator new(1007);
    kept[6] = ::operator new(1088, std::align_val_t(64));
    tensor = std::make_unique<Tensor>(int8, Shape({1152}));
  });
  EXPECT_THAT(sizes, IsSupersetOf<size_t>({1001, 1002, 1203, 1004, 1024, 1006, 1007, 1088, 1152}));
  ::operator delete(kept[5]);
  ::operator delete(kept[6], std::align_val_t(64));
  for (size_t i = 0; i < 5; ++i) std::free(kept[i]);
  std::free(other);
}

}  // namespace
}  // namespace tenon
