// Small drawings as SVG text.
#pragma once

#include <string>
#include <vector>

namespace samples {

// One line of a chart; the point at x = 1, 2, ... Points that aren't finite are gaps.
struct Curve {
  std::string label, color;
  std::vector<double> values;
};

// Text with the characters that HTML gives a meaning replaced.
std::string escape(const std::string& text);

// A number with so many digits after the point.
std::string number(double value, int digits);

// Curves over 1, 2, 3, ... in one pair of axes. `digits` is that of the marks at the left;
// `ceiling` (if positive) the highest that the vertical axis goes.
std::string chart(const std::vector<Curve>& curves, const std::string& x_label, int digits,
                  double ceiling);

// About `most` round numbers that divide low..high evenly; both ends lie within them.
std::vector<double> round_marks(double low, double high, int most);

// A picture of grey levels between 0 (paper) and 1 (ink), row by row.
std::string picture(const float* pixels, size_t height, size_t width, int cell,
                    const std::string& title);

// A picture of signed values: one hue below zero and another above, white at zero. `limit` is the
// value of full colour.
std::string signed_picture(const std::vector<float>& values, size_t height, size_t width, int cell,
                           float limit, const std::string& title);

// Counts as a square table of cells: rows are what is, columns what was answered.
std::string confusion(const std::vector<std::vector<int>>& counts);

}  // namespace samples
