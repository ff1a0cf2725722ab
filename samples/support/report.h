// Writes what a training did as one HTML page: drawings are SVG inside it, and nothing is loaded
// from elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/digits_data.h"

namespace digits {

struct EpochFigures {
  double train_loss, train_accuracy, test_loss, test_accuracy;
};

// A test image that was read as another digit than it shows.
struct Mistake {
  std::vector<float> pixels;  // kPixels of them, 0 to 1
  int32_t shown, read;
  double confidence;  // the probability given to `read`
};

struct VariableRow {
  std::string name, shape, dtype, device;
  size_t bytes;
};

struct Report {
  std::vector<EpochFigures> epochs;
  std::array<std::array<int, kClasses>, kClasses> confusion{};  // [shown][read], of the test
  std::vector<Mistake> mistakes;
  std::vector<float> filters;  // of the first layer: height x width x filters, row by row
  size_t filter_side = 3;
  std::vector<VariableRow> variables;
  std::vector<std::pair<std::string, std::string>> facts;  // what was run, where, for how long

  // Fills in confusion and mistakes: what each image was read as, and the probabilities of all
  // digits for each image.
  void add_results(const Dataset& test, std::span<const int32_t> answers,
                   std::span<const float> probabilities);
  double test_accuracy() const;  // from the confusion matrix; 0 without any image
};

// A number with so many digits after the point.
std::string number(double value, int digits);

// The whole page. Values that aren't finite leave gaps in the curves.
std::string to_html(const Report& report);

// Writes the page, and says in two lines how good the test was and where the page is. Throws
// tenon::NotFoundError (bad_argument) when the file can't be written.
void write_report(const Report& report, const std::string& path, std::ostream& out);

}  // namespace digits
