// Constants, placeholders, random numbers, and what moves elements.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::Output;

Thing constant(const OpCall& call) {
  return tenon::constant(
      call.as_input("value"),
      {.dtype = call.dtype("dtype", tenon::DType::invalid),
       .shape = call.has("shape") ? shape_from(call.attribute("shape")) : tenon::Shape::unknown(),
       .name = call.name()});
}

Thing placeholder(const OpCall& call) {
  return tenon::placeholder(
      dtype_from(call.attribute("dtype")),
      call.has("shape") ? shape_from(call.attribute("shape")) : tenon::Shape::unknown(),
      call.options());
}

Thing placeholder_with_default(const OpCall& call) {
  return tenon::placeholder_with_default(call.input(0), shape_from(call.attribute("shape")),
                                         call.options());
}

Thing no_op(const OpCall& call) { return tenon::no_op(call.options()); }

Thing group(const OpCall& call) {
  std::vector<tenon::ControlInput> inputs;
  for (size_t i = 0; i < call.count(); ++i) {
    inputs.emplace_back(call.program().operation(call.json(i)));
  }
  return tenon::group(inputs, call.options());
}

Thing reshape(const OpCall& call) {
  if (!call.is_literal(1)) {
    return tenon::reshape(call.input(0), tenon::Integers(call.output(1)), call.options());
  }
  return tenon::reshape(call.input(0), integers_from(call.json(1)), call.options());
}

Thing transpose(const OpCall& call) {
  return tenon::transpose(call.input(0), {.perm = call.axes("perm"), .name = call.name()});
}

Thing concat(const OpCall& call) {
  return tenon::concat(call.list(0), call.as_input("axis"), call.options());
}

Thing split(const OpCall& call) {
  const tenon::SplitOptions options = {.axis = call.integer("axis", 0), .name = call.name()};
  const Json& parts = call.attribute("num_or_size_splits");
  return list_of(parts.is_array() ? tenon::split(call.input(0), integers_from(parts), options)
                                  : tenon::split(call.input(0), count_from(parts), options));
}

Thing stack(const OpCall& call) {
  return tenon::stack(call.list(0), {.axis = call.integer("axis", 0), .name = call.name()});
}

Thing unstack(const OpCall& call) {
  return list_of(
      tenon::unstack(call.input(0), {.axis = call.integer("axis", 0), .name = call.name()}));
}

Thing slice(const OpCall& call) {
  return tenon::slice(call.input(0), call.integers("begin"), call.integers("size"), call.options());
}

Thing strided_slice(const OpCall& call) {
  tenon::StridedSliceOptions options;
  if (call.has("strides")) options.strides = call.integers("strides");
  options.begin_mask = call.integer("begin_mask", 0);
  options.end_mask = call.integer("end_mask", 0);
  options.ellipsis_mask = call.integer("ellipsis_mask", 0);
  options.new_axis_mask = call.integer("new_axis_mask", 0);
  options.shrink_axis_mask = call.integer("shrink_axis_mask", 0);
  options.name = call.name();
  return tenon::strided_slice(call.input(0), call.integers("begin"), call.integers("end"), options);
}

Thing pad(const OpCall& call) {
  tenon::PadOptions options;
  if (call.has("mode")) options.mode = call.attribute("mode").get<std::string>();
  if (call.has("constant_values")) options.constant_values = call.as_input("constant_values");
  options.name = call.name();
  return tenon::pad(call.input(0), call.as_input("paddings"), options);
}

Thing gather(const OpCall& call) {
  return tenon::gather(call.input(0), call.input(1),
                       {.axis = call.integer("axis", 0), .name = call.name()});
}

Thing one_hot(const OpCall& call) {
  tenon::OneHotOptions options;
  if (call.has("on_value")) options.on_value = call.as_input("on_value");
  if (call.has("off_value")) options.off_value = call.as_input("off_value");
  options.axis = call.integer("axis", -1);
  options.dtype = call.dtype("dtype", tenon::DType::invalid);
  options.name = call.name();
  return tenon::one_hot(call.input(0), call.as_input("depth"), options);
}

