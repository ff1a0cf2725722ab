// Lookup tables: what of them can't be done, and what isn't there after it. What can, recorded
// graphs do (control_flow_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using internal::add_operation;
using internal::add_output;
using testing::ElementsAre;

// A file of that text, as long as it lives.
class TextFile {
 public:
  explicit TextFile(const std::string& text) { std::ofstream(path_) << text; }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_ =
      (std::filesystem::temp_directory_path() / ("words" + std::to_string(getpid()))).string();
};

class LookupTablesTest : public testing::Test {
 protected:
  // From int64 to float32.
  static Output table(const char* type) {
    return add_output(type, {}, {.attrs = {{"key_dtype", int64}, {"value_dtype", float32}}});
  }
  Operation put(const char* type, const Output& keys, const Output& values) const {
    return add_operation(type, {mutable_, keys, values});
  }
  Output size() const { return add_output("LookupTableSizeV2", {mutable_}); }

  static Output keys(const std::vector<int64_t>& numbers) { return constant(Tensor(numbers)); }
  static Output values(const std::vector<float>& numbers) { return constant(Tensor(numbers)); }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Session session_;
  const Output mutable_ = table("MutableHashTableV2");
};

TEST_F(LookupTablesTest, RefuseHandlesOfOtherSessions) {
  const Output handle = placeholder(int64, {});
  const Output found = add_output("LookupTableFindV2", {handle, keys({1}), constant(0.0f)});
  session_.run(size());  // there is a table 0
  for (const int64_t other : {-1, 1, 99}) {
    EXPECT_ERROR(session_.run(found, {{handle, Tensor(other)}}), InvalidArgumentError, bad_argument,
                 "The lookup table belongs to another session");
  }
}

TEST_F(LookupTablesTest, KeepTheirEntriesWhereOthersAreRefused) {
  session_.run(put("LookupTableInsertV2", keys({1, 2}), values({10, 20})));
  const Output some_keys = placeholder(int64, Shape::unknown());
  const Output some_values = placeholder(float32, Shape::unknown());
  for (const char* type : {"LookupTableImportV2", "LookupTableInsertV2"}) {
    EXPECT_ERROR(session_.run(put(type, some_keys, some_values),
                              {{some_keys, Tensor(std::vector<int64_t>{5, 6})},
                               {some_values, Tensor(std::vector<float>{1, 2, 3})}}),
                 InvalidArgumentError, shape_incompatible, "keys of shape (2,)");
    EXPECT_ERROR(session_.run(put(type, values({5}), values({1}))), InvalidArgumentError,
                 dtype_incompatible, "is from int64 to float32, not from float32 to float32");
    EXPECT_EQ(session_.run(size()).scalar<int64_t>(), 2) << type;
  }
  const Output found = add_output("LookupTableFindV2", {mutable_, keys({2, 5}), constant(-1.0f)});
  EXPECT_THAT(session_.run(found).to_vector<float>(), ElementsAre(20, -1));
}

// That it is no scalar is seen in the run alone.
TEST_F(LookupTablesTest, RefuseDefaultsThatAreNoScalar) {
  const Output stack = add_output("StackV2", {Input(-1)}, {.attrs = {{"elem_type", float32}}});
  const Output none = placeholder(float32, {0});
  const Output pushed = add_output("StackPushV2", {stack, none});
  const ScopeGuard after = control_dependencies({pushed.op()});
  const Output popped = add_output("StackPopV2", {stack}, {.attrs = {{"elem_type", float32}}});
  const Output found = add_output("LookupTableFindV2", {mutable_, keys({1}), popped});
  EXPECT_ERROR(session_.run(found, {{none, Tensor(float32, {0})}}), InvalidArgumentError,
               shape_incompatible, "default_value must be a scalar, but has shape (0,)");
}

