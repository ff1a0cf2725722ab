#include "support/face_boxes.h"

#include <algorithm>
#include <cmath>

namespace samples {
namespace {

double area(const FaceBox& box) {
  return std::max(0., box.right - box.left + 1) * std::max(0., box.bottom - box.top + 1);
}

double overlap(const FaceBox& a, const FaceBox& b, bool of_smaller) {
  const double both = area({std::max(a.left, b.left), std::max(a.top, b.top),
                            std::min(a.right, b.right), std::min(a.bottom, b.bottom), 0});
  return both / (of_smaller ? std::min(area(a), area(b)) : area(a) + area(b) - both);
}

}  // namespace

FaceBox FaceBox::shifted(double extra) const {
  const double width = right - left + extra, height = bottom - top + extra;
  FaceBox box = *this;
  box.left += shift[0] * width;
  box.top += shift[1] * height;
  box.right += shift[2] * width;
  box.bottom += shift[3] * height;
  return box;
}

FaceBox FaceBox::squared() const {
  const double width = right - left, height = bottom - top, edge = std::max(width, height);
  FaceBox box = *this;
  box.left += (width - edge) / 2;
  box.top += (height - edge) / 2;
  box.right = box.left + edge;
  box.bottom = box.top + edge;
  return box;
}

FaceBox FaceBox::truncated() const {
  FaceBox box = *this;
  for (double* edge : {&box.left, &box.top, &box.right, &box.bottom}) *edge = std::trunc(*edge);
  return box;
}

std::vector<FaceBox> without_overlaps(std::vector<FaceBox> boxes, double share, bool of_smaller) {
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](const FaceBox& a, const FaceBox& b) { return a.likely > b.likely; });
  std::vector<FaceBox> kept;
  for (const FaceBox& box : boxes) {
    const bool free = std::none_of(kept.begin(), kept.end(), [&](const FaceBox& other) {
      return overlap(box, other, of_smaller) > share;
    });
    if (free) kept.push_back(box);
  }
  return kept;
}

}  // namespace samples
