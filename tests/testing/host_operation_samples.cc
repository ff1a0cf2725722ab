// Calls of what a function on the host computes: tensor arrays, stacks, lists, tables, texts,
// examples; and of what decodes a file. Handles are numbers, so that tests feed them too.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/testing/sample_inputs.h"

namespace tenon::testing {
namespace {

using internal::AttrMap;
using DTypes = std::vector<DType>;

void add_tensor_arrays(Samples& samples) {
  const SampleInput handle = number(0, int64), of_gradients = number(1, int64), flow = floats({});
  const OperationSample array{
      "TensorArrayV3", {number(3)}, {{"dtype", float32}, {"dynamic_size", true}}},
      filled{"TensorArrayScatterV3", {handle, list({0, 1, 2}), floats({3, 2}), flow}},
      gradient{"TensorArrayGradV3", {handle, flow}, {{"source", std::string("gradients")}}},
      first{"TensorArrayWriteV3", {of_gradients, number(0), floats({2}), flow}};
  const AttrMap of_floats{{"dtype", float32}};
  const Samples has_elements = {array, filled};
  samples.push_back(array);
  samples.push_back({gradient.type, gradient.inputs, gradient.attrs, has_elements});
  samples.push_back({"TensorArraySizeV3", {handle, flow}, {}, has_elements});
  samples.push_back({"TensorArrayCloseV3", {handle}, {}, has_elements});
  samples.push_back({"TensorArrayReadV3", {handle, number(1), flow}, of_floats, has_elements});
  samples.push_back({"TensorArrayGatherV3", {handle, list({2, 0}), flow}, of_floats, has_elements});
  samples.push_back({"TensorArrayConcatV3", {handle, flow}, of_floats, has_elements});
  samples.push_back(
      {"TensorArrayWriteV3", {handle, number(3), floats({2}), flow}, {}, has_elements});
  samples.push_back({first.type, first.inputs, {}, {array, filled, gradient, first}});
  samples.push_back({filled.type, {handle, list({3, 4}), floats({2, 3}), flow}, {}, has_elements});
  samples.push_back(
      {"TensorArraySplitV3", {handle, floats({3, 2}), list({1, 2}, int64), flow}, {}, {array}});
}

void add_stacks(Samples& samples) {
  const SampleInput handle = number(0, int64);
  const OperationSample stack{"StackV2", {number(5)}}, push{"StackPushV2", {handle, floats({2})}};
  samples.push_back(stack);
  samples.push_back({push.type, push.inputs, {}, {stack}});
  samples.push_back({"StackPopV2", {handle}, {{"elem_type", float32}}, {stack, push}});
  samples.push_back({"StackCloseV2", {handle}, {}, {stack, push}});
}

void add_tensor_lists(Samples& samples) {
  constexpr int64_t kFirst = int64_t{0x544C} << 40;  // TensorLists::kFirst
  const SampleInput handle = number(kFirst, int64), row = list({2});
  const AttrMap of_floats{{"element_dtype", float32}};
  const OperationSample filled{"TensorListFromTensor", {floats({3, 2}), row}};
  samples.push_back(filled);
  samples.push_back({"TensorListReserve", {row, number(3)}, of_floats});
  samples.push_back({"EmptyTensorList", {row, number(4)}, of_floats});
  samples.push_back({"TensorListScatterV2", {floats({2, 2}), list({3, 1}), row, number(-1)}});
  const OperationSample on_list[] = {
      {"TensorListPushBack", {handle, floats({2})}},
      {"TensorListPopBack", {handle, row}, of_floats},
      {"TensorListGetItem", {handle, number(1), row}, of_floats},
      {"TensorListSetItem", {handle, number(1), floats({2})}},
      {"TensorListSetItem",
       {handle, number(4), floats({2})},
       {{"resize_if_index_out_of_bounds", true}}},
      {"TensorListStack", {handle, row}, of_floats},
      {"TensorListGather", {handle, list({2, 0}), row}, of_floats},
      {"TensorListConcatV2", {handle, list({-1}), list({0, 0, 0}, int64)}, of_floats},
      {"TensorListLength", {handle}},
      {"TensorListResize", {handle, number(5)}},
      {"_TensorListSum", {handle, handle}},
      {"_TensorListZeros", {handle}},
      {"TensorListElementShape", {handle}, {{"shape_type", int32}}},
  };
  samples.push_back({"TensorListSplit", {floats({3, 2}), list({-1, 2}), list({1, 2}, int64)}});
  for (OperationSample sample : on_list) {
    sample.before = {filled};
    samples.push_back(sample);
  }
}

void add_tables(Samples& samples) {
  const SampleInput handle = number(0, int64), keys = list({1, 2}, int64), values = floats({2});
  const AttrMap dtypes{{"key_dtype", int64}, {"value_dtype", float32}};
  const OperationSample table{"MutableHashTableV2", {}, dtypes}, fixed{"HashTableV2", {}, dtypes},
      words{"HashTableV2", {}, {{"key_dtype", string}, {"value_dtype", int64}}},
      filled{"LookupTableInsertV2", {handle, keys, values}};
  samples.push_back({"InitializeTableV2", filled.inputs, {}, {fixed}});
  for (const char* type : {"LookupTableImportV2", "LookupTableInsertV2"}) {
    samples.push_back({type, filled.inputs, {}, {table}});
  }
  const std::string lines = TENON_SOURCE_DIR "/tests/import/data/half_plus_three/assets/foo.txt";
  samples.push_back({"InitializeTableFromTextFileV2", {handle, texts({}, lines)}, {}, {words}});
  samples.push_back({"LookupTableFindV2", {handle, keys, floats({})}, {}, {table, filled}});
  samples.push_back({"LookupTableSizeV2", {handle}, {}, {table, filled}});
  samples.push_back(
      {"LookupTableExportV2", {handle}, {{"Tkeys", int64}, {"Tvalues", float32}}, {table, filled}});
}

void add_texts(Samples& samples) {
  samples.push_back({"StringSplit", {texts({2}), texts({}, " ")}});
  samples.push_back({"StringSplitV2", {texts({2}), texts({}, " ")}});
  samples.push_back({"StringJoin", {texts({2}), texts({2})}});
  samples.push_back({"ReduceJoin", {texts({2, 3}), list({1})}});
  samples.push_back({"ReduceJoin", {texts({2, 3}), list({0, -1})}, {{"keep_dims", true}}});
  samples.push_back({"DecodeRaw", {texts({2}, "abcd")}, {{"out_type", int16}}});
}

// A tf.Example with one feature: "a", the floats 1 and 2.
std::string example() {
  using namespace std::string_literals;
  return "\x0a\x13\x0a\x11\x0a\x01"s + "a\x12\x0c\x12\x0a\x0a\x08"s + "\x00\x00\x80\x3f"s +
         "\x00\x00\x00\x40"s;
}

void add_examples(Samples& samples) {
  const std::vector<Shape> shapes = {Shape{2}};
  const SampleInput one = texts({}, example()), two = texts({2}, example()), none = texts({0});
  const SampleInput floats_key = texts({}, "a"), other_key = texts({}, "b"), standard = floats({2});
  const AttrMap types{
      {"Tdense", DTypes{float32}}, {"sparse_types", DTypes{int64}}, {"dense_shapes", shapes}};
  AttrMap batch = types, any = types, single = types;
  batch.set("Nsparse", int64_t{1});
  batch.set("Ndense", int64_t{1});
  samples.push_back({"ParseExample", {two, none, other_key, floats_key, standard}, batch});
  any.set("num_sparse", int64_t{1});
  any.set("ragged_value_types", DTypes{int64});
  any.set("ragged_split_types", DTypes{int64});
  samples.push_back({"ParseExampleV2",
                     {two, none, texts({1}, "b"), texts({1}, "a"), texts({1}, "c"), standard},
                     any});
  single.set("num_sparse", int64_t{1});
  single.set("sparse_keys", std::vector<std::string>{"b"});
  single.set("dense_keys", std::vector<std::string>{"a"});
  samples.push_back({"ParseSingleExample", {one, standard}, single});
}

// Four samples of one channel, 8,000 a second.
void add_sounds(Samples& samples) {
  using namespace std::string_literals;
  const std::string file = "RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0"s + "\x01\0\x01\0\x40\x1f\0\0"s +
                           "\x80\x3e\0\0\x02\0\x10\0"s + "data\x08\0\0\0"s +
                           "\0\0\x01\0\x02\0\x03\0"s;
  samples.push_back({"_WavSizes", {texts({}, file)}});
  samples.push_back({"_DecodeWav", {texts({}, file), list({4, 1}, int64)}});
}

// Of one pixel.
void add_pictures(Samples& samples) {
  using namespace std::string_literals;
  const std::string png = "\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52"s +
                          "\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b"s +
                          "\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\xda\x63\x08\x05\x00\x00"s +
                          "\x57\x00\x56\x92\xcb\x65\xc1\x00\x00\x00\x00\x49\x45\x4e\x44\xae"s +
                          "\x42\x60\x82"s;
  const std::string bmp = "\x42\x4d\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00"s +
                          "\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00\x00\x00"s +
                          "\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"s +
                          "\x00\x00\x00\x00\x00\x00\x10\x20\x30\x00"s;
  for (const char* type : {"DecodeJpeg", "DecodePng", "DecodeImage"}) {  // each takes PNG too
    samples.push_back({type, {texts({}, png)}});
  }
  samples.push_back({"DecodeBmp", {texts({}, bmp)}});
}

void add_sequences_and_boxes(Samples& samples) {
  const SampleInput logits = floats({3, 2, 4}), lengths = list({3, 2});
  const SampleInput places{int64, {2, 2}, {0, 0, 1, 0}};
  samples.push_back({"CTCLoss", {logits, places, list({1, 2}), lengths}});
  samples.push_back({"CTCGreedyDecoder", {logits, lengths}});
  samples.push_back({"CTCBeamSearchDecoder",
                     {logits, lengths},
                     {{"beam_width", int64_t{3}}, {"top_paths", int64_t{2}}}});
  samples.push_back({"NonMaxSuppressionV5",
                     {floats({5, 4}), floats({5}), number(3), floats({}), floats({}), floats({})}});
}

}  // namespace

void add_host_samples(std::vector<OperationSample>& samples) {
  add_tensor_arrays(samples);
  add_stacks(samples);
  add_tensor_lists(samples);
  add_tables(samples);
  add_texts(samples);
  add_examples(samples);
  add_sounds(samples);
  add_pictures(samples);
  add_sequences_and_boxes(samples);
}

}  // namespace tenon::testing
