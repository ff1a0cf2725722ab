#include "support/report.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "support/page.h"
#include "support/svg.h"

namespace digits {
namespace {

using samples::escape;
using samples::figure;

constexpr const char* kTrainColor = "#b9772b";
constexpr const char* kTestColor = "#167d70";
constexpr size_t kMostMistakes = 40;

std::string percent(double share, int digits = 1) { return number(100 * share, digits) + " %"; }

size_t count_images(const Report& report) {
  size_t images = 0;
  for (const auto& row : report.confusion) {
    for (const int count : row) images += static_cast<size_t>(count);
  }
  return images;
}

std::string fact(const Report& report, const std::string& name) {
  for (const auto& [key, value] : report.facts) {
    if (key == name) return value;
  }
  return "";
}

void write_numbers(std::ostream& out, const Report& report) {
  const size_t images = count_images(report);
  out << "<div class=\"numbers\">\n"
      << figure(percent(report.test_accuracy()), "of the test images read correctly", true)
      << figure(std::to_string(report.mistakes.size()) + " of " + std::to_string(images),
                "test images read wrongly");
  for (const auto& [name, what] : {std::pair("training time", "for the whole training"),
                                   {"images a second", "images a second while training"}}) {
    if (const std::string value = fact(report, name); !value.empty()) out << figure(value, what);
  }
  out << "</div>\n";
}

void write_curves(std::ostream& out, const Report& report) {
  std::vector<double> train_loss, test_loss, train_accuracy, test_accuracy;
  for (const EpochFigures& epoch : report.epochs) {
    train_loss.push_back(epoch.train_loss);
    test_loss.push_back(epoch.test_loss);
    train_accuracy.push_back(100 * epoch.train_accuracy);
    test_accuracy.push_back(100 * epoch.test_accuracy);
  }
  const auto card = [&](const char* title, int digits, double ceiling,
                        const std::vector<double>& training, const std::vector<double>& test) {
    const std::vector<samples::Curve> curves = {{"training", kTrainColor, training},
                                                {"test", kTestColor, test}};
    out << "<section class=\"card\"><h2>" << title << "</h2>\n"
        << samples::legend(curves) << samples::chart(curves, "epoch", digits, ceiling)
        << "</section>\n";
  };
  out << "<div class=\"two\">\n";
  card("Loss", 1, 0, train_loss, test_loss);
  card("Accuracy, %", 0, 100, train_accuracy, test_accuracy);
  out << "</div>\n";
}

void write_confusion(std::ostream& out, const Report& report) {
  std::vector<std::vector<int>> counts;
  for (const auto& row : report.confusion) counts.emplace_back(row.begin(), row.end());
  out << "<section class=\"card\"><h2>What was read as what</h2>\n"
      << "<p>Rows: the digit shown. Columns: the digit read.</p>\n"
      << samples::confusion(counts) << "</section>\n";
}

void write_mistakes(std::ostream& out, const Report& report) {
  out << "<section class=\"card\"><h2>Read wrongly</h2>\n";
  if (report.mistakes.empty()) {
    out << "<p>None: every test image was read correctly.</p></section>\n";
    return;
  }
  const size_t shown = std::min(report.mistakes.size(), kMostMistakes);
  out << "<p>" << (shown == report.mistakes.size() ? "All" : "The first " + std::to_string(shown))
      << " of the test images that were taken for another digit, and how sure the network "
         "was.</p>\n"
      << "<div class=\"tiles\">\n";
  const int cell = shown <= 9 ? 14 : 10;  // a few are drawn larger
  for (size_t i = 0; i < shown; ++i) {
    const Mistake& mistake = report.mistakes[i];
    const std::string title =
        std::to_string(mistake.shown) + " read as " + std::to_string(mistake.read);
    out << "<div class=\"tile\">"
        << samples::picture(mistake.pixels.data(), kSide, kSide, cell, title) << "<b>"
        << mistake.shown << " &rarr; " << mistake.read << "</b><br>"
        << percent(mistake.confidence, 0) << "</div>\n";
  }
  out << "</div></section>\n";
}

void write_filters(std::ostream& out, const Report& report) {
  const size_t area = report.filter_side * report.filter_side;
  const size_t filters = report.filters.size() / area;
  float limit = 0;
  for (const float value : report.filters) {
    if (std::isfinite(value)) limit = std::max(limit, std::abs(value));
  }
  out << "<section class=\"card\"><h2>The first layer's filters</h2>\n"
      << "<p>What each of the " << filters
      << " filters looks for: orange where it wants ink, blue where it wants paper.</p>\n"
      << "<div class=\"tiles even\">\n";
  for (size_t f = 0; f < filters; ++f) {
    std::vector<float> values;
    for (size_t i = 0; i < area; ++i) values.push_back(report.filters[i * filters + f]);
    out << "<div class=\"tile\">"
        << samples::signed_picture(values, report.filter_side, report.filter_side, 14, limit,
                                   "filter " + std::to_string(f))
        << "</div>\n";
  }
  out << "</div></section>\n";
}

void write_tables(std::ostream& out, const Report& report) {
  out << "<section class=\"card\"><h2>Variables</h2>\n<p>Each is there once; the training and the "
         "evaluation tower share them.</p>\n<table><tr><th>name</th><th>shape</th><th>dtype</th>"
         "<th>device</th><th class=\"right\">bytes</th></tr>\n";
  for (const VariableRow& row : report.variables) {
    out << "<tr><td>" << escape(row.name) << "</td><td>" << escape(row.shape) << "</td><td>"
        << escape(row.dtype) << "</td><td>" << escape(row.device) << "</td><td class=\"right\">"
        << row.bytes << "</td></tr>\n";
  }
  out << "</table></section>\n<section class=\"card\"><h2>This run</h2>\n<table>\n";
  for (const auto& [name, value] : report.facts) {
    out << "<tr><th>" << escape(name) << "</th><td class=\"wide\">" << escape(value)
        << "</td></tr>\n";
  }
  out << "</table></section>\n";
}

}  // namespace

void Report::add_results(const Dataset& test, std::span<const int32_t> answers,
                         std::span<const float> probabilities) {
  for (size_t i = 0; i < test.size(); ++i) {
    const auto shown = static_cast<size_t>(test.labels[i]), read = static_cast<size_t>(answers[i]);
    ++confusion[shown][read];
    if (shown == read) continue;
    mistakes.push_back({{test.image(i), test.image(i) + kPixels},
                        test.labels[i],
                        answers[i],
                        probabilities[i * kClasses + read]});
  }
}

std::string number(double value, int digits) { return samples::number(value, digits); }

double Report::test_accuracy() const {
  const size_t images = count_images(*this);
  size_t right = 0;
  for (size_t digit = 0; digit < kClasses; ++digit) {
    right += static_cast<size_t>(confusion[digit][digit]);
  }
  return images == 0 ? 0 : static_cast<double>(right) / static_cast<double>(images);
}

std::string to_html(const Report& report) {
  std::ostringstream out;
  write_numbers(out, report);
  write_curves(out, report);
  out << "<div class=\"two\">\n";
  write_confusion(out, report);
  write_mistakes(out, report);
  out << "</div>\n";
  write_filters(out, report);
  write_tables(out, report);
  return samples::page("Reading handwritten digits",
                       "A network of two convolutions and two dense layers, trained with Tenon on "
                       "images of 8&times;8 pixels, and tested on images that it never saw.",
                       out.str(), kCredit);
}

void write_report(const Report& report, const std::string& path, std::ostream& out) {
  samples::write_page(to_html(report), path);
  out << "\nTest accuracy: " << number(report.test_accuracy(), 4) << " (" << report.mistakes.size()
      << " of " << count_images(report) << " images read wrongly)\n"
      << "The report is in " << path << '\n';
}

}  // namespace digits
