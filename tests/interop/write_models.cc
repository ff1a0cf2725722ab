// Models for TensorFlow to load: write_models FOLDER GRAPHS, where GRAPHS has graphs that
// TensorFlow wrote, which are imported and written again. Beside each lie NAME.feed.npz, what is
// fed, and NAME.want.npz, what Tenon answers; models.py compares.
#include <tenon/tenon.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tn = tenon;

namespace {

using Tensors = std::map<std::string, tn::Tensor>;

// '|' stands for the '/' of names.
std::string key_of(std::string name) {
  for (char& letter : name) letter = letter == '/' ? '|' : letter;
  return name;
}

void write_tensors(const std::string& path, const Tensors& tensors) {
  std::vector<tn::train::StoredVariable> variables;
  for (const auto& [name, tensor] : tensors) {
    variables.push_back({.name = key_of(name), .dtype = tensor.dtype(), .shape = tensor.shape()});
  }
  tn::train::CheckpointWriter writer(path, variables);
  for (const auto& [name, tensor] : tensors) writer.add(key_of(name), tensor);
  writer.finish();
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw tn::RuntimeError(tn::ErrorKind::file_failed, "can't write " + path);
}

// What a model is asked for, and what it is fed.
struct Asked {
  std::vector<tn::Output> fetches = {};
  std::vector<std::pair<tn::Output, tn::Tensor>> feeds = {};
};

tn::Feeds feeds_of(const Asked& asked) {
  tn::Feeds feeds;
  for (const auto& [key, value] : asked.feeds) feeds.push_back({key, value});
  return feeds;
}

void write_answers(const std::string& path, tn::Session& session, const Asked& asked) {
  Tensors fed, wanted;
  for (const auto& [key, value] : asked.feeds) fed[key.name()] = value;
  for (const tn::Output& fetch : asked.fetches) {
    wanted[fetch.name()] = session.run(fetch, feeds_of(asked));
  }
  write_tensors(path + ".feed.npz", fed);
  write_tensors(path + ".want.npz", wanted);
}

tn::Output fed(Asked& asked, const char* name, const tn::Shape& shape, const tn::Tensor& value) {
  const tn::Output key = tn::placeholder(value.dtype(), shape, {.name = name});
  asked.feeds.emplace_back(key, value);
  return key;
}

tn::Variable ramp(const char* name, const tn::Shape& shape, bool resource = false) {
  const int64_t count = shape.element_count();
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(0.1f * float(i % 7) - 0.2f);
  const tn::Tensor tensor = tn::Tensor::from<float>(values, shape);
  return tn::get_variable(name, {.initializer = tn::constant(tensor), .use_resource = resource});
}

void add_gradients(Asked& asked, const tn::Output& y, const tn::ListOf<tn::Ref>& xs) {
  for (const tn::Output& gradient : tn::gradients({y}, xs)) {
    asked.fetches.push_back(tn::identity(gradient));
  }
}

// Shapes that only the run knows, broadcast and summed back.
Asked broadcasts() {
  Asked asked;
  const auto x = fed(asked, "x", {-1, 3}, tn::Tensor({{1.0f, 2.0f, 3.0f}, {4.0f, -5.0f, 6.0f}}));
  const auto w = ramp("w", {3}), s = ramp("s", {});
  const auto y = tn::tanh(x * w + s) / (tn::square(x) + 1.0f) - tn::sqrt(tn::abs(x)) * s;
  asked.fetches = {y, tn::reduce_sum(y, {.axis = {1}}), tn::matmul(y, y, {.transpose_b = true})};
  add_gradients(asked, y, {x, w, s});
  return asked;
}

Asked rows() {
  Asked asked;
  const auto at = fed(asked, "at", {-1}, tn::Tensor({0, 2, 2, 4}));
  const auto table = ramp("table", {5, 3}), resource = ramp("resource", {5, 3}, true);
  const auto taken = tn::gather(table, at), too = tn::gather(resource, at);
  const auto pairs = tn::constant(tn::Tensor({{0, 1}, {4, 2}, {0, 1}}));
  const auto points = tn::gather_nd(table, pairs);
  const auto back = tn::scatter_nd(pairs, tn::square(points), tn::Shape({5, 3}));
  const auto parts = tn::dynamic_partition(table, tn::constant(tn::Tensor({0, 1, 1, 0, 2})), 3);
  const auto means = tn::segment_mean(table, tn::constant(tn::Tensor({0, 0, 1, 3, 3})));
  const auto distinct = tn::unique(at);
  const auto boxes = tn::constant(
      tn::Tensor({{0.0f, 0.0f, 1.0f, 1.0f}, {0.0f, 0.1f, 1.0f, 1.1f}, {0.0f, 2.0f, 1.0f, 3.0f}}));
  const auto best = tn::image::non_max_suppression(boxes, {0.5f, 0.9f, 0.7f}, 3);
  asked.fetches = {taken, points, back, parts[1], means, distinct.y, distinct.idx, best};
  const auto y = tn::reduce_sum(tn::square(taken)) + tn::reduce_sum(tn::square(too)) +
                 tn::reduce_sum(back) + tn::reduce_sum(tn::square(parts[0])) +
                 tn::reduce_sum(tn::square(means));
  add_gradients(asked, y, {table, resource});
  return asked;
}

Asked images() {
  Asked asked;
  const auto x = fed(asked, "x", {2, 6, 6, 3}, tn::Tensor::random_normal<float>({2, 6, 6, 3}, 5));
  const auto filter = ramp("filter", {3, 3, 3, 4}), bias = ramp("bias", {4});
  auto y = tn::nn::bias_add(tn::nn::conv2d(x, filter, {.padding = "SAME"}), bias);
  const auto normal = tn::nn::fused_batch_norm(y, tn::ones({4}), tn::zeros({4}));
  y = tn::nn::max_pool(tn::nn::relu(normal.y), {.ksize = {1, 2, 2, 1}, .strides = {1, 2, 2, 1}});
  asked.fetches = {y, tn::nn::softmax(tn::reshape(y, {2, -1}))};
  add_gradients(asked, y * y, {x, filter, bias});
  return asked;
}

Asked conditionals() {
  Asked asked;
  const auto x = fed(asked, "x", {}, tn::Tensor(-1.5f));
  const auto w = ramp("w", {3}), r = ramp("r", {3}, true);
  const tn::Output y = tn::cond(
      x > 0.0f, [&] { return tn::square(w) * x; },
      [&] {
        return tn::Output(tn::cond(
            x < -1.0f, [&] { return tn::exp(r) * w; }, [&] { return tn::Output(w + x); }));
      });
  asked.fetches = {tn::identity(y)};
  add_gradients(asked, y, {x, w, r});
  return asked;
}

Asked loops() {
  Asked asked;
  const auto x = fed(asked, "x", {3}, tn::Tensor({0.5f, -0.25f, 1.5f}));
  const auto w = ramp("w", {3}), r = ramp("r", {3}, true);
  const auto last =
      tn::while_loop([](tn::Output i, tn::Output) { return i < 4; },
                     [&](tn::Output i, tn::Output y) -> tn::Returned {
                       const tn::Output next = tn::cond(
                           tn::equal(tn::floormod(i, 2), 0), [&] { return tn::sin(y) * w; },
                           [&] { return tn::Output(tn::square(y) + r); });
                       return {i + 1, next};
                     },
                     {0, x});
  asked.fetches = {tn::identity(last[0]), tn::identity(last[1])};
  add_gradients(asked, last[1], {x, w, r});
  return asked;
}

// A loop in a loop: its gradient takes lists of lists.
Asked nested_loops() {
  Asked asked;
  const auto x = fed(asked, "x", {2}, tn::Tensor({0.5f, -0.25f}));
  const auto last = tn::while_loop([](tn::Output i, tn::Output) { return i < 3; },
                                   [&](tn::Output i, tn::Output y) -> tn::Returned {
                                     const auto inner = tn::while_loop(
                                         [&](tn::Output j, tn::Output) { return j <= i; },
                                         [](tn::Output j, tn::Output z) -> tn::Returned {
                                           return {j + 1, tn::sin(z) * z};
                                         },
                                         {0, y});
                                     return {i + 1, inner[1] + y};
                                   },
                                   {0, x});
  asked.fetches = {tn::identity(last[1])};
  add_gradients(asked, last[1], {x});
  return asked;
}

Asked recurrent() {
  Asked asked;
  const auto x = fed(asked, "x", {2, -1, 3}, tn::Tensor::random_normal<float>({2, 5, 3}, 3));
  const auto lengths = fed(asked, "lengths", {2}, tn::Tensor({5, 3}));
  tn::nn::BasicLSTMCell cell({.num_units = 4});
  const auto scope = tn::variable_scope("net", {.initializer = tn::random_uniform_initializer(
                                                    {.minval = -0.5f, .maxval = 0.5f, .seed = 3})});
  const auto read =
      tn::nn::dynamic_rnn(cell, x, {.sequence_length = lengths, .dtype = tn::float32});
  asked.fetches = {read.outputs};
  std::vector<tn::Ref> weights;
  for (const tn::Variable& variable : tn::trainable_variables()) weights.emplace_back(variable);
  add_gradients(asked, read.outputs, weights);
  return asked;
}

Asked guards() {
  Asked asked;
  const auto x = fed(asked, "x", {-1}, tn::Tensor({1.0f, 2.0f}));
  const auto w = ramp("w", {2});
  const auto from_w = tn::get_variable("from_w", {.initializer = w.initialized_value() * 2.0f});
  const auto checked = tn::assert_positive(x);
  const auto after = tn::control_dependencies({checked});
  asked.fetches = {tn::Print(x + from_w, {x, w}, {.message = "x and w: "})};
  return asked;
}

// A graph that TensorFlow wrote, with arrays or lists; NAME.npz has what is fed and fetched.
Asked imported(const std::string& path) {
  Asked asked;
  tn::import_graph_def(path + ".pb", {.name = ""});
  const tn::Graph graph = tn::get_default_graph();
  const tn::train::CheckpointReader file(path + ".npz");
  for (const auto& variable : file.variables()) {
    if (variable.name.rfind("0/", 0) != 0) continue;  // of the first run
    const tn::Output tensor = graph.tensor(variable.name.substr(7));
    if (variable.name.compare(2, 4, "feed") == 0) {
      asked.feeds.emplace_back(tensor, file.get_tensor(variable.name));
    } else {
      asked.fetches.push_back(tensor);
    }
  }
  return asked;
}

// The same with the gradient that Tenon makes of it.
Asked imported_with_gradient(const std::string& path) {
  Asked asked = imported(path);
  std::vector<tn::Ref> xs;
  for (const auto& [key, value] : asked.feeds) xs.emplace_back(key);
  add_gradients(asked, asked.fetches[0], xs);
  return asked;
}

// What TensorFlow answers must be reproducible there: values of variables lie in a checkpoint.
void write_case(const std::string& folder, const std::string& name,
                const std::function<Asked()>& build) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  tn::set_random_seed(1);
  const Asked asked = build();
  tn::Session session;
  session.run(tn::global_variables_initializer());
  const std::string path = folder + '/' + name;
  write_answers(path, session, asked);
  write_bytes(path + ".pb", graph.as_graph_def());
  tn::train::export_meta_graph(path + ".meta");
  tn::train::Saver saver({.allow_empty = true});
  saver.save(session, path, {.write_state = false});
  std::vector<std::string> outputs;
  for (const tn::Output& fetch : asked.fetches) outputs.push_back(fetch.op().name());
  write_bytes(path + ".frozen", tn::graph_util::convert_variables_to_constants(session, outputs));
}

