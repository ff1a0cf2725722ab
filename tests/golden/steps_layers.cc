// Steps of layers.
#include "tests/golden/layer_fields.h"
#include "tests/golden/program.h"

namespace replay {

namespace {

namespace layers = tenon::layers;
using tenon::Input;
using tenon::Output;

using LayerFunction = Output (*)(Program&, const Json&, const Input&);

Output dense(Program& program, const Json& step, const Input& in) {
  return layers::dense(in, integer_from(step.at("units")),
                       layer_options<layers::DenseOptions>(program, step));
}

template <typename Options,
          Output (*function)(Input, int64_t, const layers::Sizes&, const Options&)>
Output convolved(Program& program, const Json& step, const Input& in) {
  return function(in, integer_from(step.at("filters")), sizes_of(step.at("kernel_size")),
                  layer_options<Options>(program, step));
}

template <Output (*function)(Input, const layers::Sizes&, const layers::Sizes&,
                             const layers::PoolingOptions&)>
Output pooled(Program& program, const Json& step, const Input& in) {
  return function(in, sizes_of(step.at("pool_size")), sizes_of(step.at("strides")),
                  layer_options<layers::PoolingOptions>(program, step));
}

template <typename Options, Output (*function)(Input, const Options&)>
Output plain(Program& program, const Json& step, const Input& in) {
  return function(in, layer_options<Options>(program, step));
}

Output flatten(Program& program, const Json& step, const Input& in) {
  if (step.contains("units")) {
    throw Mistake{"bad_argument", "TypeError", "flatten has no argument units"};
  }
  return plain<layers::FlattenOptions, layers::flatten>(program, step, in);
}

const std::map<std::string, LayerFunction> kLayers = {
    {"dense", dense},
    {"conv1d", convolved<layers::ConvOptions, layers::conv1d>},
    {"conv2d", convolved<layers::ConvOptions, layers::conv2d>},
    {"conv2d_transpose", convolved<layers::ConvOptions, layers::conv2d_transpose>},
    {"separable_conv2d", convolved<layers::SeparableConvOptions, layers::separable_conv2d>},
    {"max_pooling1d", pooled<layers::max_pooling1d>},
    {"max_pooling2d", pooled<layers::max_pooling2d>},
    {"average_pooling1d", pooled<layers::average_pooling1d>},
    {"average_pooling2d", pooled<layers::average_pooling2d>},
    {"batch_normalization", plain<layers::BatchNormalizationOptions, layers::batch_normalization>},
    {"dropout", plain<layers::DropoutOptions, layers::dropout>},
    {"flatten", flatten},
};

Result layer(Program& program, const Json& step) {
  const Input in = program.input(step.at("in").at(0));
  return described(chosen(kLayers, text(step, "layer"))(program, step, in));
}

LayerPtr made_layer(Program& program, const Json& step) {
  const std::string kind = text(step, "layer");
  if (kind == "Dense") {
    return std::make_shared<layers::Dense>(integer_from(step.at("units")),
                                           layer_options<layers::DenseOptions>(program, step));
  }
  if (kind == "Conv2D") {
    return std::make_shared<layers::Conv2D>(integer_from(step.at("filters")),
                                            sizes_of(step.at("kernel_size")),
                                            layer_options<layers::ConvOptions>(program, step));
  }
  if (kind != "BatchNormalization") throw not_a_program("there is no layer " + kind);
  return std::make_shared<layers::BatchNormalization>(
      layer_options<layers::BatchNormalizationOptions>(program, step));
}

Result make_layer(Program& program, const Json& step) {
  return {made_layer(program, step), {{"kind", "layer"}}};
}

LayerPtr layer_of(Program& program, const Json& step) {
  const Thing found = program.thing(step.at("of"));
  if (const auto* made = std::get_if<LayerPtr>(&found)) return *made;
  throw BadReference{};
}

Result call_layer(Program& program, const Json& step) {
  const LayerPtr made = layer_of(program, step);
  const Input in = program.input(step.at("in").at(0));
  if (auto* normalization = dynamic_cast<layers::BatchNormalization*>(made.get())) {
    if (!field(step, "training").is_null()) {
      Input training = false;
      read(program, step["training"], training);
      return described((*normalization)(in, training));
    }
    return described((*normalization)(in));
  }
  return described((*made)(in));
}

Result layer_variables(Program& program, const Json& step) {
  const LayerPtr made = layer_of(program, step);
  const std::string which = text(step, "which", "variables");
  const bool trained = which.rfind("trainable", 0) == 0, fixed = which.rfind("non_", 0) == 0;
  auto list = list_of(trained ? made->trainable_variables()
                      : fixed ? made->non_trainable_variables()
                              : made->variables());
  return {list, items_answer(list->items)};
}

Result update_ops(Program&, const Json& step) {
  const std::string key(tenon::GraphKeys::UPDATE_OPS), scope = text(step, "scope");
  auto list = list_of(scope.empty() ? tenon::get_collection<tenon::Operation>(key)
                                    : tenon::get_collection<tenon::Operation>(key, scope));
  const size_t count = list->items.size();
  return {list, {{"value", count}}};
}

}  // namespace

const StepTable& layer_steps() {
  static const StepTable steps = {
      {"layer", layer},           {"make_layer", make_layer},
      {"call_layer", call_layer}, {"layer_variables", layer_variables},
      {"update_ops", update_ops},
  };
  return steps;
}

}  // namespace replay
