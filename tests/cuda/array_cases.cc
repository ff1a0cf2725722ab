#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "core/base/strings.h"
#include "core/tensor/half.h"
#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {

Tensor some(DType dtype, const Shape& shape, double start, double scale) {
  const Tensor numbers = wave<double>(shape, start, scale);
  Tensor tensor(dtype, shape);
  for (size_t i = 0; i < static_cast<size_t>(shape.element_count()); ++i) {
    const double x = numbers.data<double>()[i];
    const auto put = [&](auto value) {
      std::memcpy(static_cast<char*>(tensor.raw()) + i * sizeof value, &value, sizeof value);
    };
    switch (dtype) {
      case DType::float32:
        put(static_cast<float>(x));
        break;
      case DType::float64:
        put(x);
        break;
      case DType::float16:
        put(internal::Half(static_cast<float>(x)));
        break;
      case DType::bfloat16:
        put(internal::Bfloat16(static_cast<float>(x)));
        break;
      case DType::bool_:
        put(static_cast<uint8_t>(x > 0));
        break;
      default: {
        const auto integer = static_cast<int64_t>(std::floor(x));
        if (size_of(dtype) == 1) put(static_cast<uint8_t>(integer));
        if (size_of(dtype) == 2) put(static_cast<uint16_t>(integer));
        if (size_of(dtype) == 4) put(static_cast<uint32_t>(integer));
        if (size_of(dtype) == 8) put(static_cast<uint64_t>(integer));
      }
    }
  }
  return tensor;
}

