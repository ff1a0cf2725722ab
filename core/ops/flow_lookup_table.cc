// Lookup tables: values by keys, which a session keeps. Graphs that TensorFlow 1 wrote turn words
// into numbers with them, and back. A handle is the number of a table.
#include <charconv>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/by_name.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/io/file.h"
#include "core/ops/host_op.h"

namespace tenon::internal {
namespace {

// A value for each key: one each, whatever shape they are in.
Shapes entries_shape(const ShapeContext& context) {
  require<ValueError>(context.inputs[1].compatible_with(context.inputs[2]),
                      ErrorKind::shape_incompatible, "There are keys of shape ", context.inputs[1],
                      ", but values of shape ", context.inputs[2]);
  return {};
}

Shapes found_shape(const ShapeContext& context) {
  require<ValueError>(context.inputs[2].compatible_with(Shape()), ErrorKind::shape_incompatible,
                      "default_value must be a scalar, but has shape ", context.inputs[2]);
  return {context.inputs[1]};
}

Shapes exported_shape(const ShapeContext&) { return {Shape{kUnknown}, Shape{kUnknown}}; }

// Strings, or the bytes of numbers.
using Entries = ByName<std::string>;

struct LookupTable {
  std::string name = {};
  DType key_dtype = DType::invalid, value_dtype = DType::invalid;
  bool is_mutable = false;
  bool is_initialized = false;
  Entries entries = {};
};

// Those of one session. Thread-safe: whoever uses a table holds the lock.
class LookupTables {
 public:
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  // The table of that name; made where there is none. Throws InvalidArgumentError
  // (dtype_incompatible) where it has other dtypes.
  int64_t find_or_make(const LookupTable& wanted);
  // Throws InvalidArgumentError (bad_argument) for a handle of another session.
  LookupTable& at(int64_t handle) {
    require(handle >= 0 && handle < static_cast<int64_t>(tables_.size()), ErrorKind::bad_argument,
            "The lookup table belongs to another session");
    return tables_[static_cast<size_t>(handle)];
  }

