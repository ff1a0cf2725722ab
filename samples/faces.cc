// Finds the faces in a photograph, with the networks and weights that MTCNN published for
// TensorFlow 1: a checkpoint made elsewhere, restored by the names of its scopes. `faces --help`
// lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "support/face_boxes.h"
#include "support/flags.h"
#include "support/page.h"
#include "support/picture.h"
#include "support/svg.h"

namespace tn = tenon;
using samples::FaceBox;
using samples::Picture;

namespace {

tn::Output conv(const tn::Output& x, const std::string& name, int64_t size, int64_t filters) {
  auto scope = tn::variable_scope(name);
  auto weights = tn::get_variable("weights", {.shape = {size, size, x.shape()[3], filters}});
  auto biases = tn::get_variable("biases", {.shape = {filters}});
  return tn::nn::conv2d(x, weights, {.strides = {1, 1, 1, 1}, .padding = "VALID"}) + biases;
}

tn::Output dense(const tn::Output& x, const std::string& name, int64_t units) {
  auto scope = tn::variable_scope(name);
  auto weights = tn::get_variable("weights", {.shape = {x.shape()[1], units}});
  return tn::matmul(x, weights) + tn::get_variable("biases", {.shape = {units}});
}

tn::Output prelu(const tn::Output& x, const std::string& name) {
  auto scope = tn::variable_scope(name);
  auto alpha = tn::get_variable("alpha", {.shape = {x.shape()[x.shape().rank() - 1]}});
  return tn::nn::relu(x) - alpha * tn::nn::relu(-x);
}

tn::Output pool(const tn::Output& x, int64_t size, const std::string& padding) {
  return tn::nn::max_pool(
      x, {.ksize = {1, size, size, 1}, .strides = {1, 2, 2, 1}, .padding = padding});
}

tn::Output flat(const tn::Output& x) {
  return tn::reshape(x, {-1, x.shape()[1] * x.shape()[2] * x.shape()[3]});
}

// How likely each place is a face, how its edges move, and where eyes, nose and mouth are.
struct Answers {
  tn::Output likely, shift, points;
};

Answers p_net(const tn::Output& images) {
  auto x = pool(prelu(conv(images, "conv1", 3, 10), "PReLU1"), 2, "SAME");
  x = prelu(conv(x, "conv2", 3, 16), "PReLU2");
  x = prelu(conv(x, "conv3", 3, 32), "PReLU3");
  return {tn::nn::softmax(conv(x, "conv4-1", 1, 2)), conv(x, "conv4-2", 1, 4), {}};
}

Answers r_net(const tn::Output& images) {
  auto x = pool(prelu(conv(images, "conv1", 3, 28), "prelu1"), 3, "SAME");
  x = pool(prelu(conv(x, "conv2", 3, 48), "prelu2"), 3, "VALID");
  x = prelu(conv(x, "conv3", 2, 64), "prelu3");
  x = prelu(dense(flat(x), "conv4", 128), "prelu4");
  return {tn::nn::softmax(dense(x, "conv5-1", 2)), dense(x, "conv5-2", 4), {}};
}

Answers o_net(const tn::Output& images) {
  auto x = pool(prelu(conv(images, "conv1", 3, 32), "prelu1"), 3, "SAME");
  x = pool(prelu(conv(x, "conv2", 3, 64), "prelu2"), 3, "VALID");
  x = pool(prelu(conv(x, "conv3", 3, 64), "prelu3"), 2, "SAME");
  x = prelu(conv(x, "conv4", 2, 128), "prelu4");
  x = prelu(dense(flat(x), "conv5", 256), "prelu5");
  return {tn::nn::softmax(dense(x, "conv6-1", 2)), dense(x, "conv6-2", 4), dense(x, "conv6-3", 10)};
}

// A network as the others use it: a batch of images in, one row of each answer for each image out.
struct Network {
  tn::Output images;
  Answers answers;
};

Network build(const std::string& name, const tn::Shape& shape,
              Answers (*layers)(const tn::Output&)) {
  auto scope = tn::variable_scope(name);
  auto images = tn::placeholder(tn::float32, shape, {.name = "images"});
  return {images, layers(images)};
}

// The three networks, one after the other: each looks at fewer boxes, and closer.
class Detector {
 public:
  explicit Detector(const std::string& checkpoint) {
    tn::train::Saver saver;  // of pnet/conv1/weights and all others, by these names
    saver.restore(session_, checkpoint);
  }

