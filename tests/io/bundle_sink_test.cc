// Writing TensorFlow's V2 checkpoints: what was written is read again, and an older one is there
// until the new one is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/strings.h"
#include "core/io/bundle.h"
#include "core/io/file.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::internal {
namespace {

using test::same_bits;
using test::some_tensor;
using test::TemporaryFolder;
using testing::ElementsAre;

void write_one(const std::string& prefix, const Tensor& tensor) {
  BundleSink sink(prefix);
  sink.add("w", tensor);
  sink.finish();
}

TEST(BundleSinkTest, WritesEveryDtypeAndShape) {
  const TemporaryFolder folder;
  const std::vector<Shape> shapes = {{}, {0}, {3, 0, 2}, {1}, {5, 7}, {300, 257}};
  BundleSink sink(folder / "model");
  for (const DType dtype : test::all_dtypes()) {
    for (const Shape& shape : shapes) sink.add(str(dtype, shape), some_tensor(dtype, shape));
  }
  sink.finish();
  const BundleSource source(folder / "model");
  EXPECT_EQ(source.variables().size(), test::all_dtypes().size() * shapes.size());
  for (const DType dtype : test::all_dtypes()) {
    for (const Shape& shape : shapes) {
      EXPECT_TRUE(same_bits(source.read(str(dtype, shape)), some_tensor(dtype, shape)))
          << dtype << shape;
    }
  }
}

TEST(BundleSinkTest, WritesPartsThatAreReadUnderAnyPartition) {
  const TemporaryFolder folder;
  const Tensor whole = some_tensor(int32, {6, 4});
  BundleSink sink(folder / "model", 2);
  for (int64_t row = 0; row < 6; row += 2) {
    const TensorSlice slice = {{{row, 2}, {0, 4}}};
    Tensor part(int32, {2, 4});
    copy_overlap(whole, TensorSlice::whole({6, 4}), part, slice);
    sink.use_shard(row == 0 ? 0 : 1);
    sink.add_slice("w", {6, 4}, slice, part);
  }
  sink.add_slice("all", {6, 4}, TensorSlice::whole({6, 4}), whole);
  sink.finish();
  const BundleSource source(folder / "model");
  EXPECT_EQ(source.variables().size(), 2u);
  EXPECT_TRUE(same_bits(source.read("w"), whole));
  EXPECT_TRUE(same_bits(source.read("all"), whole));
  const TensorSlice columns = {{{0, 6}, {1, 2}}}, rows = {{{2, 2}, {0, 4}}},
                    none = {{{3, 0}, {0, 4}}};
  for (const TensorSlice& slice : {columns, rows, none}) {
    Tensor part(int32, slice.shape());
    copy_overlap(whole, TensorSlice::whole({6, 4}), part, slice);
    EXPECT_TRUE(same_bits(source.read("w", slice), part)) << slice.to_string();
    EXPECT_TRUE(same_bits(source.read("all", slice), part)) << slice.to_string();
  }
  EXPECT_ERROR(source.read("w", {{{0, 7}, {0, 4}}}), InvalidArgumentError, shape_incompatible,
               "Slice [0:7, 0:4] doesn't fit into tensor w of shape (6, 4)");
}

TEST(BundleSinkTest, RefusesANameTwice) {
  const TemporaryFolder folder;
  BundleSink sink(folder / "model");
  sink.add("w", Tensor(1.0f));
  EXPECT_ERROR(sink.add("w", Tensor(1.0f)), ValueError, bad_argument, "two tensors of name 'w'");
  EXPECT_ERROR(sink.add_slice("w", {4}, {{{0, 2}}}, Tensor({1.0f, 2.0f})), ValueError, bad_argument,
               "Part [0:2] of w doesn't fit the parts before it");
  sink.add_slice("v", {4}, {{{0, 2}}}, Tensor({1.0f, 2.0f}));
  EXPECT_ERROR(sink.add_slice("v", {5}, {{{2, 3}}}, Tensor({1.0f, 2.0f, 3.0f})), ValueError,
               bad_argument, "doesn't fit the parts before it");
}

// An index always speaks of data files that are there: the new ones have other names.
TEST(BundleSinkTest, KeepsTheOldOneUntilTheNewOneIsWhole) {
  const TemporaryFolder folder;
  write_one(folder / "model", Tensor(1.0f));
  EXPECT_THAT(names_in(folder.path()), ElementsAre("model.data-00000-of-00001", "model.index"));
  {
    BundleSink sink(folder / "model");
    sink.add("w", Tensor(2.0f));
    EXPECT_EQ(BundleSource(folder / "model").read("w").scalar<float>(), 1.0f);
  }
  EXPECT_EQ(BundleSource(folder / "model").read("w").scalar<float>(), 1.0f);
  write_one(folder / "model", Tensor(3.0f));
  EXPECT_EQ(BundleSource(folder / "model").read("w").scalar<float>(), 3.0f);
  EXPECT_THAT(names_in(folder.path()),
              ElementsAre("model.data-00000-of-00002", "model.data-00001-of-00002", "model.index"));
  write_one(folder / "model", Tensor(4.0f));
  EXPECT_THAT(names_in(folder.path()), ElementsAre("model.data-00000-of-00001", "model.index"));
}

TEST(BundleSinkTest, LeavesOtherFilesAlone) {
  const TemporaryFolder folder;
  const char* const kOthers[] = {"model.data-0000-of-00003", "model.data-00000-of-00003.old",
                                 "model2.data-00000-of-00003", "model.ckpt-00000-of-00003"};
  for (const char* name : kOthers) test::put_file(folder / name, "mine");
  test::put_file(folder / "model.data-00001-of-00003", "an index that was never written");
  write_one(folder / "model", Tensor(1.0f));
  for (const char* name : kOthers) EXPECT_EQ(read_file(folder / name), "mine");
  EXPECT_FALSE(file_exists(folder / "model.data-00001-of-00003"));
}

// Lets the n-th write, sync or renaming fail, for every n: what was there before still is.
TEST(BundleSinkTest, LosesNothingWhereverWritingFails) {
  static int calls_left;
  const auto fails = [] {
    errno = ENOSPC;
    return calls_left-- == 0;
  };
  static bool (*const fails_now)() = fails;
  const FileCalls usual = file_calls();
  int failures = 0;
  for (int n = 0; n < 30; ++n) {
    const TemporaryFolder folder;
    write_one(folder / "model", Tensor(1.0f));
    calls_left = n;
    file_calls().write = [](int descriptor, const void* bytes, size_t count) -> ssize_t {
      return fails_now() ? -1 : ::write(descriptor, bytes, count);
    };
    file_calls().fsync = [](int descriptor) { return fails_now() ? -1 : ::fsync(descriptor); };
    file_calls().rename = [](const char* a, const char* b) {
      return fails_now() ? -1 : std::rename(a, b);
    };
    bool failed = false;
    try {
      write_one(folder / "model", Tensor(2.0f));
    } catch (const ResourceExhaustedError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("No space left on device"));
      failed = true;
    }
    file_calls() = usual;
    failures += failed ? 1 : 0;
    const float kept = BundleSource(folder / "model").read("w").scalar<float>();
    // The last thing is to put the new index's name on the disk: by then it is there.
    EXPECT_TRUE(kept == 1.0f || kept == 2.0f);
    EXPECT_TRUE(failed || kept == 2.0f) << n;
    for (const std::string& name : names_in(folder.path())) {
      EXPECT_EQ(name.find(".temp"), std::string::npos) << name << " after failure " << n;
    }
  }
  EXPECT_GE(failures, 8);
  EXPECT_LT(failures, 30);
}

}  // namespace
}  // namespace tenon::internal