TEST_F(LookupTablesTest, ImportsReplaceWhatIsThere) {
  session_.run(put("LookupTableInsertV2", keys({1, 2}), values({10, 20})));
  session_.run(put("LookupTableImportV2", keys({2, 3, 2}), values({5, 6, 7})));
  const Output found =
      add_output("LookupTableFindV2", {mutable_, keys({1, 2, 3}), constant(-1.0f)});
  EXPECT_THAT(session_.run(found).to_vector<float>(), ElementsAre(-1, 7, 6));
}

TEST_F(LookupTablesTest, ThatCantBeFilledStayUninitialized) {
  const Output once = table("HashTableV2");
  const auto fill = [&](const std::vector<float>& of_one_twice) {
    session_.run(add_operation("InitializeTableV2", {once, keys({1, 1}), values(of_one_twice)}));
  };
  const Output found = add_output("LookupTableFindV2", {once, keys({1}), constant(-1.0f)});
  EXPECT_ERROR(fill({1, 2}), InvalidArgumentError, bad_argument,
               "has different values for the same key");
  EXPECT_ERROR(session_.run(found), FailedPreconditionError, uninitialized, "is not initialized.");
  fill({3, 3});
  EXPECT_EQ(session_.run(found).to_vector<float>()[0], 3);
}

TEST_F(LookupTablesTest, GiveAllThatTheyHave) {
  session_.run(put("LookupTableInsertV2", keys({7, 3}), values({70, 30})));
  const Operation all = add_operation("LookupTableExportV2", {mutable_},
                                      {.attrs = {{"Tkeys", int64}, {"Tvalues", float32}}});
  const std::vector<Tensor> found = session_.run({all.output(0), all.output(1)});
  EXPECT_THAT(found[0].to_vector<int64_t>(), testing::UnorderedElementsAre(3, 7));
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[1].to_vector<float>()[i], 10.0f * float(found[0].to_vector<int64_t>()[i]));
  }
}

class TablesOfLinesTest : public LookupTablesTest {
 protected:
  static Operation filled(const std::string& path, const internal::AttrMap& attrs) {
    const Output table = add_output(
        "HashTableV2", {}, {.attrs = {{"key_dtype", DType::string}, {"value_dtype", int64}}});
    return add_operation("InitializeTableFromTextFileV2", {table, constant(Tensor(path))},
                         {.attrs = attrs});
  }
  static internal::AttrMap columns(int64_t key, int64_t value, int64_t offset = 0) {
    return {{"key_index", key}, {"value_index", value}, {"offset", offset}};
  }
  const TextFile file_{"a\t1\nb\t2\nc\n"};
};

TEST_F(TablesOfLinesTest, RefuseColumnsThatLinesDontHave) {
  EXPECT_ERROR(session_.run(filled(file_.path(), columns(0, 1, 100))), InvalidArgumentError,
               bad_argument, "Line 2 has no column 1");
  EXPECT_ERROR(filled(file_.path(), columns(-3, -1)), ValueError, bad_argument,
               "key_index must be at least -2, not -3");
  EXPECT_ERROR(filled(file_.path(), columns(0, -3)), ValueError, bad_argument,
               "value_index must be at least -2, not -3");
}

TEST_F(TablesOfLinesTest, RefuseNumbersOfLinesThatAreTooLarge) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  session_.run(filled(file_.path(), columns(0, -1, most - 2)));
  EXPECT_ERROR(session_.run(filled(file_.path(), columns(0, -1, most - 1))), InvalidArgumentError,
               bad_argument, "Line 2 has no number with an offset of 9223372036854775806");
}

TEST_F(TablesOfLinesTest, RefuseWhatIsNoFile) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  EXPECT_ERROR(session_.run(filled(folder, columns(-2, -1))), RuntimeError, file_failed,
               "Is a directory");
  EXPECT_ERROR(session_.run(filled(folder + "/is not there", columns(-2, -1))), NotFoundError,
               no_such_file, "is not there");
}

}  // namespace
}  // namespace tenon