// A training: its graph, its state, and its variables after one more step.
void write_training(const std::string& folder) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  tn::set_random_seed(1);
  const auto x = tn::placeholder(tn::float32, {-1, 4}, {.name = "x"});
  const auto labels = tn::placeholder(tn::int32, {-1}, {.name = "labels"});
  const auto step = tn::train::get_or_create_global_step();
  tn::get_variable("parts", {.shape = {6, 2}, .partitioner = tn::fixed_size_partitioner(2)});
  tn::get_variable("resource", {.shape = {2}, .use_resource = true});
  const auto hidden = tn::layers::dense(x, 8, {.activation = tn::nn::relu, .name = "hidden"});
  const auto logits = tn::layers::dense(tn::layers::batch_normalization(hidden, {.training = true}),
                                        3, {.name = "logits"});
  const auto loss = tn::losses::sparse_softmax_cross_entropy(labels, logits);
  tn::summary::scalar("loss", loss);
  tn::Context updates =
      tn::enter_control_dependencies(tn::get_collection<tn::Operation>(tn::GraphKeys::UPDATE_OPS));
  const auto train =
      tn::train::AdamOptimizer({.learning_rate = 0.1f}).minimize(loss, {.global_step = step});
  updates.exit();
  tn::add_to_collection(tn::GraphKeys::TRAIN_OP, train);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  const Asked asked = {.fetches = {loss},
                       .feeds = {{x, tn::Tensor::random_normal<float>({6, 4}, 9)},
                                 {labels, tn::Tensor({0, 1, 2, 2, 1, 0})}}};
  session.run(train, feeds_of(asked));
  tn::train::Saver().save(session, folder + "/training", {.global_step = step});
  write_answers(folder + "/training", session, asked);
  session.run(train, feeds_of(asked));
  Tensors after;
  for (const tn::Variable& variable : tn::global_variables()) {
    for (const tn::Variable& part : variable.parts()) {
      after[part.op().name()] = session.run(part);
    }
  }
  write_tensors(folder + "/training.after.npz", after);
}