namespace {

using Ints = std::vector<int64_t>;

Tensor ints(const std::vector<int32_t>& values) {
  return Tensor::from<int32_t>(values, {static_cast<int64_t>(values.size())});
}

const internal::AttrMap kNoMasks = {{"begin_mask", int64_t{0}},
                                    {"end_mask", int64_t{0}},
                                    {"ellipsis_mask", int64_t{0}},
                                    {"new_axis_mask", int64_t{0}},
                                    {"shrink_axis_mask", int64_t{0}}};

void add_moves(std::vector<GpuCase>& cases, DType dtype) {
  const std::string name = std::string(to_string(dtype));
  const auto add = [&](const std::string& op, std::vector<Tensor> inputs, const Shape& output,
                       const internal::AttrMap& attrs = {}) {
    cases.push_back({op + "_" + name + "_" + std::to_string(cases.size()),
                     {.op = op,
                      .dtype = dtype,
                      .inputs = std::move(inputs),
                      .outputs = {{dtype, output}},
                      .attrs = attrs}});
  };
  const Tensor x = some(dtype, {3, 5, 8}), wide = some(dtype, {4, 64, 32});
  add("ConcatV2", {x, some(dtype, {3, 2, 8}), Tensor(int32_t{1})}, {3, 7, 8});
  add("ConcatV2", {wide, some(dtype, {4, 0, 32}), wide, Tensor(int32_t{-2})}, {4, 128, 32});
  add("Slice", {x, ints({1, 0, 3}), ints({2, 4, 5})}, {2, 4, 5});
  add("Slice", {x, ints({0, 0, 0}), ints({0, 5, 8})}, {0, 5, 8});
  add("Transpose", {x, ints({2, 0, 1})}, {8, 3, 5});
  add("Transpose", {x, ints({1, 0, 2})}, {5, 3, 8});
  add("Transpose", {wide, ints({0, 2, 1})}, {4, 32, 64});
  add("Tile", {x, ints({2, 1, 3})}, {6, 5, 24});
  add("Pad", {x, Tensor({{1, 0}, {0, 2}, {3, 1}})}, {4, 7, 12});
  add("PadV2", {x, Tensor({{1, 0}, {0, 2}, {3, 1}}), some(dtype, {})}, {4, 7, 12});
  for (const char* mode : {"REFLECT", "SYMMETRIC"}) {
    add("MirrorPad", {x, Tensor({{1, 2}, {0, 2}, {3, 1}})}, {6, 7, 12},
        {{"mode", std::string(mode)}});
  }
  add("BroadcastTo", {some(dtype, {5, 1}), ints({3, 5, 8})}, {3, 5, 8});
  add("Pack", {x, some(dtype, {3, 5, 8}, 2)}, {3, 2, 5, 8}, {{"axis", int64_t{1}}});
  add("Fill", {ints({3, 5}), some(dtype, {})}, {3, 5});
  add("Select", {some(bool_, {3}), x, some(dtype, {3, 5, 8}, 2)}, {3, 5, 8});
  add("Select", {some(bool_, {3, 5, 8}), x, some(dtype, {3, 5, 8}, 2)}, {3, 5, 8});
  add("OneHot", {ints({0, 2, -1, 5, 3}), Tensor(int32_t{4}), some(dtype, {}), some(dtype, {}, 2)},
      {5, 4}, {{"axis", int64_t{-1}}});
  add("GatherV2", {x, ints({4, 0, 4}), Tensor(int32_t{1})}, {3, 3, 8});
  add("GatherV2", {wide, ints({3, 1, 1, 0, 2}), Tensor(int32_t{0})}, {5, 64, 32});
  add("MatrixDiag", {some(dtype, {2, 4})}, {2, 4, 4});
  add("MatrixDiagPart", {x}, {3, 5});
  add("ZerosLike", {x}, {3, 5, 8});
  add("OnesLike", {x}, {3, 5, 8});
  add("Transpose", {some(dtype, {2, 3, 2, 3, 2, 3}), ints({5, 1, 4, 2, 0, 3})}, {3, 3, 2, 2, 2, 3});
  add("OneHot", {some(int64, {3, 2}), Tensor(int32_t{4}), some(dtype, {}), some(dtype, {}, 2)},
      {3, 4, 2}, {{"axis", int64_t{1}}});
  add("GatherV2", {some(dtype, {2, 3, 5, 8}), Tensor({{4, 0, 4}, {1, 2, 3}}), Tensor(int32_t{2})},
      {2, 3, 3, 8}, {{"batch_dims", int64_t{1}}});
  add("StridedSliceGrad",
      {ints({3, 5, 8}), ints({2, 0, -1}), ints({-4, 5, -9}), ints({-1, 2, -3}),
       some(dtype, {3, 3, 3})},
      {3, 5, 8}, kNoMasks);
  // Of nothing.
  const Tensor none = some(dtype, {3, 0, 8});
  add("ConcatV2", {none, none, Tensor(int32_t{0})}, {6, 0, 8});
  add("Transpose", {none, ints({2, 1, 0})}, {8, 0, 3});
  add("Tile", {x, ints({2, 0, 3})}, {6, 0, 24});
  add("Pad", {none, Tensor({{1, 0}, {0, 2}, {3, 1}})}, {4, 2, 12});
  add("GatherV2", {x, Tensor(int32, {0}), Tensor(int32_t{1})}, {3, 0, 8});
  add("Select", {some(bool_, {3}), none, none}, {3, 0, 8});
  add("Fill", {ints({3, 0}), some(dtype, {})}, {3, 0});
  add("BroadcastTo", {none, ints({2, 3, 0, 8})}, {2, 3, 0, 8});
}

// What gives several outputs, or takes attributes.
void add_parts(std::vector<GpuCase>& cases, DType dtype) {
  const auto add = [&](const std::string& op, std::vector<Tensor> inputs,
                       const std::vector<Shape>& outputs, const internal::AttrMap& attrs = {}) {
    cases.push_back({op + "_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size()),
                     {.op = op, .dtype = dtype, .inputs = std::move(inputs), .attrs = attrs}});
    for (const Shape& shape : outputs) cases.back().kernel.outputs.push_back({dtype, shape});
  };
  const Tensor x = some(dtype, {3, 5, 8});
  add("Split", {Tensor(int32_t{2}), x}, {{3, 5, 4}, {3, 5, 4}});
  add("SplitV", {x, ints({1, 0, 4}), Tensor(int32_t{1})}, {{3, 1, 8}, {3, 0, 8}, {3, 4, 8}});
  add("Unpack", {x}, {{3, 5}, {3, 5}, {3, 5}, {3, 5}, {3, 5}, {3, 5}, {3, 5}, {3, 5}},
      {{"axis", int64_t{2}}});
  add("StridedSlice", {x, ints({2, 0, -1}), ints({-4, 5, -9}), ints({-1, 2, -3})}, {{3, 3, 3}},
      kNoMasks);
}

void add_shapes(std::vector<GpuCase>& cases) {
  const std::vector<std::pair<std::string, Shape>> rows = {
      {"Shape", {4}}, {"Size", {}}, {"Rank", {}}};
  for (const auto& [op, shape] : rows) {
    for (const DType dtype : {int32, int64}) {
      cases.push_back(
          {op + "_" + std::string(to_string(dtype)),
           {.op = op, .inputs = {some(float32, {3, 5, 0, 8})}, .outputs = {{dtype, shape}}}});
    }
  }
}

// Indices that are vectors: of a row each, and of an element.
void add_scatters_by_vectors(std::vector<GpuCase>& cases, DType dtype) {
  const Tensor variable = some(dtype, {4, 5}), rows = some(dtype, {2, 5}, 2);
  for (const char* op : {"ScatterNdUpdate", "ScatterNdAdd", "ScatterNdSub"}) {
    for (const std::string resource : {"", "Resource"}) {
      const std::string name = resource + op;
      const auto add = [&](const Tensor& indices, const Tensor& updates) {
        cases.push_back(
            {name + "_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size()),
             {.op = name, .dtype = dtype, .inputs = {variable, indices, updates}}});
      };
      add(Tensor({{3}, {0}}), rows);
      add(Tensor({{3, 4}, {0, 1}, {2, 2}}), some(dtype, {3}, 2));
    }
  }
}

void add_scatters(std::vector<GpuCase>& cases, DType dtype) {
  const std::string name = std::string(to_string(dtype));
  for (const char* kind : {"Update", "Add", "Sub", "Mul", "Div", "Max", "Min"}) {
    const bool divides = std::string(kind) == "Div";  // by no zero
    for (const char* ref : {"Scatter", "ResourceScatter"}) {
      const Tensor updates = divides ? launch({.op = "OnesLike",
                                               .dtype = dtype,
                                               .inputs = {some(dtype, {5, 5})},
                                               .outputs = {{dtype, {5, 5}}}})
                                     : some(dtype, {5, 5}, 2);
      cases.push_back({std::string(ref) + kind + "_" + name,
                       {.op = std::string(ref) + kind,
                        .dtype = dtype,
                        .inputs = {some(dtype, {4, 5}), ints({3, 0, 3, 1, 3}), updates}}});
    }
  }
  cases.push_back({"ScatterAddOneNumber_" + name,
                   {.op = "ScatterAdd",
                    .dtype = dtype,
                    .inputs = {some(dtype, {4, 5}), Tensor(int64, {3}), some(dtype, {}, 2)}}});
  cases.push_back({"ScatterNothing_" + name,
                   {.op = "ScatterAdd",
                    .dtype = dtype,
                    .inputs = {some(dtype, {4, 5}), ints({}), some(dtype, {0, 5})}}});
}

// Into a part of a variable, of values that are broadcast to it.
void add_assigned_slices(std::vector<GpuCase>& cases, DType dtype) {
  const Tensor variable = some(dtype, {3, 5, 8});
  for (const std::string op : {"StridedSliceAssign", "ResourceStridedSliceAssign"}) {
    const auto add = [&](const Tensor& begin, const Tensor& end, const Tensor& strides,
                         const Shape& value) {
      cases.push_back(
          {op + "_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size()),
           {.op = op,
            .dtype = dtype,
            .inputs = {variable, begin, end, strides, some(dtype, value, 2)},
            .attrs = kNoMasks}});
    };
    for (const Shape& value : {Shape{3, 3, 3}, Shape{3, 1}, Shape{3}, Shape{}}) {
      add(ints({2, 0, -1}), ints({-4, 5, -9}), ints({-1, 2, -3}), value);
    }
    add(ints({1}), ints({3}), ints({1}), {2, 5, 8});
    add(ints({1}), ints({3}), ints({1}), {8});
    add(ints({1}), ints({1}), ints({1}), {0, 5, 8});
  }
}

// What moves rows for gradients.
void add_gradients(std::vector<GpuCase>& cases, DType dtype) {
  const std::string name = std::string(to_string(dtype));
  cases.push_back({"IndexedSlices_" + name,
                   {.op = "_IndexedSlices",
                    .dtype = dtype,
                    .inputs = {some(dtype, {6, 5}), ints({3, 0, 3, 1, 3, 0}), ints({4, 5})},
                    .outputs = {{dtype, {4, 5}}}}});
  cases.push_back({"IndexedSlicesOfNothing_" + name,
                   {.op = "_IndexedSlices",
                    .dtype = dtype,
                    .inputs = {some(dtype, {0, 5}), ints({}), ints({4, 5})},
                    .outputs = {{dtype, {4, 5}}}}});
  cases.push_back({"MirrorPadGrad_" + name,
                   {.op = "MirrorPadGrad",
                    .dtype = dtype,
                    .inputs = {some(dtype, {6, 9}), Tensor({{1, 2}, {3, 1}})},
                    .outputs = {{dtype, {3, 5}}},
                    .attrs = {{"mode", std::string("SYMMETRIC")}}}});
}

// Rows by their numbers, some of which are out of range.
void add_segments(std::vector<GpuCase>& cases, DType dtype) {
  const std::string name = std::string(to_string(dtype));
  for (const std::string kind : {"Sum", "Prod", "Max", "Min"}) {
    const std::string op = "UnsortedSegment" + kind;
    for (const int64_t rows : {7, 0}) {
      const Tensor ids = rows == 0 ? ints({}) : ints({3, 0, 3, -1, 3, 0, 5});
      cases.push_back({internal::str(op, '_', name, '_', rows),
                       {.op = op,
                        .dtype = dtype,
                        .inputs = {some(dtype, {rows, 5}), ids, Tensor(6)},
                        .outputs = {{dtype, {6, 5}}}}});
    }
  }
  const Tensor numbers = some(dtype, {40}, 0.3, 4);
  int64_t distinct = 0;
  {
    std::set<std::string> seen;
    const size_t bytes = size_of(dtype);
    const auto* raw = static_cast<const char*>(numbers.raw());
    for (size_t i = 0; i < 40; ++i) seen.emplace(raw + i * bytes, bytes);
    distinct = static_cast<int64_t>(seen.size());
  }
  cases.push_back({"Unique_" + name,
                   {.op = "Unique",
                    .dtype = dtype,
                    .inputs = {numbers},
                    .outputs = {{dtype, {distinct}}, {int64, {40}}}}});
}

void add_places(std::vector<GpuCase>& cases) {
  cases.push_back({"LinearIndices",
                   {.op = "_LinearIndices",
                    .inputs = {Tensor({{1, 2}, {0, 4}, {3, 0}}), Tensor({int64_t{4}, int64_t{5}})},
                    .outputs = {{int64, {3}}}}});
  cases.push_back({"PartitionPlaces",
                   {.op = "_PartitionPlaces",
                    .inputs = {ints({2, 0, 2, 1, 2, 0})},
                    .outputs = {{int64, {3}}},
                    .attrs = {{"partition", int64_t{2}}, {"num_partitions", int64_t{3}}}}});
  for (const DType dtype : {int32, int64}) {
    cases.push_back({"SegmentCount_" + std::string(to_string(dtype)),
                     {.op = "_SegmentCount",
                      .dtype = dtype,
                      .inputs = {dtype == int32 ? ints({0, 0, 3})
                                                : Tensor({int64_t{1}, int64_t{1}, int64_t{7}})},
                      .outputs = {{dtype, {}}}}});
  }
}

void add_where(std::vector<GpuCase>& cases) {
  for (const DType dtype : {bool_, float32, int64, uint8, uint32, uint64}) {
    const Tensor x = some(dtype, {7, 300, 3}, 0.3, 1.4);
    const KernelCase counted = {.op = "Where", .dtype = dtype, .inputs = {x}};
    int64_t count = 0;
    const size_t bytes = size_of(dtype);
    for (int64_t i = 0; i < x.element_count(); ++i) {
      const auto* at = static_cast<const char*>(x.raw()) + static_cast<size_t>(i) * bytes;
      count += std::any_of(at, at + bytes, [](char byte) { return byte != 0; }) ? 1 : 0;
    }
    cases.push_back({"Where_" + std::string(to_string(dtype)), counted});
    cases.back().kernel.outputs = {{int64, {count, 3}}};
  }
}

void add_others(std::vector<GpuCase>& cases) {
  cases.push_back({"InvertPermutation",
                   {.op = "InvertPermutation",
                    .dtype = int32,
                    .inputs = {ints({3, 1, 0, 2})},
                    .outputs = {{int32, {4}}}}});
  cases.push_back({"InvertPermutationOfInt64",
                   {.op = "InvertPermutation",
                    .dtype = int64,
                    .inputs = {Tensor({int64_t{1}, int64_t{2}, int64_t{0}})},
                    .outputs = {{int64, {3}}}}});
  cases.push_back({"ScatterUpdate_bool",
                   {.op = "ScatterUpdate",
                    .dtype = bool_,
                    .inputs = {some(bool_, {40}), ints({3, 39, 3}), some(bool_, {3}, 0.9)}}});
  cases.push_back({"CheckNumerics",
                   {.op = "CheckNumerics",
                    .inputs = {some(float32, {7, 300})},
                    .outputs = {{float32, {7, 300}}},
                    .attrs = {{"message", std::string()}}}});
  // More elements than the largest grid has threads.
  cases.push_back({"OnesLikeOfMany",
                   {.op = "OnesLike",
                    .dtype = uint8,
                    .inputs = {some(uint8, {1})},
                    .outputs = {{uint8, {4300000}}}}});
  cases.push_back({"BroadcastToMany",
                   {.op = "BroadcastTo",
                    .dtype = uint8,
                    .inputs = {some(uint8, {4300, 1}), ints({4300, 1001})},
                    .outputs = {{uint8, {4300, 1001}}}}});
  cases.push_back({"Range",
                   {.op = "Range",
                    .dtype = float32,
                    .inputs = {Tensor(1.5f), Tensor(9.f), Tensor(0.25f)},
                    .outputs = {{float32, {30}}}}});
}

}  // namespace

std::vector<GpuCase> array_cases() {
  std::vector<GpuCase> cases;
  for (const DType dtype : {float32, float64, float16, int8, bool_}) {
    add_moves(cases, dtype);
    add_parts(cases, dtype);
  }
  add_shapes(cases);
  for (const DType dtype : {float32, int64, uint8, float16}) {
    add_scatters(cases, dtype);
    add_scatters_by_vectors(cases, dtype);
    add_assigned_slices(cases, dtype);
  }
  for (const DType dtype : {float32, int64, uint8}) add_gradients(cases, dtype);
  for (const DType dtype : {float32, float16, bfloat16, int64, uint8}) add_segments(cases, dtype);
  add_places(cases);
  add_where(cases);
  add_others(cases);
  return cases;
}

}  // namespace tenon::testing