  std::vector<FaceBox> find(const Picture& picture, double smallest_face) const {
    std::vector<FaceBox> boxes;
    const double edge = std::min(picture.width, picture.height);
    for (double scale = 12 / smallest_face; edge * scale >= 12; scale *= 0.709) {
      const auto found = samples::without_overlaps(proposals(picture, scale), 0.5);
      boxes.insert(boxes.end(), found.begin(), found.end());
    }
    boxes = samples::without_overlaps(boxes, 0.7);
    for (FaceBox& box : boxes) box = box.shifted(0).squared().truncated();

    boxes = samples::without_overlaps(judged(refine_, 24, picture, boxes), 0.7);
    for (FaceBox& box : boxes) box = box.shifted(1).squared().truncated();

    boxes = judged(decide_, 48, picture, boxes);
    for (FaceBox& box : boxes) box = box.shifted(1);
    return samples::without_overlaps(boxes, 0.7, true);
  }

 private:
  // Every place of the picture, brought to scale, that may be a face of twelve pixels.
  std::vector<FaceBox> proposals(const Picture& picture, double scale) const {
    const int width = int(std::ceil(picture.width * scale));
    const int height = int(std::ceil(picture.height * scale));
    tn::Tensor image(tn::float32, {1, width, height, 3});
    samples::resample(picture, 0, 0, picture.width, picture.height, width, height,
                      image.mutable_data<float>().data());
    const std::vector<tn::Tensor> answers = propose_({image});
    const auto likely = answers[0].data<float>(), shift = answers[1].data<float>();
    const int64_t rows = answers[0].shape()[2];
    std::vector<FaceBox> boxes;
    for (int64_t i = 0; i < int64_t(likely.size()) / 2; ++i) {
      if (likely[2 * i + 1] < 0.6f) continue;
      const int64_t column = i / rows, row = i % rows;
      const auto x = double(column), y = double(row);
      FaceBox box = {(2 * x + 1) / scale, (2 * y + 1) / scale, (2 * x + 12) / scale,
                     (2 * y + 12) / scale, likely[2 * i + 1]};
      box = box.truncated();
      std::copy_n(&shift[4 * i], 4, box.shift.begin());
      boxes.push_back(box);
    }
    return boxes;
  }

  // The boxes that a network takes for faces, when it sees them at a size of its own.
  static std::vector<FaceBox> judged(const tn::Callable& network, int size, const Picture& picture,
                                     const std::vector<FaceBox>& boxes) {
    if (boxes.empty()) return {};
    tn::Tensor images(tn::float32, {int64_t(boxes.size()), size, size, 3});
    float* image = images.mutable_data<float>().data();
    for (const FaceBox& box : boxes) {
      const int x = int(box.left) - 1, y = int(box.top) - 1;
      samples::resample(picture, x, y, int(box.right) - x, int(box.bottom) - y, size, size, image);
      image += size * size * 3;
    }
    const std::vector<tn::Tensor> answers = network({images});
    std::vector<FaceBox> kept;
    for (size_t i = 0; i < boxes.size(); ++i) {
      const float likely = answers[0].data<float>()[2 * i + 1];
      if (likely <= 0.7f) continue;
      FaceBox box = boxes[i];
      box.likely = likely;
      std::copy_n(&answers[1].data<float>()[4 * i], 4, box.shift.begin());
      for (size_t p = 0; p < (answers.size() > 2 ? 5 : 0); ++p) {
        const float* at = &answers[2].data<float>()[10 * i + p];
        box.points[p] = {box.left - 1 + at[0] * (box.right - box.left + 1),
                         box.top - 1 + at[5] * (box.bottom - box.top + 1)};
      }
      kept.push_back(box);
    }
    return kept;
  }