Thing tile(const OpCall& call) {
  return tenon::tile(call.input(0), call.integers("multiples"), call.options());
}

Thing expand_dims(const OpCall& call) {
  return tenon::expand_dims(call.input(0), call.as_input("axis"), call.options());
}

Thing squeeze(const OpCall& call) {
  return tenon::squeeze(call.input(0), {.axis = call.axes("axis"), .name = call.name()});
}

template <Output (*like)(tenon::Input, const tenon::LikeOptions&)>
Thing filled_like(const OpCall& call) {
  return like(call.input(0),
              {.dtype = call.dtype("dtype", tenon::DType::invalid), .name = call.name()});
}

template <Output (*measure)(tenon::Input, const tenon::ShapeOptions&)>
Thing measured(const OpCall& call) {
  return measure(call.input(0),
                 {.out_type = call.dtype("out_type", tenon::int32), .name = call.name()});
}

Thing fill(const OpCall& call) {
  return tenon::fill(call.integers("dims"), call.as_input("value"), call.options());
}

template <Output (*make)(tenon::Integers, tenon::DType, const tenon::OpOptions&)>
Thing filled(const OpCall& call) {
  return make(call.integers("shape"), call.dtype("dtype", tenon::float32), call.options());
}

Thing range(const OpCall& call) {
  const tenon::RangeOptions options = {.dtype = call.dtype("dtype", tenon::DType::invalid),
                                       .name = call.name()};
  if (!call.has("limit")) return tenon::range(call.as_input("start"), options);
  return tenon::range(call.as_input("start"), call.as_input("limit"),
                      call.has("delta") ? call.as_input("delta") : tenon::Input(1), options);
}

Thing where(const OpCall& call) {
  if (call.count() == 1) return tenon::where(call.input(0), call.options());
  return tenon::where(call.input(0), call.input(1), call.input(2), call.options());
}

std::optional<int64_t> seed_of(const OpCall& call) {
  if (!call.has("seed") || call.attribute("seed").is_null()) return std::nullopt;
  return integer_from(call.attribute("seed"));
}

Thing random_uniform(const OpCall& call) {
  return tenon::random_uniform(call.integers("shape"),
                               {.seed = seed_of(call), .name = call.name()});
}

template <Output (*make)(tenon::Integers, const tenon::RandomNormalOptions&)>
Thing random_of(const OpCall& call) {
  return make(call.integers("shape"), {.seed = seed_of(call), .name = call.name()});
}

}  // namespace

const OpTable& array_ops() {
  static const OpTable ops = {
      {"constant", constant},
      {"placeholder", placeholder},
      {"placeholder_with_default", placeholder_with_default},
      {"no_op", no_op},
      {"group", group},
      {"reshape", reshape},
      {"transpose", transpose},
      {"concat", concat},
      {"split", split},
      {"stack", stack},
      {"unstack", unstack},
      {"slice", slice},
      {"strided_slice", strided_slice},
      {"pad", pad},
      {"gather", gather},
      {"one_hot", one_hot},
      {"tile", tile},
      {"expand_dims", expand_dims},
      {"squeeze", squeeze},
      {"zeros_like", filled_like<tenon::zeros_like>},
      {"ones_like", filled_like<tenon::ones_like>},
      {"shape", measured<tenon::shape>},
      {"size", measured<tenon::size>},
      {"fill", fill},
      {"zeros", filled<tenon::zeros>},
      {"ones", filled<tenon::ones>},
      {"range", range},
      {"where", where},
      {"random_uniform", random_uniform},
      {"random_normal", random_of<tenon::random_normal>},
      {"truncated_normal", random_of<tenon::truncated_normal>},
  };
  return ops;
}

}  // namespace replay
