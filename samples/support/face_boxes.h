// The boxes that MTCNN passes from one of its networks to the next.
#pragma once

#include <array>
#include <utility>
#include <vector>

namespace samples {

struct FaceBox {
  double left, top, right, bottom;   // pixels of the picture, counted from one
  double likely;                     // that it holds a face, 0 to 1
  std::array<double, 4> shift = {};  // of the four edges, in widths and heights of the box
  std::array<std::pair<double, double>, 5> points = {};  // the eyes, the nose, the mouth's corners

  // The edges moved by `shift`, of a box as wide as right - left + extra.
  FaceBox shifted(double extra) const;
  FaceBox squared() const;    // around the same middle, with the longer edge
  FaceBox truncated() const;  // whole pixels
};

// The boxes by falling likelihood, without those that overlap a likelier one by more than a share
// of both together, or (`of_smaller`) of the smaller one.
std::vector<FaceBox> without_overlaps(std::vector<FaceBox> boxes, double share,
                                      bool of_smaller = false);

}  // namespace samples