  Network p_ = build("pnet", {1, -1, -1, 3}, p_net), r_ = build("rnet", {-1, 24, 24, 3}, r_net),
          o_ = build("onet", {-1, 48, 48, 3}, o_net);
  tn::Session session_;
  tn::Callable propose_ =
      session_.make_callable({p_.answers.likely, p_.answers.shift}, {p_.images});
  tn::Callable refine_ = session_.make_callable({r_.answers.likely, r_.answers.shift}, {r_.images});
  tn::Callable decide_ =
      session_.make_callable({o_.answers.likely, o_.answers.shift, o_.answers.points}, {o_.images});
};

void describe(const std::vector<FaceBox>& faces) {
  for (const FaceBox& face : faces) {
    std::cout << "A face of " << int(face.right) - int(face.left) << " x "
              << int(face.bottom) - int(face.top) << " pixels at (" << int(face.left) << ", "
              << int(face.top) << "), " << std::fixed << std::setprecision(2) << 100 * face.likely
              << " % sure; eyes at (" << int(face.points[0].first) << ", "
              << int(face.points[0].second) << ") and (" << int(face.points[1].first) << ", "
              << int(face.points[1].second) << ")\n";
  }
}

void draw(Picture& picture, const std::vector<FaceBox>& faces) {
  const int thick = std::max(1, picture.width / 170);
  for (const FaceBox& face : faces) {
    samples::draw_frame(picture, int(face.left), int(face.top), int(face.right - face.left),
                        int(face.bottom - face.top), thick, {255, 221, 51});
    for (size_t eye : {0, 1}) {
      samples::draw_disc(picture, int(face.points[eye].first), int(face.points[eye].second), thick,
                         {57, 255, 20});
    }
  }
}

std::string report(const Picture& picture, const std::vector<FaceBox>& faces, double seconds) {
  std::string body =
      "<div class=\"numbers\">\n" + samples::figure(std::to_string(faces.size()), "faces", true) +
      samples::figure(samples::number(1000 * seconds, 0) + " ms", "to find them") +
      "</div>\n<section class=\"card\"><img alt=\"The faces that were found\" src=\"" +
      samples::data_url(picture) + "\"></section>\n";
  return samples::page("Finding faces",
                       "Three networks with the weights that MTCNN published for TensorFlow 1, "
                       "restored by the names of their scopes, each looking at fewer boxes and "
                       "closer than the one before.",
                       body, "Networks: MTCNN by K. Zhang and others, 2016.");
}

}  // namespace

int main(int argc, char** argv) try {
  std::string photograph = TENON_SAMPLE_DATA "/astronaut.png", picture_path = "faces.png",
              report_path = "faces.html", checkpoint = TENON_SAMPLE_DATA "/mtcnn/mtcnn";
  int64_t smallest = 20;
  samples::Flags flags("faces", "Finds the faces in a photograph.");
  flags.add("--photograph", photograph, "a PNG file");
  flags.add("--smallest", smallest, "the smallest face that is looked for, in pixels", 1);
  flags.add("--picture", picture_path, "where the photograph with boxes and eyes goes");
  flags.add("--report", report_path, "where the page goes");
  flags.add("--checkpoint", checkpoint, "the weights of the three networks");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();

  Picture picture = samples::read_png(photograph);
  const Detector detector(checkpoint);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<FaceBox> faces = detector.find(picture, double(smallest));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;

  describe(faces);
  std::cout << "Faces: " << faces.size() << '\n';
  draw(picture, faces);
  samples::write_png(picture, picture_path);
  samples::write_page(report(picture, faces, took.count()), report_path);
  std::cout << "The picture is in " << picture_path << ", the report in " << report_path << ".\n";
} catch (const tn::Error& error) {
  std::cerr << "faces: " << error.what() << '\n';
  return 1;
}
