#include "tests/testing/operation_samples.h"

#include <algorithm>
#include <map>

#include "core/graph/op_def.h"
#include "tests/testing/sample_inputs.h"

namespace tenon::testing {
namespace {

using internal::AttrMap;
using internal::RegisteredOp;

void add_windows(Samples& samples) {
  const AttrMap wide{{"strides", Int64s{1, 1, 1, 1}}, {"padding", std::string("SAME")}},
      strided{{"strides", Int64s{1, 2, 2, 1}}, {"padding", std::string("VALID")}};
  const Shape image{2, 5, 5, 3}, filter{3, 3, 3, 4}, same{2, 5, 5, 4}, valid{2, 2, 2, 4};
  for (const auto& [attrs, output] : {std::pair(wide, same), std::pair(strided, valid)}) {
    samples.push_back({"Conv2D", {floats(image), floats(filter)}, attrs});
    samples.push_back(
        {"Conv2DBackpropInput", {list({2, 5, 5, 3}), floats(filter), floats(output)}, attrs});
    samples.push_back(
        {"Conv2DBackpropFilter", {floats(image), list({3, 3, 3, 4}), floats(output)}, attrs});
  }
  const Shape each{3, 3, 1, 6}, six{2, 5, 5, 6};
  samples.push_back({"Conv2D", {floats(image), floats(each)}, wide});
  samples.push_back({"Conv2DBackpropInput", {list({2, 5, 5, 3}), floats(each), floats(six)}, wide});
  samples.push_back(
      {"Conv2DBackpropFilter", {floats(image), list({3, 3, 1, 6}), floats(six)}, wide});
  for (const std::string padding : {"SAME", "VALID"}) {
    const AttrMap attrs{
        {"ksize", Int64s{1, 2, 2, 1}}, {"strides", Int64s{1, 2, 2, 1}}, {"padding", padding}};
    const int64_t size = padding == "SAME" ? 3 : 2;
    const Shape pooled{2, size, size, 3};
    samples.push_back({"MaxPool", {floats(image)}, attrs});
    samples.push_back({"MaxPoolGrad", {floats(image), floats(pooled), floats(pooled)}, attrs});
    samples.push_back({"MaxPoolGradGrad", {floats(image), floats(pooled), floats(image)}, attrs});
    samples.push_back({"AvgPool", {floats(image)}, attrs});
    samples.push_back({"AvgPoolGrad", {list({2, 5, 5, 3}), floats(pooled)}, attrs});
  }
}

void add_resizes(Samples& samples) {
  const Shape image{2, 3, 4, 2}, larger{2, 5, 6, 2};
  for (const std::string kind : {"NearestNeighbor", "Bilinear", "Bicubic"}) {
    for (const bool centers : {false, true}) {
      const AttrMap attrs{{"half_pixel_centers", centers}};
      samples.push_back({"Resize" + kind, {floats(image), list({5, 6})}, attrs});
      samples.push_back({"Resize" + kind + "Grad",
                         {floats(larger), kind == "NearestNeighbor" ? list({3, 4}) : floats(image)},
                         attrs});
    }
  }
}

void add_networks(Samples& samples) {
  const Shape matrix{2, 3};
  samples.push_back({"BiasAdd", {floats(matrix), floats({3})}});
  samples.push_back(
      {"BiasAdd", {floats({2, 3, 4, 4}), floats({3})}, {{"data_format", std::string("NCHW")}}});
  samples.push_back({"BiasAddGrad", {floats(matrix)}});
  samples.push_back(
      {"BiasAddGrad", {floats({2, 3, 4, 4})}, {{"data_format", std::string("NCHW")}}});
  samples.push_back({"SoftmaxCrossEntropyWithLogits", {floats(matrix), floats(matrix)}});
  samples.push_back({"SoftmaxCrossEntropyWithLogits", {floats(matrix), floats({1, 3})}});
  samples.push_back({"SparseSoftmaxCrossEntropyWithLogits", {floats(matrix), list({0, 2}, int64)}});
  samples.push_back({"TopKV2", {floats({2, 4}), number(3)}});
}

void add_products(Samples& samples) {
  samples.push_back({"MatMul", {floats({2, 3}), floats({3, 4})}});
  samples.push_back(
      {"MatMul", {floats({3, 2}), floats({4, 3})}, {{"transpose_a", true}, {"transpose_b", true}}});
  samples.push_back({"BatchMatMulV2", {floats({5, 2, 3}), floats({5, 3, 4})}});
  samples.push_back({"BatchMatMulV2", {floats({2, 1, 2, 3}), floats({5, 3, 4})}});
  samples.push_back({"Qr", {floats({4, 3})}});
  samples.push_back({"Qr", {floats({3, 4})}, {{"full_matrices", true}}});
  samples.push_back({"MatrixTriangularSolve", {floats({3, 3}), floats({3, 2})}});
  samples.push_back({"MatrixDiag", {floats({2, 3})}});
  samples.push_back({"MatrixDiagPart", {floats({2, 3, 4})}});
}

void add_reductions(Samples& samples) {
  for (const char* type : {"Sum", "Mean", "Prod", "Max", "Min"}) {
    samples.push_back({type, {floats({2, 3, 4}), list({2, 0})}});
    samples.push_back({type, {floats({2, 3}), number(-1)}, {{"keep_dims", true}}});
  }
  for (const char* type : {"Any", "All"}) samples.push_back({type, {bools({2, 3}), list({1})}});
  for (const char* type : {"ArgMax", "ArgMin"}) {
    samples.push_back({type, {floats({2, 3}), number(1)}});
  }
  for (const char* type : {"Cumsum", "Cumprod"}) {
    samples.push_back({type, {floats({2, 3}), number(1)}});
  }
  samples.push_back({"_Recurrence", {floats({2, 3}), floats({2, 3}), number(1)}});
}

void add_parts(Samples& samples) {
  const SampleInput begin = list({1, 0}), end = list({3, 3}), ones = list({1, 1});
  samples.push_back({"Slice", {floats({4, 3}), begin, list({2, -1})}});
  samples.push_back({"StridedSlice", {floats({4, 3}), begin, end, ones}});
  samples.push_back({"StridedSlice",
                     {floats({4, 3}), list({-1, 0}), list({0, 3}), list({-2, 1})},
                     {{"begin_mask", int64_t{1}}, {"shrink_axis_mask", int64_t{2}}}});
  samples.push_back({"StridedSlice",
                     {floats({4, 3}), begin, end, ones},
                     {{"ellipsis_mask", int64_t{1}}, {"new_axis_mask", int64_t{2}}}});
  samples.push_back({"StridedSliceGrad", {list({4, 3}), begin, end, ones, floats({2, 3})}});
  samples.push_back({"StridedSliceGrad",
                     {list({4, 3}), begin, end, ones, floats({2})},
                     {{"shrink_axis_mask", int64_t{2}}}});
  samples.push_back({"Split", {number(1), floats({2, 4})}, {{"num_split", int64_t{2}}}});
  samples.push_back(
      {"SplitV", {floats({2, 4}), list({1, -1}, int64), number(1)}, {{"num_split", int64_t{2}}}});
  samples.push_back({"ConcatV2", {floats({2, 3}), floats({2, 1}), number(1)}});
  samples.push_back({"Pack", {floats({2, 3}), floats({2, 3})}, {{"axis", int64_t{1}}}});
  samples.push_back({"Unpack", {floats({2, 3})}, {{"axis", int64_t{1}}, {"num", int64_t{3}}}});
  samples.push_back({"GatherV2", {floats({4, 3}), list({1, 2, 1}), number(0)}});
  samples.push_back({"GatherV2", {floats({4, 3}), pairs({1, 2, 0, 1}), number(1)}});
  samples.push_back({"GatherV2",
                     {floats({2, 4, 3}), pairs({1, 2, 0, 1}), number(1)},
                     {{"batch_dims", int64_t{1}}}});
  samples.push_back({"_IndexedSlices", {floats({2, 3}), list({1, 1}), floats({4, 3})}});
  samples.push_back({"Where", {bools({2, 3})}});
}

void add_places(Samples& samples) {
  samples.push_back({"_LinearIndices", {pairs({1, 2, 3, 0}), list({4, 3})}});
  samples.push_back(
      {"_LinearIndices", {pairs({1, 2, 3, 0}), list({4, 3}, int64)}, {{"ordered", true}}});
  samples.push_back({"_PartitionPlaces",
                     {list({1, 0, 1})},
                     {{"partition", int64_t{1}}, {"num_partitions", int64_t{2}}}});
  samples.push_back({"Unique", {list({3, 1, 3})}});
  samples.push_back({"_SegmentCount", {list({0, 0, 2})}});
  for (const std::string kind : {"Sum", "Prod", "Max", "Min"}) {
    samples.push_back({"UnsortedSegment" + kind, {floats({3, 2}), list({1, 0, 1}), number(2)}});
    samples.push_back(
        {"UnsortedSegment" + kind, {floats({2, 2, 3}), pairs({1, 0, -1, 1}), number(3)}});
  }
}

void add_arrangements(Samples& samples) {
  const SampleInput around = pairs({1, 1, 2, 1});
  samples.push_back({"Pad", {floats({3, 4}), around}});
  samples.push_back({"PadV2", {floats({3, 4}), around, floats({})}});
  for (const std::string mode : {"REFLECT", "SYMMETRIC"}) {
    samples.push_back({"MirrorPad", {floats({3, 4}), around}, {{"mode", mode}}});
    samples.push_back({"MirrorPadGrad", {floats({5, 7}), around}, {{"mode", mode}}});
  }
  samples.push_back({"Tile", {floats({2, 3}), list({2, 2})}});
  samples.push_back({"Transpose", {floats({2, 3, 4}), list({2, 0, 1})}});
  samples.push_back({"InvertPermutation", {list({2, 0, 1})}});
  samples.push_back({"BroadcastTo", {floats({2, 1}), list({4, 2, 3})}});
  samples.push_back({"_SumTo", {floats({4, 2, 3}), floats({2, 1})}});
  samples.push_back({"Reshape", {floats({2, 3}), list({3, -1})}});
  samples.push_back({"ExpandDims", {floats({2, 3}), number(1)}});
  samples.push_back({"Squeeze", {floats({2, 1, 3})}, {{"squeeze_dims", Int64s{1}}}});
  samples.push_back({"Select", {bools({2, 3}), floats({2, 3}), floats({2, 3})}});
  samples.push_back({"Select", {bools({2}), floats({2, 3}), floats({2, 3})}});
}

void add_makers(Samples& samples) {
  samples.push_back({"Fill", {list({2, 3}), floats({})}});
  samples.push_back({"Range", {number(1), number(9), number(2)}});
  samples.push_back(
      {"OneHot", {list({0, 3, 1}), number(4), floats({}), floats({})}, {{"axis", int64_t{0}}}});
  for (const char* type : {"RandomStandardNormal", "RandomUniform", "TruncatedNormal"}) {
    samples.push_back({type, {list({2, 3})}, {{"dtype", float32}}});
  }
  samples.push_back({"RandomUniformInt", {list({2, 3}), number(0), number(10)}});
}

void add_variables(Samples& samples) {
  for (const std::string kind : {"Update", "Add", "Sub", "Mul", "Div", "Max", "Min"}) {
    for (const std::string prefix : {"Scatter", "ResourceScatter"}) {
      samples.push_back({prefix + kind, {floats({4, 3}), list({1, 3}), floats({2, 3})}});
    }
  }
  for (const std::string kind : {"NdUpdate", "NdAdd", "NdSub"}) {
    for (const std::string prefix : {"Scatter", "ResourceScatter"}) {
      samples.push_back({prefix + kind, {floats({4, 3}), pairs({1, 2, 3, 0}), floats({2})}});
    }
  }
  for (const std::string prefix : {"", "Resource"}) {
    const SampleInput begin = list({2, 1}), end = list({0, 2}), strides = list({-1, 1});
    samples.push_back(
        {prefix + "StridedSliceAssign", {floats({4, 3}), begin, end, strides, floats({2, 1})}});
  }
  samples.push_back({"ReadVariableOp", {floats({2, 3})}, {{"dtype", float32}}});
  const SampleInput counter{int32, {}, {1}};
  samples.push_back({"CountUpTo", {counter}, {{"limit", int64_t{10}}}});
  samples.push_back({"ResourceCountUpTo", {counter}, {{"limit", int64_t{10}}, {"T", int32}}});
}

void add_sounds_and_boxes(Samples& samples) {
  samples.push_back({"AudioSpectrogram",
                     {floats({20, 2})},
                     {{"window_size", int64_t{6}}, {"stride", int64_t{3}}}});
  samples.push_back({"Mfcc", {floats({2, 3, 9}), number(8000)}});
  samples.push_back(
      {"_NonMaxSuppression", {floats({5, 4}), floats({5}), number(3), floats({}), floats({})}});
}

void add_summaries(Samples& samples) {
  const SampleInput text = texts({}), two = texts({2});
  samples.push_back({"HistogramSummary", {text, floats({2, 3})}});
  samples.push_back({"ImageSummary", {text, floats({2, 4, 5, 3})}});
  samples.push_back({"TensorSummaryV2", {text, two, text}});
  const SampleInput holds{.dtype = bool_, .shape = {}, .numbers = {1}};
  samples.push_back({"Assert", {holds, text, two}});
}

std::multimap<std::string, OperationSample> all_samples() {
  Samples samples;
  add_windows(samples);
  add_resizes(samples);
  add_networks(samples);
  add_products(samples);
  add_reductions(samples);
  add_parts(samples);
  add_places(samples);
  add_arrangements(samples);
  add_makers(samples);
  add_variables(samples);
  add_sounds_and_boxes(samples);
  add_summaries(samples);
  add_host_samples(samples);
  std::multimap<std::string, OperationSample> by_type;
  for (OperationSample& sample : samples) by_type.emplace(sample.type, std::move(sample));
  return by_type;
}

// A dtype that the operation takes for that attribute.
DType dtype_for(const RegisteredOp& op, const std::string& attribute) {
  const auto allowed = op.types.find(attribute);
  for (const DType dtype : {float32, int32, bool_}) {
    if (allowed == op.types.end()) return dtype;
    if (std::find(allowed->second.begin(), allowed->second.end(), dtype) != allowed->second.end()) {
      return dtype;
    }
  }
  return allowed->second.front();
}

// All inputs of one shape, lists of two; but what an optimizer's update takes as one number.
OperationSample general(const RegisteredOp& op) {
  OperationSample sample{.type = op.name};
  for (const internal::ArgDef& arg : op.input_args) {
    const bool wide = op.writes.empty() || arg.is_ref || arg.dtype == DType::resource ||
                      arg.name == "grad" || arg.name == "delta" || arg.name == "value";
    const DType dtype = arg.dtype == DType::resource ? float32
                        : arg.type_attr.empty()      ? arg.dtype
                                                     : dtype_for(op, arg.type_attr);
    for (int i = 0; i < (arg.is_list() ? 2 : 1); ++i) {
      sample.inputs.push_back({.dtype = dtype, .shape = wide ? Shape{2, 3} : Shape{}});
    }
  }
  if (op.name == "Cast") sample.attrs.set("DstT", int32);
  if (op.name == "CheckNumerics") sample.attrs.set("message", std::string("here"));
  return sample;
}

}  // namespace

std::vector<OperationSample> samples_of(const std::string& type) {
  static const auto* const all = new std::multimap(all_samples());
  std::vector<OperationSample> found;
  const auto [begin, end] = all->equal_range(type);
  for (auto at = begin; at != end; ++at) found.push_back(at->second);
  if (found.empty()) found.push_back(general(*internal::OpRegistry::global().find(type)));
  return found;
}

}  // namespace tenon::testing
