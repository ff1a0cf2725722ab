// An image filter of two convolutions: what shares its variables, and what doesn't.
#include <tenon/tenon.h>

#include <functional>
#include <iostream>
#include <string>

namespace tn = tenon;

namespace {

// The names "weights" and "biases" are always the same: the scope tells one layer from another.
tn::Output conv_relu(const tn::Output& input, const tn::Shape& kernel_shape,
                     const tn::Shape& bias_shape) {
  auto weights = tn::get_variable(
      "weights", {.shape = kernel_shape, .initializer = tn::random_normal_initializer()});
  auto biases = tn::get_variable(
      "biases", {.shape = bias_shape, .initializer = tn::constant_initializer(0.0)});
  auto conv = tn::nn::conv2d(input, weights, {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  return tn::nn::relu(conv + biases);
}

tn::Output my_image_filter(const tn::Output& input_images) {
  tn::Output relu1;
  {
    auto scope = tn::variable_scope("conv1");
    relu1 = conv_relu(input_images, {5, 5, 32, 32}, {32});
  }
  auto scope = tn::variable_scope("conv2");
  return conv_relu(relu1, {5, 5, 32, 32}, {32});
}

struct Images {
  tn::Output small = tn::random_normal({1, 10, 10, 32});
  tn::Output large = tn::random_normal({1, 20, 20, 32});
};

// Runs two results and lists the variables that they are made of.
void show(const tn::Output& first, const tn::Output& second) {
  for (const tn::Variable& v : tn::global_variables()) {
    std::cout << "  " << v.name() << ' ' << v.shape() << '\n';
  }
  tn::Session session;
  session.run(tn::global_variables_initializer());
  const std::vector<tn::Tensor> results = session.run({first, second});
  std::cout << "  results: " << results[0].shape() << ' ' << results[1].shape() << '\n';
}

// Two layers in one scope ask for the same name twice.
void two_layers_without_scopes(const Images& images) {
  tn::Output first = conv_relu(images.small, {5, 5, 32, 32}, {32});
  conv_relu(first, {5, 5, 32, 32}, {32});
}

// The model called twice asks for its own names again.
void the_model_twice(const Images& images) {
  my_image_filter(images.small);
  my_image_filter(images.large);
}

void shared_by_string(const Images& images) {
  tn::Output output1, output2;
  {
    auto scope = tn::variable_scope("model");
    output1 = my_image_filter(images.small);
  }
  {
    auto scope = tn::variable_scope("model", {.reuse = true});
    output2 = my_image_filter(images.large);
  }
  show(output1, output2);
}

void shared_by_reuse_variables(const Images& images) {
  auto scope = tn::variable_scope("model");
  tn::Output output1 = my_image_filter(images.small);
  scope.reuse_variables();
  tn::Output output2 = my_image_filter(images.large);
  show(output1, output2);
}

void shared_by_object(const Images& images) {
  tn::VariableScope model;
  tn::Output output1, output2;
  {
    auto scope = tn::variable_scope("model");
    output1 = my_image_filter(images.small);
    model = scope.scope();
  }
  {
    auto scope = tn::variable_scope(model, {.reuse = true});
    output2 = my_image_filter(images.large);
  }
  show(output1, output2);
}

// Each in a graph of its own.
void demonstrate(const std::string& title, const std::function<void(const Images&)>& build) {
  tn::Graph graph;
  auto as_default = graph.as_default();
  std::cout << title << '\n';
  try {
    build(Images());
  } catch (const tn::ValueError& error) {
    std::cout << "  fails, " << to_string(error.kind()) << ":\n    " << error.what() << '\n';
  }
}

}  // namespace

int main() {
  try {
    demonstrate("Two conv_relu layers without scopes", two_layers_without_scopes);
    demonstrate("The filter called twice", the_model_twice);
    demonstrate("Shared by entering \"model\" again with reuse", shared_by_string);
    demonstrate("Shared by reuse_variables", shared_by_reuse_variables);
    demonstrate("Shared by the captured scope", shared_by_object);
  } catch (const tn::Error& error) {
    std::cerr << "image_filter: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