// A model to be served, which reads its words from a file that comes with it.
void write_saved_model(const std::string& folder) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const auto x = tn::placeholder(tn::float32, {-1, 2}, {.name = "x"});
  const auto w = ramp("w", {2, 2});
  const auto ready =
      tn::get_variable("ready", {.initializer = tn::constant(0.0f), .trainable = false});
  write_bytes(folder + "/words.txt", "one two");
  const auto words = tn::constant(tn::Tensor((folder + "/words.txt").c_str()));
  const auto y = tn::matmul(x, w) + ready;
  const tn::Output begin = ready.assign(10.0f);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  tn::saved_model::Builder builder(folder + "/served");
  builder.add_meta_graph_and_variables(
      session, {"serve"},
      {.signatures = {{"serving_default", {.inputs = {{"images", x}}, .outputs = {{"scores", y}}}}},
       .assets = {words},
       .main_op = begin.op()});
  builder.save();
  tn::summary::FileWriter events(folder + "/events", graph);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) {
    std::cerr << "Usage: write_models FOLDER GRAPHS\n";
    return 2;
  }
  const std::string folder = arguments[1];
  const std::pair<const char*, std::function<Asked()>> cases[] = {
      {"broadcasts", broadcasts},     {"rows", rows},    {"images", images},
      {"conditionals", conditionals}, {"loops", loops},  {"nested_loops", nested_loops},
      {"recurrent", recurrent},       {"guards", guards}};
  for (const auto& [name, build] : cases) write_case(folder, name, build);
  const std::filesystem::path graphs = arguments[2];
  for (const char* name : {"arrays", "mapped", "gradient_of_arrays", "lists"}) {
    write_case(folder, name, [&] { return imported(graphs / name); });
  }
  write_case(folder, "lists_of_states",
             [&] { return imported_with_gradient(graphs / "lists_of_states"); });
  write_training(folder);
  write_saved_model(folder);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "write_models: " << error.what() << '\n';
  return 1;
}
