// Checkpoints that TensorFlow wrote (data/make_checkpoints.py): all that is in them, by every name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/io/checkpoint_protos.h"
#include "core/io/file.h"
#include "core/io/table_writer.h"
#include "tenon/checkpoint.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::train {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kData = std::string(TENON_SOURCE_DIR) + "/tests/io/data/";

nlohmann::json expected(const std::string& checkpoint) {
  return nlohmann::json::parse(std::ifstream(kData + "values.json")).at(checkpoint);
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// Whether the file holds what TensorFlow said that it saved, and nothing else.
void expect_values(const std::string& path, const nlohmann::json& values) {
  SCOPED_TRACE(path);
  const CheckpointReader reader(path);
  ASSERT_EQ(reader.variables().size(), values.size());
  for (const auto& [name, value] : values.items()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(reader.has_tensor(name));
    const Tensor tensor = reader.get_tensor(name);
    EXPECT_EQ(to_string(tensor.dtype()), value["dtype"].get<std::string>());
    EXPECT_EQ(tensor.shape(), Shape(value["shape"].get<std::vector<int64_t>>()));
    if (tensor.dtype() == DType::string) {
      const auto texts = value["values"].get<std::vector<std::string>>();
      ASSERT_EQ(tensor.data<std::string>().size(), texts.size());
      for (size_t i = 0; i < texts.size(); ++i) {
        EXPECT_EQ(tensor.data<std::string>()[i], unhex(texts[i]));
      }
    } else {
      EXPECT_EQ(test::numbers_of(tensor), value["values"].get<std::vector<double>>());
    }
  }
}

TEST(CheckpointReaderTest, ReadsEveryDtypeThatTensorFlowSaved) {
  expect_values(kData + "v2", expected("v2"));
}

TEST(CheckpointReaderTest, ReadsSeveralShards) {
  expect_values(kData + "sharded", expected("sharded"));
}

TEST(CheckpointReaderTest, ReadsTheV1Format) {
  expect_values(kData + "v1.ckpt", expected("v1.ckpt"));
}

TEST(CheckpointReaderTest, ReadsTheV1FormatInShards) {
  expect_values(kData + "v1_sharded.ckpt", expected("v1_sharded.ckpt"));
  expect_values(kData + "v1_sharded.ckpt-00001-of-00002", expected("v1_sharded.ckpt"));
}

TEST(CheckpointReaderTest, TakesAnyFileOfTheSet) {
  for (const char* name : {"sharded.index", "sharded.meta", "sharded.data-00001-of-00002"}) {
    expect_values(kData + name, expected("sharded"));
  }
}

TEST(CheckpointReaderTest, TakesAFolderForItsLatestCheckpoint) {
  const TemporaryFolder folder;
  for (const char* name : {"v2.index", "v2.data-00000-of-00001"}) {
    test::put_file(folder / name, test::file_contents(kData + name));
  }
  expect_values(folder.path(), expected("v2"));  // the only one
  expect_values(folder.path() + "/", expected("v2"));
  test::put_file(folder / "other.index", test::file_contents(kData + "sharded.index"));
  EXPECT_ERROR(CheckpointReader(folder.path()), NotFoundError, no_such_file,
               "There are 2 checkpoints");
  update_checkpoint_state(folder.path(), {.model_checkpoint_path = folder / "v2"});
  expect_values(folder.path(), expected("v2"));
}

TEST(CheckpointReaderTest, ReadsAnIndexWithoutAName) {
  for (const char* path : {"nameless", "nameless/", "nameless/.index"}) {
    const CheckpointReader reader(kData + path);
    EXPECT_EQ(test::numbers_of(reader.get_tensor("w")), (std::vector<double>{1, 2}));
  }
}

TEST(CheckpointReaderTest, ListsWhatTenonHasNoDtypeFor) {
  const CheckpointReader reader(kData + "nameless/");
  ASSERT_EQ(reader.variables().size(), 2u);
  EXPECT_EQ(reader.variables()[0].name, "c");
  EXPECT_EQ(reader.variables()[0].dtype_name, "complex128");
  EXPECT_EQ(reader.variables()[0].dtype, DType::invalid);
  EXPECT_ERROR(reader.get_tensor("c"), UnimplementedError, dtype_incompatible,
               "of dtype complex128, which Tenon doesn't have");
  EXPECT_EQ(reader.debug_string(), "c (DT_COMPLEX128) [1]\nw (DT_FLOAT) [2]\n");
}

TEST(CheckpointReaderTest, NamesWhatComesNearAMissingTensor) {
  const CheckpointReader reader(kData + "v2");
  EXPECT_FALSE(reader.has_tensor("global_stop"));
  EXPECT_ERROR(reader.get_tensor("global_stop"), NotFoundError, not_in_checkpoint,
               "Key global_stop not found in checkpoint " + kData + "v2; it has global_step");
}

TEST(CheckpointReaderTest, SaysThatThereIsNoCheckpoint) {
  const TemporaryFolder folder;
  EXPECT_ERROR(CheckpointReader(folder / "model"), NotFoundError, no_such_file,
               "There is no checkpoint " + (folder / "model"));
  EXPECT_ERROR(CheckpointReader(folder.path()), NotFoundError, no_such_file,
               "There is no checkpoint in " + folder.path());
  test::put_file(folder / "model", "something else");
  EXPECT_ERROR(CheckpointReader(folder / "model"), DataLossError, corrupt_file,
               "model is no checkpoint");
}

TEST(CheckpointReaderTest, SaysWhichDataFileIsMissing) {
  const TemporaryFolder folder;
  test::put_file(folder / "v2.index", test::file_contents(kData + "v2.index"));
  const CheckpointReader reader(folder / "v2");
  EXPECT_EQ(reader.get_variable_to_shape_map().at("parts/rows"), (Shape{70, 3}));
  EXPECT_EQ(reader.get_variable_to_dtype_map().at("all/float16"), float16);
  EXPECT_ERROR(reader.get_tensor("scalar"), NotFoundError, no_such_file,
               "v2.data-00000-of-00001: No such file");
}

TEST(CheckpointReaderTest, AnswersAsFunctionsToo) {
  EXPECT_EQ(load_variable(kData + "v2", "scalar").scalar<float>(), 3.25f);
  EXPECT_EQ(list_variables(kData + "nameless/").size(), 2u);
  EXPECT_EQ(load_checkpoint(kData + "v2.index").path(), kData + "v2");
  EXPECT_TRUE(checkpoint_exists(kData + "v2"));
  EXPECT_TRUE(checkpoint_exists(kData + "v1.ckpt"));
  EXPECT_TRUE(checkpoint_exists(kData + "v1_sharded.ckpt"));
  EXPECT_FALSE(checkpoint_exists(kData + "v3"));
}

void put_byte(const std::string& path, size_t at, char byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

void read_everything(const std::string& path) {
  const CheckpointReader reader(path);
  for (const StoredVariable& v : reader.variables()) reader.get_tensor(v.name);
}

// Every byte of all files, one after the other: each change is found by reading everything, and the
// message names the file.
TEST(CheckpointReaderTest, FindsEveryByteThatIsFlipped) {
  const TemporaryFolder folder;
  for (const char* name : {"v2.index", "v2.data-00000-of-00001", "v1.ckpt"}) {
    test::put_file(folder / name, test::file_contents(kData + name));
  }
  for (const char* name : {"v2.index", "v2.data-00000-of-00001", "v1.ckpt"}) {
    const std::string contents = test::file_contents(kData + name);
    const std::string checkpoint = folder / (name[1] == '1' ? "v1.ckpt" : "v2");
    for (size_t at = 0; at < contents.size(); ++at) {
      put_byte(folder / name, at, static_cast<char>(contents[at] ^ (1 << (at % 8))));
      try {
        read_everything(checkpoint);
        ADD_FAILURE() << "byte " << at << " of " << name << " went unnoticed";
      } catch (const DataLossError& error) {
        EXPECT_THAT(error.what(), HasSubstr(name)) << at;
      }
      put_byte(folder / name, at, contents[at]);
    }
    read_everything(checkpoint);
  }
}

TEST(CheckpointReaderTest, FindsFilesThatWereCutShort) {
  for (const char* name : {"v2.index", "v2.data-00000-of-00001"}) {
    const TemporaryFolder folder;
    for (const char* file : {"v2.index", "v2.data-00000-of-00001"}) {
      test::put_file(folder / file, test::file_contents(kData + file));
    }
    const std::string contents = test::file_contents(kData + name);
    for (size_t size = 0; size < contents.size(); size += 13) {
      test::put_file(folder / name, contents.substr(0, size));
      EXPECT_THROW(read_everything(folder / "v2"), DataLossError) << name << " of " << size;
    }
  }
}

// An index whose checksums are right, and whose entries aren't.
class CraftedIndexTest : public testing::Test {
 protected:
  void write(const std::map<std::string, internal::BundleEntry>& entries,
             internal::BundleHeader header = {}) {
    std::map<std::string, std::string> table = {{"", internal::encode(header)}};
    for (const auto& [name, entry] : entries) table[name] = internal::encode(entry);
    internal::OutputFile file(folder_ / "x.index");
    internal::write_table(file, table);
    file.commit();
    test::put_file(folder_ / "x.data-00000-of-00001", std::string(64, 'x'));
  }
  Tensor read() { return load_variable(folder_ / "x", "w"); }

  TemporaryFolder folder_;
};

TEST_F(CraftedIndexTest, MayNotClaimMoreThanTheFileHas) {
  constexpr int64_t kHuge = int64_t{1} << 50;
  write({{"w", {.dtype = 1, .shape = {kHuge}, .size = 4 * kHuge}}});
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "lies beyond the end of its file");
  write({{"w", {.dtype = 1, .shape = {2}, .offset = INT64_MAX - 4, .size = 8}}});
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "lies beyond the end of its file");
  write({{"w", {.dtype = 7, .shape = {64}, .size = 64}}});  // strings of 120 bytes each
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "doesn't match its checksum");
}