 private:
  std::mutex mutex_;
  std::deque<LookupTable> tables_;
  std::map<std::string, int64_t> by_name_;
};

void require_dtypes(const LookupTable& table, DType keys, DType values) {
  require(keys == table.key_dtype && values == table.value_dtype, ErrorKind::dtype_incompatible,
          "Table '", table.name, "' is from ", table.key_dtype, " to ", table.value_dtype,
          ", not from ", keys, " to ", values);
}

int64_t LookupTables::find_or_make(const LookupTable& wanted) {
  const auto [at, is_new] = by_name_.emplace(wanted.name, static_cast<int64_t>(tables_.size()));
  if (is_new) tables_.push_back(wanted);
  require_dtypes(this->at(at->second), wanted.key_dtype, wanted.value_dtype);
  return at->second;
}

// An element as a table keeps it.
std::string_view entry_of(const Tensor& tensor, int64_t index) {
  const auto at = static_cast<size_t>(index);
  if (tensor.dtype() == DType::string) return static_cast<const std::string*>(tensor.raw())[at];
  const size_t size = size_of(tensor.dtype());
  return {static_cast<const char*>(tensor.raw()) + at * size, size};
}

void set_entry(Tensor& tensor, int64_t index, std::string_view entry) {
  const auto at = static_cast<size_t>(index);
  if (tensor.dtype() == DType::string) {
    static_cast<std::string*>(tensor.raw())[at] = entry;
  } else {
    const size_t size = size_of(tensor.dtype());
    std::memcpy(static_cast<char*>(tensor.raw()) + at * size, entry.data(), size);
  }
}

template <typename T>
std::string bytes_of_number(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

template <typename T>
std::string parsed(std::string_view text) {
  T number = {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  require(error == std::errc() && end == text.data() + text.size(), ErrorKind::bad_argument, "'",
          text, "' is no number of the table's");
  return bytes_of_number(number);
}

std::string entry_of_text(std::string_view text, DType dtype) {
  switch (dtype) {
    case DType::string:
      return std::string(text);
    case DType::int32:
      return parsed<int32_t>(text);
    case DType::int64:
      return parsed<int64_t>(text);
    case DType::float32:
      return parsed<float>(text);
    case DType::float64:
      return parsed<double>(text);
    default:
      fail<UnimplementedError>(ErrorKind::no_kernel, "Tables of ", dtype,
                               " can't be read from a file");
  }
}

constexpr int64_t kWholeLine = -2, kLineNumber = -1;  // in place of a column

// What of a file's lines is meant: all of it, its number and some more, or one of its columns.
struct LinePart {
  int64_t column, offset;
  char delimiter;
  DType dtype;

  std::string of(std::string_view line, int64_t number) const {
    if (column == kLineNumber) {
      require(dtype == DType::int64, ErrorKind::dtype_incompatible,
              "Numbers of lines are int64, not ", dtype);
      require(offset <= std::numeric_limits<int64_t>::max() - number, ErrorKind::bad_argument,
              "Line ", number, " has no number with an offset of ", offset);
      return bytes_of_number(number + offset);
    }
    if (column == kWholeLine) return entry_of_text(line, dtype);
    for (int64_t i = 0; i < column; ++i) {
      const size_t end = line.find(delimiter);
      require(end != std::string_view::npos, ErrorKind::bad_argument, "Line ", number,
              " has no column ", column);
      line.remove_prefix(end + 1);
    }
    return entry_of_text(line.substr(0, line.find(delimiter)), dtype);
  }
};

Shapes columns_that_lines_have(const ShapeContext& context) {
  for (const char* name : {"key_index", "value_index"}) {
    const auto column = context.attrs.get<int64_t>(name);
    require<ValueError>(column >= kWholeLine, ErrorKind::bad_argument, name, " must be at least ",
                        kWholeLine, ", not ", column);
  }
  return {};
}

void add_entry(const LookupTable& table, Entries& entries, std::string key, std::string value) {
  const auto [at, is_new] = entries.emplace(std::move(key), value);
  if (is_new) return;
  require(table.is_mutable || at->second == value, ErrorKind::bad_argument, "Table '", table.name,
          "' has different values for the same key");
  at->second = std::move(value);
}

std::vector<Tensor> make_table(HostCall& call) {
  const auto shared = call.attr<std::string>("shared_name");
  const bool is_mutable = call.node().type().starts_with("Mutable");
  auto& tables = call.of_session<LookupTables>();
  const auto lock = tables.lock();
  return {Tensor(tables.find_or_make({.name = str(call.attr<std::string>("container"), '/',
                                                  shared.empty() ? call.node().name : shared),
                                      .key_dtype = call.attr<DType>("key_dtype"),
                                      .value_dtype = call.attr<DType>("value_dtype"),
                                      .is_mutable = is_mutable,
                                      .is_initialized = is_mutable}))};
}

// These add to entries that become the table's, or are.
void insert(const HostCall& call, const LookupTable& table, Entries& entries) {
  const Tensor keys = call.input(1), values = call.input(2);
  require_dtypes(table, keys.dtype(), values.dtype());
  require(keys.element_count() == values.element_count(), ErrorKind::shape_incompatible,
          "There are keys of shape ", keys.shape(), ", but values of shape ", values.shape());
  for (int64_t i = 0; i < keys.element_count(); ++i) {
    add_entry(table, entries, std::string(entry_of(keys, i)), std::string(entry_of(values, i)));
  }
}

void read_lines(const HostCall& call, const LookupTable& table, Entries& entries) {
  const std::string name = call.input(1).scalar<std::string>();
  std::istringstream file(read_file(name));
  const AttrMap& attrs = call.node().attrs;
  const auto most = attrs.get<int64_t>("vocab_size");
  const auto delimiter = attrs.get<std::string>("delimiter");
  require(delimiter.size() == 1, ErrorKind::bad_argument, "A delimiter is one character, not '",
          delimiter, "'");
  const LinePart key{attrs.get<int64_t>("key_index"), 0, delimiter[0], table.key_dtype};
  const LinePart value{attrs.get<int64_t>("value_index"), attrs.get<int64_t>("offset"),
                       delimiter[0], table.value_dtype};
  std::string line;
  for (int64_t number = 0; most < 0 || number < most; ++number) {
    if (!std::getline(file, line)) break;
    if (line.ends_with('\r')) line.pop_back();
    add_entry(table, entries, key.of(line, number), value.of(line, number));
  }
}

std::vector<Tensor> find(const HostCall& call, const LookupTable& table) {
  require<FailedPreconditionError>(table.is_initialized, ErrorKind::uninitialized, "Table '",
                                   table.name, "' is not initialized.");
  const Tensor keys = call.input(1), otherwise = call.input(2);
  require_dtypes(table, keys.dtype(), otherwise.dtype());
  require(otherwise.element_count() == 1, ErrorKind::shape_incompatible,
          "default_value must be a scalar, but has shape ", otherwise.shape());
  Tensor found(table.value_dtype, keys.shape());
  const std::string_view missing = entry_of(otherwise, 0);
  for (int64_t i = 0; i < keys.element_count(); ++i) {
    const auto at = table.entries.find(entry_of(keys, i));
    set_entry(found, i, at == table.entries.end() ? missing : std::string_view(at->second));
  }
  return {found};
}

std::vector<Tensor> count(const HostCall&, const LookupTable& table) {
  return {Tensor(static_cast<int64_t>(table.entries.size()))};
}

std::vector<Tensor> list_entries(const HostCall&, const LookupTable& table) {
  const Shape shape = {static_cast<int64_t>(table.entries.size())};
  Tensor keys(table.key_dtype, shape), values(table.value_dtype, shape);
  int64_t next = 0;
  for (const auto& [key, value] : table.entries) {
    set_entry(keys, next, key);
    set_entry(values, next++, value);
  }
  return {keys, values};
}

// What does something to a table, with the lock of all.
template <auto kDo>
std::vector<Tensor> at_table(HostCall& call) {
  auto& tables = call.of_session<LookupTables>();
  const auto lock = tables.lock();
  return kDo(call, tables.at(call.integer(0)));
}

// What is there already is there for good, unless the table is mutable.
template <auto kFill, bool kAnew>
std::vector<Tensor> fill(const HostCall& call, LookupTable& table) {
  if (table.is_initialized && !table.is_mutable) return {};
  if (kAnew) {  // what is refused leaves the table as it was
    Entries entries;
    kFill(call, table, entries);
    table.entries = std::move(entries);
  } else {
    kFill(call, table, table.entries);
  }
  table.is_initialized = true;
  return {};
}

}  // namespace

void register_flow_lookup_table(OpRegistry& ops) {
  const std::string table = "table_handle: int64";
  for (const char* type : {"HashTableV2", "MutableHashTableV2"}) {
    ops.add(stateful_host_op({.name = type,
                              .outputs = {table},
                              .defaults = {{"container", std::string()},
                                           {"shared_name", std::string()},
                                           {"use_node_name_sharing", false},
                                           {"key_dtype", DType::string},
                                           {"value_dtype", int64}},
                              .shape = scalar_shape,
                              .host = make_table}));
  }
  const struct {
    const char *name, *keys, *values;
    HostFunction run;
  } fillers[] = {
      {"InitializeTableV2", "keys: Tkey", "values: Tval", at_table<fill<insert, true>>},
      {"LookupTableImportV2", "keys: Tin", "values: Tout", at_table<fill<insert, true>>},
      {"LookupTableInsertV2", "keys: Tin", "values: Tout", at_table<fill<insert, false>>},
  };
  for (const auto& filler : fillers) {
    ops.add(stateful_host_op({.name = filler.name,
                              .inputs = {table, filler.keys, filler.values},
                              .shape = entries_shape,
                              .host = filler.run}));
  }
  ops.add(stateful_host_op({.name = "InitializeTableFromTextFileV2",
                            .inputs = {table, "filename: string"},
                            .defaults = {{"key_index", int64_t{-2}},
                                         {"value_index", int64_t{-1}},
                                         {"vocab_size", int64_t{-1}},
                                         {"delimiter", std::string("\t")},
                                         {"offset", int64_t{0}}},
                            .shape = columns_that_lines_have,
                            .host = at_table<fill<read_lines, true>>}));
  ops.add(stateful_host_op({.name = "LookupTableFindV2",
                            .inputs = {table, "keys: Tin", "default_value: Tout"},
                            .outputs = {"values: Tout"},
                            .shape = found_shape,
                            .host = at_table<find>}));
  ops.add(stateful_host_op({.name = "LookupTableSizeV2",
                            .inputs = {table},
                            .outputs = {"size: int64"},
                            .shape = scalar_shape,
                            .host = at_table<count>}));
  ops.add(stateful_host_op({.name = "LookupTableExportV2",
                            .inputs = {table},
                            .outputs = {"keys: Tkeys", "values: Tvalues"},
                            .shape = exported_shape,
                            .host = at_table<list_entries>}));
}

}  // namespace tenon::internal
