#include "support/svg.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <limits>
#include <sstream>

namespace samples {
namespace {

constexpr int kChartWidth = 460, kChartHeight = 260;
constexpr int kLeft = 46, kRight = 14, kTop = 14, kBottom = 40;

// A colour between white and `full` (red, green, blue).
std::string tint(const int (&full)[3], double share) {
  std::ostringstream text;
  text << '#' << std::hex << std::setfill('0');
  for (const int channel : full) {
    const double value = 255 + (channel - 255) * std::clamp(share, 0.0, 1.0);
    text << std::setw(2) << std::lround(value);
  }
  return text.str();
}

// The plot area of a chart: where values lie on the page.
struct Axes {
  double low, high;
  size_t count;
  double x(size_t point) const {
    const double share =
        count < 2 ? 0.5 : static_cast<double>(point) / static_cast<double>(count - 1);
    return kLeft + share * (kChartWidth - kLeft - kRight);
  }
  double y(double value) const {
    return kTop + (high - value) / (high - low) * (kChartHeight - kTop - kBottom);
  }
};

void draw_axes(std::ostream& out, const Axes& axes, const std::vector<double>& marks, int digits,
               const std::string& x_label) {
  for (const double mark : marks) {
    out << "<line class=\"grid\" x1=\"" << kLeft << "\" x2=\"" << kChartWidth - kRight << "\" y1=\""
        << number(axes.y(mark), 1) << "\" y2=\"" << number(axes.y(mark), 1) << "\"/>"
        << "<text x=\"" << kLeft - 8 << "\" y=\"" << number(axes.y(mark) + 4, 1)
        << "\" text-anchor=\"end\">" << number(mark, digits) << "</text>\n";
  }
  const size_t every = std::max<size_t>(1, (axes.count + 5) / 6);
  for (size_t i = 0; i < axes.count; ++i) {
    const size_t position = i + 1;  // the first, every so many, and the last if there is room
    const bool last = position == axes.count;
    if (position != 1 && !last && (position % every != 0 || axes.count - position < every / 2)) {
      continue;
    }
    out << "<text x=\"" << number(axes.x(i), 1) << "\" y=\"" << kChartHeight - kBottom + 18
        << "\" text-anchor=\"middle\">" << position << "</text>\n";
  }
  out << "<text x=\"" << (kLeft + kChartWidth - kRight) / 2 << "\" y=\"" << kChartHeight - 5
      << "\" text-anchor=\"middle\">" << escape(x_label) << "</text>\n";
}

void draw_curve(std::ostream& out, const Axes& axes, const Curve& curve) {
  std::ostringstream path;
  bool pen_down = false;
  size_t last = curve.values.size();
  for (size_t i = 0; i < curve.values.size(); ++i) {
    const double value = curve.values[i];
    if (!std::isfinite(value)) {
      pen_down = false;
      continue;
    }
    path << (pen_down ? 'L' : 'M') << number(axes.x(i), 1) << ' '
         << number(axes.y(std::clamp(value, axes.low, axes.high)), 1);
    pen_down = true;
    last = i;
  }
  if (last == curve.values.size()) return;  // nothing to draw
  out << "<path d=\"" << path.str() << "\" fill=\"none\" stroke=\"" << curve.color
      << "\" stroke-width=\"2\" stroke-linejoin=\"round\"/><circle cx=\"" << number(axes.x(last), 1)
      << "\" cy=\"" << number(axes.y(std::clamp(curve.values[last], axes.low, axes.high)), 1)
      << "\" r=\"3.5\" fill=\"" << curve.color << "\"/>\n";
}

std::string open_svg(int width, int height, const std::string& label) {
  return "<svg viewBox=\"0 0 " + std::to_string(width) + ' ' + std::to_string(height) +
         "\" width=\"" + std::to_string(width) + "\" height=\"" + std::to_string(height) +
         "\" role=\"img\" aria-label=\"" + escape(label) + "\">\n";
}

std::string square(size_t x, size_t y, int side, const std::string& color) {
  std::ostringstream out;
  out << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << side << "\" height=\"" << side
      << "\" fill=\"" << color << "\"/>";
  return out.str();
}

}  // namespace

std::string escape(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string number(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

std::vector<double> round_marks(double low, double high, int most) {
  const double rough = (high - low) / most;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.999) {
      step = factor * power;
      break;
    }
  }
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  std::vector<double> marks;
  for (double i = first; i <= last; ++i) marks.push_back(i * step);
  return marks;
}

std::string chart(const std::vector<Curve>& curves, const std::string& x_label, int digits,
                  double ceiling) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  size_t count = 0;
  for (const Curve& curve : curves) {
    count = std::max(count, curve.values.size());
    for (const double value : curve.values) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (low > high) low = 0, high = 1;  // no point at all
  if (ceiling > 0)
    high = ceiling;
  else
    low = 0;
  if (high - low < 1e-3) low = high - 1e-3;
  const std::vector<double> marks = round_marks(low, high, 5);
  const Axes axes{marks.front(), marks.back(), count};

  std::ostringstream out;
  out << open_svg(kChartWidth, kChartHeight, "curves over " + x_label);
  draw_axes(out, axes, marks, digits, x_label);
  for (const Curve& curve : curves) draw_curve(out, axes, curve);
  out << "</svg>";
  return out.str();
}

std::string picture(const float* pixels, size_t height, size_t width, int cell,
                    const std::string& title) {
  static constexpr int kInk[3] = {28, 33, 40};
  std::ostringstream out;
  const auto side = static_cast<size_t>(cell);
  out << open_svg(static_cast<int>(width) * cell, static_cast<int>(height) * cell, title)
      << "<title>" << escape(title) << "</title>";
  for (size_t row = 0; row < height; ++row) {
    for (size_t column = 0; column < width; ++column) {
      const float ink = pixels[row * width + column];
      if (ink > 0) out << square(column * side, row * side, cell, tint(kInk, ink));
    }
  }
  out << "</svg>";
  return out.str();
}

std::string signed_picture(const std::vector<float>& values, size_t height, size_t width, int cell,
                           float limit, const std::string& title) {
  static constexpr int kNegative[3] = {33, 102, 172}, kPositive[3] = {200, 90, 20};
  std::ostringstream out;
  const auto side = static_cast<size_t>(cell);
  out << open_svg(static_cast<int>(width) * cell, static_cast<int>(height) * cell, title)
      << "<title>" << escape(title) << "</title>";
  for (size_t i = 0; i < height * width; ++i) {
    const double share = limit > 0 ? values[i] / limit : 0;
    out << square(i % width * side, i / width * side, cell,
                  share < 0 ? tint(kNegative, -share) : tint(kPositive, share));
  }
  out << "</svg>";
  return out.str();
}

std::string confusion(const std::vector<std::vector<int>>& counts) {
  static constexpr int kCorrect[3] = {22, 125, 112}, kWrong[3] = {200, 60, 40};
  constexpr int kCell = 41, kEdge = 34;
  const int side = static_cast<int>(counts.size());
  std::ostringstream out;
  out << open_svg(kEdge + side * kCell + 1, kEdge + side * kCell + 1, "confusion matrix");
  for (int shown = 0; shown < side; ++shown) {
    const std::vector<int>& row = counts[static_cast<size_t>(shown)];
    int total = 0;
    for (const int count : row) total += count;
    const int middle = kEdge + shown * kCell + kCell / 2;
    out << "<text class=\"digit\" x=\"" << middle << "\" y=\"22\" text-anchor=\"middle\">" << shown
        << "</text><text class=\"digit\" x=\"20\" y=\"" << middle + 5
        << "\" text-anchor=\"middle\">" << shown << "</text>\n";
    for (int read = 0; read < side; ++read) {
      const int count = row[static_cast<size_t>(read)];
      const double share = total == 0 ? 0 : static_cast<double>(count) / total;
      const bool right = shown == read;
      // One mistake in a hundred should be seen already.
      const double strength = count == 0 ? 0 : right ? 0.1 + 0.75 * share : 0.2 + 2.5 * share;
      const int x = kEdge + read * kCell, y = kEdge + shown * kCell;
      out << "<g><title>" << shown << " read as " << read << ": " << count << " of " << total
          << "</title><rect x=\"" << x + 1 << "\" y=\"" << y + 1 << "\" width=\"" << kCell - 2
          << "\" height=\"" << kCell - 2 << "\" rx=\"4\" fill=\""
          << (count == 0 ? "#f4f2ee" : tint(right ? kCorrect : kWrong, strength)) << "\"/>";
      if (count > 0) {
        out << "<text class=\"count\" x=\"" << x + kCell / 2 << "\" y=\"" << y + kCell / 2 + 5
            << "\" text-anchor=\"middle\" style=\"fill:" << (strength > 0.5 ? "#fff" : "#1c2128")
            << "\">" << count << "</text>";
      }
      out << "</g>\n";
    }
  }
  out << "</svg>";
  return out.str();
}

}  // namespace samples
