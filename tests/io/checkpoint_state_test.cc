// The file `checkpoint` of a folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/io/text_proto.h"
#include "tenon/checkpoint.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

using test::file_contents;
using test::put_file;
using test::TemporaryFolder;
using testing::ElementsAre;

TEST(CheckpointStateTest, IsWrittenAsTensorFlowWritesIt) {
  const TemporaryFolder folder;
  update_checkpoint_state(folder.path(),
                          {.model_checkpoint_path = folder / "model-2",
                           .all_model_checkpoint_paths = {folder / "model-1", folder / "model-2"},
                           .all_model_checkpoint_timestamps = {1.5, 1700000000.25},
                           .last_preserved_timestamp = 0.125});
  EXPECT_EQ(file_contents(folder / "checkpoint"),
            "model_checkpoint_path: \"model-2\"\n"
            "all_model_checkpoint_paths: \"model-1\"\n"
            "all_model_checkpoint_paths: \"model-2\"\n"
            "all_model_checkpoint_timestamps: 1.5\n"
            "all_model_checkpoint_timestamps: 1700000000.25\n"
            "last_preserved_timestamp: 0.125\n");
  const CheckpointState state = get_checkpoint_state(folder.path());
  EXPECT_EQ(state.model_checkpoint_path, folder / "model-2");
  EXPECT_THAT(state.all_model_checkpoint_paths,
              ElementsAre(folder / "model-1", folder / "model-2"));
  EXPECT_THAT(state.all_model_checkpoint_timestamps, ElementsAre(1.5, 1700000000.25));
  EXPECT_EQ(state.last_preserved_timestamp, 0.125);
}

TEST(CheckpointStateTest, KeepsAbsolutePathsWhereThatIsAskedFor) {
  const TemporaryFolder folder;
  update_checkpoint_state(folder.path(), {.model_checkpoint_path = folder / "model"}, false,
                          "state");
  EXPECT_EQ(file_contents(folder / "state"),
            "model_checkpoint_path: \"" + (folder / "model") + "\"\n");
  EXPECT_EQ(get_checkpoint_state(folder.path(), "state").model_checkpoint_path, folder / "model");
}

TEST(CheckpointStateTest, ReadsWhatOthersWrite) {
  const TemporaryFolder folder;
  put_file(folder / "checkpoint",
           "# a comment\nmodel_checkpoint_path: 'a \\\"b\\\\\\303\\244' \"c\"; "
           "all_model_checkpoint_paths:\"/x\"\nall_model_checkpoint_timestamps: 1e3 unknown: 7");
  const CheckpointState state = get_checkpoint_state(folder.path());
  EXPECT_EQ(state.model_checkpoint_path, folder / "a \"b\\\303\244c");
  EXPECT_THAT(state.all_model_checkpoint_paths, ElementsAre("/x"));
  EXPECT_THAT(state.all_model_checkpoint_timestamps, ElementsAre(1000.0));
}

TEST(CheckpointStateTest, WritesPathsThatItReads) {
  const TemporaryFolder folder;
  const std::string name = "a \"b\\\n\t\303\244'";
  update_checkpoint_state(folder.path(), {.model_checkpoint_path = folder / name});
  EXPECT_EQ(get_checkpoint_state(folder.path()).model_checkpoint_path, folder / name);
}

TEST(CheckpointStateTest, IsEmptyWithoutAFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(get_checkpoint_state(folder.path()).model_checkpoint_path, "");
  EXPECT_EQ(latest_checkpoint(folder.path()), "");
}

TEST(CheckpointStateTest, MayNameNoCheckpoint) {
  const TemporaryFolder folder;
  for (const bool relative : {false, true}) {
    update_checkpoint_state(folder.path(), {}, relative);
    EXPECT_EQ(get_checkpoint_state(folder.path()).model_checkpoint_path, "");
    EXPECT_EQ(latest_checkpoint(folder.path()), "");
  }
}

TEST(CheckpointStateTest, SaysThatItCantBeRead) {
  const TemporaryFolder folder;
  for (const char* text : {"model_checkpoint_path", "model_checkpoint_path: \"a", ":", "x {"}) {
    put_file(folder / "checkpoint", text);
    EXPECT_ERROR(get_checkpoint_state(folder.path()), DataLossError, corrupt_file,
                 "checkpoint can't be read");
  }
}

TEST(CheckpointStateTest, RefusesAPathThatIsItsOwn) {
  const TemporaryFolder folder;
  EXPECT_ERROR(
      update_checkpoint_state(folder.path(), {.model_checkpoint_path = folder / "checkpoint"}),
      RuntimeError, bad_argument, "conflicts with path used for checkpoint state.");
}

TEST(CheckpointStateTest, NamesTheLatestOnlyIfItIsThere) {
  const TemporaryFolder folder;
  update_checkpoint_state(folder.path(), {.model_checkpoint_path = folder / "model"});
  EXPECT_EQ(latest_checkpoint(folder.path()), "");
  put_file(folder / "model.index", "");
  EXPECT_EQ(latest_checkpoint(folder.path()), folder / "model");
}

}  // namespace
}  // namespace tenon::train