TEST_F(CraftedIndexTest, MustHaveSizesThatFitTogether) {
  for (const internal::BundleEntry& entry : std::vector<internal::BundleEntry>{
           {.dtype = 1, .shape = {3}, .size = 8},
           {.dtype = 1, .shape = {-2}, .size = -8},
           {.dtype = 1, .shape = {int64_t{1} << 40, int64_t{1} << 40}, .size = 0},
           {.dtype = 1, .shape = {2}, .shard = -1, .size = 8},
           {.dtype = 1, .shape = {2}, .offset = -8, .size = 8},
           {.dtype = 7, .shape = {1000000}, .size = 64}}) {
    write({{"w", entry}});
    EXPECT_ERROR(read(), DataLossError, corrupt_file, "has sizes that don't fit together");
  }
}

TEST_F(CraftedIndexTest, MustHaveAllPartsOfATensor) {
  const internal::TensorSlice half = {{{0, 2}}}, rest = {{{2, 2}}};
  const internal::BundleEntry part = {.dtype = 1, .shape = {2}, .size = 8};
  write({{"w", {.dtype = 1, .shape = {4}, .slices = {half, rest}}},
         {internal::slice_key("w", half), part}});
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "lacks its part [2:4]");
  write({{"w", {.dtype = 1, .shape = {4}, .slices = {half}}},
         {internal::slice_key("w", half), part}});
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "the parts of w don't make up its shape (4,)");
  write({{"w", {.dtype = 1, .shape = {2}, .slices = {rest}}},
         {internal::slice_key("w", rest), part}});
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "has a part that doesn't fit");
}

TEST_F(CraftedIndexTest, MustBeOfAVersionThatIsKnown) {
  write({}, {.shards = 0});
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "it has no header");
  write({});
  EXPECT_ERROR(read(), NotFoundError, not_in_checkpoint, "Key w not found");
}

TEST_F(CraftedIndexTest, MayPointBeyondFourGigabytes) {
  constexpr int64_t kFar = (int64_t{5} << 30) + 3;
  write({{"w", {.dtype = 4, .shape = {2}, .offset = kFar, .size = 2, .crc = 1}}});
  std::filesystem::resize_file(folder_ / "x.data-00000-of-00001",
                               kFar + 2);  // a hole but for 64 bytes
  EXPECT_ERROR(read(), DataLossError, corrupt_file, "bytes 5368709123 to 5368709125");
  write({{"w", {.dtype = 4, .shape = {2}, .offset = kFar, .size = 2, .crc = 0x9228cd9au}}});
  std::filesystem::resize_file(folder_ / "x.data-00000-of-00001", kFar + 2);
  EXPECT_EQ(test::numbers_of(read()), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace tenon::train
