// Files of safetensors and NumPy: those that the packages wrote (data/make_arrays.py), and our own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/io/npy_header.h"
#include "core/io/zip.h"
#include "tenon/checkpoint.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::train {
namespace {

using test::numbers_of;
using test::TemporaryFolder;
using testing::ElementsAre;

const std::string kArrays = std::string(TENON_SOURCE_DIR) + "/tests/io/data/";

// What make_arrays.py puts into all three files.
void expect_arrays(const CheckpointReader& reader) {
  SCOPED_TRACE(reader.path());
  for (const char* name : {"float32", "float64", "float16", "int8", "int16", "int32", "int64"}) {
    const Tensor tensor = reader.get_tensor(name);
    EXPECT_EQ(to_string(tensor.dtype()), name);
    EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
    EXPECT_EQ(numbers_of(tensor), (std::vector<double>{-4, 16, 36, 56, 76, 96}));
  }
  for (const char* name : {"uint8", "uint16", "uint32", "uint64"}) {
    EXPECT_EQ(numbers_of(reader.get_tensor(name)), (std::vector<double>{0, 1, 2, 3, 4, 5}));
  }
  EXPECT_EQ(numbers_of(reader.get_tensor("bool")), (std::vector<double>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(reader.get_tensor("layer/scalar").scalar<float>(), 2.5f);
  EXPECT_EQ(reader.get_tensor("empty").shape(), (Shape{0, 4}));
}

TEST(SafetensorsTest, ReadsWhatThePackageWrote) {
  const CheckpointReader reader(kArrays + "arrays.safetensors");
  expect_arrays(reader);
  EXPECT_EQ(reader.variables().size(), 15u);
  EXPECT_ERROR(reader.get_tensor("unknown"), UnimplementedError, dtype_incompatible,
               "is of dtype C64, which Tenon doesn't have");
}

TEST(NpzTest, ReadsWhatNumPyWroteStoredAndDeflated) {
  for (const char* file : {"stored.npz", "deflated.npz"}) {
    const CheckpointReader reader(kArrays + file);
    expect_arrays(reader);
    std::vector<double> rising(24);
    for (size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<double>(i);
    EXPECT_EQ(numbers_of(reader.get_tensor("fortran")), rising);
    EXPECT_EQ(numbers_of(reader.get_tensor("swapped")), (std::vector<double>{1, -2, 3}));
    const Tensor bytes = reader.get_tensor("bytes"), text = reader.get_tensor("text");
    EXPECT_THAT(bytes.data<std::string>(), ElementsAre("", std::string("ab\0c", 4), "\xff"));
    EXPECT_THAT(text.data<std::string>(), ElementsAre("a", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
    EXPECT_EQ(numbers_of(reader.get_tensor("bfloat16")), (std::vector<double>{1, -2}));
    EXPECT_ERROR(reader.get_tensor("unknown"), UnimplementedError, dtype_incompatible,
                 "is of dtype <c16, which Tenon doesn't have");
  }
}

// Every dtype and some shapes, in a format of the path's.
void write_and_read(const std::string& path, bool with_strings) {
  SCOPED_TRACE(path);
  std::vector<StoredVariable> variables;
  std::vector<Tensor> tensors;
  for (const DType dtype : test::all_dtypes()) {
    if (dtype == DType::string && !with_strings) continue;
    for (const Shape& shape : std::vector<Shape>{{}, {0}, {3}, {2, 0, 3}, {40, 3}}) {
      tensors.push_back(test::some_tensor(dtype, shape));
      variables.push_back({.name = "a/" + std::string(to_string(dtype)) + shape.to_string(),
                           .dtype = dtype,
                           .shape = shape,
                           .dtype_name = std::string(to_string(dtype))});
    }
  }
  CheckpointWriter writer(path, variables);
  for (size_t i = 0; i < tensors.size(); ++i) writer.add(variables[i].name, tensors[i]);
  writer.finish();
  const CheckpointReader reader(path);
  EXPECT_EQ(reader.variables().size(), variables.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_TRUE(test::same_bits(reader.get_tensor(variables[i].name), tensors[i]))
        << variables[i].name;
  }
}

TEST(CheckpointWriterTest, WritesEveryFormat) {
  const TemporaryFolder folder;
  write_and_read(folder / "x.safetensors", false);
  write_and_read(folder / "x.npz", true);
  write_and_read(folder / "x", true);
}

TEST(CheckpointWriterTest, TakesWhatItWasToldInThatOrder) {
  const TemporaryFolder folder;
  const std::vector<StoredVariable> told = {{.name = "a", .dtype = float32, .shape = {2}},
                                            {.name = "b", .dtype = float32, .shape = {}}};
  for (const char* name : {"x.safetensors", "x.npz", "x"}) {
    CheckpointWriter writer(folder / name, told);
    EXPECT_ERROR(writer.add("b", Tensor(1.0f)), ValueError, bad_argument,
                 "Tensor b (float32 ()) is not the one that was to come next");
    EXPECT_ERROR(writer.add("a", Tensor(1.0f)), ValueError, bad_argument, "Tensor a (float32 ())");
    writer.add("a", Tensor({1.0f, 2.0f}));
    EXPECT_ERROR(writer.finish(), ValueError, bad_argument, "1 tensors that were to come");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(CheckpointWriterTest, SaysWhatAFormatCantHold) {
  const TemporaryFolder folder;
  const StoredVariable text = {.name = "t", .dtype = string, .dtype_name = "string"};
  EXPECT_ERROR(CheckpointWriter(folder / "x.safetensors", {text}), UnimplementedError,
               dtype_incompatible, "A safetensors file can't hold tensor t of dtype string");
  CheckpointWriter writer(folder / "x.npz", {text});
  EXPECT_ERROR(writer.add("t", Tensor(std::string("a\0", 2))), UnimplementedError,
               dtype_incompatible, "An .npz file can't hold t: a string of it ends with a zero");
}

std::string safetensors_of(const std::string& header, const std::string& data) {
  const uint64_t size = header.size();
  std::string bytes(reinterpret_cast<const char*>(&size), sizeof size);
  return bytes + header + data;
}

TEST(SafetensorsTest, BelievesNoHeader) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors", data(8, 'x');
  const auto refused = [&](const std::string& contents, const std::string& problem) {
    test::put_file(path, contents);
    EXPECT_ERROR(CheckpointReader(path), DataLossError, corrupt_file, problem);
  };
  refused("abc", "it is too short");
  refused(std::string(8, '\xff') + data, "its header is longer than the file");
  refused(safetensors_of("[]", data), "its header is no JSON object");
  refused(safetensors_of("{", data), "parse error");
  refused(safetensors_of(R"({"w":{"dtype":"F32","shape":[2]}})", data), "data_offsets");
  for (const char* about :
       {R"("shape":[2],"data_offsets":[0,9])", R"("shape":[3],"data_offsets":[0,8])",
        R"("shape":[-2],"data_offsets":[0,8])", R"("shape":[2],"data_offsets":[8,0])",
        R"("shape":[1.72e32],"data_offsets":[0,8])", R"("shape":[2],"data_offsets":[0,1e40])",
        R"("shape":[4611686018427387904,4],"data_offsets":[0,0])"}) {
    refused(safetensors_of(std::string(R"({"w":{"dtype":"F32",)") + about + "}}", data),
            "tensor w has sizes that don't fit together");
  }
}

TEST(NpzTest, FindsEveryByteOfAnArrayThatIsFlipped) {
  const TemporaryFolder folder;
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const std::string contents = test::file_contents(kArrays + name);
    const internal::InputFile file(kArrays + name);
    const internal::ZipMember member = internal::zip_members(file).at(1);
    const uint64_t data = member.offset + 30 + member.name.size();
    for (uint64_t at = data + 20; at < data + member.stored_bytes; ++at) {
      std::string flipped = contents;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      test::put_file(folder / "x.npz", flipped);
      try {
        const CheckpointReader reader(folder / "x.npz");
        for (const StoredVariable& v : reader.variables()) {
          if (v.dtype != DType::invalid) reader.get_tensor(v.name);
        }
        ADD_FAILURE() << "byte " << at << " of " << name << " went unnoticed";
      } catch (const DataLossError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("x.npz")) << at;
      }
    }
  }
}

TEST(NpzTest, SaysThatItIsCutShort) {
  const TemporaryFolder folder;
  const std::string contents = test::file_contents(kArrays + "stored.npz");
  for (size_t size = 0; size < contents.size(); size += 97) {
    test::put_file(folder / "x.npz", contents.substr(0, size));
    EXPECT_THROW(CheckpointReader(folder / "x.npz"), DataLossError) << size;
  }
}

TEST(NpyHeaderTest, IsReadAsPythonWritesIt) {
  const auto header = internal::parse_npy_header(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }          \n");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->descr, "<f4");
  EXPECT_FALSE(header->fortran_order);
  EXPECT_EQ(header->shape, (Shape{3, 4}));
  EXPECT_EQ(
      internal::parse_npy_header("{'descr': '<f4', 'fortran_order': True, 'shape': ()}")->shape,
      Shape());
  EXPECT_EQ(
      internal::parse_npy_header("{'shape': (3,), 'fortran_order': True, 'descr': '<f4'}")->shape,
      Shape({3}));
  for (const char* text :
       {"", "{", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': 1, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}",
        "{'descr': '<f4', 'fortran_order': False}"}) {
    EXPECT_FALSE(internal::parse_npy_header(text)) << text;
  }
}

}  // namespace
}  // namespace tenon::train
