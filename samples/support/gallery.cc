#include "support/gallery.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>
#include <sstream>
#include <string_view>

#include "support/page.h"

namespace digits {
namespace {

using samples::number;

constexpr size_t kPerLine = 5;  // on a terminal
constexpr size_t kPerRow = 10;  // on a page

double mean_of(std::span<const double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double recent_mean(std::span<const double> values) {
  return mean_of(values.last(std::min<size_t>(100, values.size())));
}

std::string percent(double share) { return number(100 * share, 1) + " %"; }

void draw_line(std::ostream& out, std::span<const float> images) {
  constexpr std::string_view kShades = " .:-=+*#%@";
  for (size_t row = 0; row < kSide; ++row) {
    std::string line;
    for (size_t start = row * kSide; start < images.size(); start += kPixels) {
      for (size_t column = 0; column < kSide; ++column) {
        const double ink = std::clamp(static_cast<double>(images[start + column]), 0.0, 1.0);
        const long shade = std::lround(ink * static_cast<double>(kShades.size() - 1));
        line.append(
            2, kShades[static_cast<size_t>(shade)]);  // a character is about twice as high as wide
      }
    }
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  }
}

void write_numbers(std::ostream& out, const Gallery& gallery) {
  const size_t steps = gallery.generator_losses.size();
  out << "<div class=\"numbers\">\n";
  if (!gallery.stages.empty()) {
    out << samples::figure(percent(gallery.stages.back().readable),
                           "of the drawings look most like the digit asked for", true);
  }
  out << samples::figure(std::to_string(steps), "steps of training")
      << samples::figure(number(gallery.seconds, 1) + " s", "for all of them") << "</div>\n";
}

// The least of 1, 10, 100, ... that leaves at most so many points of these steps.
size_t steps_a_point(size_t steps, size_t most_points) {
  size_t every = 1;
  while (steps / every > most_points) every *= 10;
  return every;
}

void write_losses(std::ostream& out, const Gallery& gallery) {
  std::vector<samples::Curve> curves = {{"discriminator", "#167d70", {}},
                                        {"generator", "#b9772b", {}}};
  const size_t steps = gallery.generator_losses.size();
  const size_t every = steps_a_point(steps, 99);
  for (size_t start = 0; start + every <= steps; start += every) {  // a point is the mean of them
    curves[0].values.push_back(
        mean_of(std::span(gallery.discriminator_losses).subspan(start, every)));
    curves[1].values.push_back(mean_of(std::span(gallery.generator_losses).subspan(start, every)));
  }
  out << "<section class=\"card\"><h2>Losses</h2>\n"
      << samples::legend(curves)
      << samples::chart(curves, every == 1 ? "step" : "steps / " + std::to_string(every), 1, 0)
      << "</section>\n";
}

void write_row(std::ostream& out, std::span<const float> images, int cell) {
  out << "<div class=\"tiles\">\n";
  for (size_t start = 0; start < images.size(); start += kPixels) {
    out << "<div class=\"tile\">"
        << samples::picture(&images[start], kSide, kSide, cell,
                            "asked for a " + std::to_string(start / kPixels % kPerRow))
        << "</div>\n";
  }
  out << "</div>\n";
}

void write_stages(std::ostream& out, const Gallery& gallery) {
  out << "<section class=\"card\"><h2>How they came about</h2>\n<p>The same ten drawings, from the "
         "same noise, as training went on.</p>\n<table class=\"stages\">\n";
  for (const Gallery::Stage& stage : gallery.stages) {
    const size_t shown = std::min(stage.images.size(), kPerRow * kPixels);
    out << "<tr><th>step " << stage.step << "</th><td>\n";
    write_row(out, std::span(stage.images).first(shown), 4);
    out << "</td></tr>\n";
  }
  out << "</table></section>\n";
}

void write_drawings(std::ostream& out, std::span<const float> images) {
  out << "<section class=\"card\"><h2>Drawings</h2>\n<p>A column a digit; each drawing from noise "
         "of its own.</p>\n<div class=\"ten\">\n";
  while (!images.empty()) {
    const size_t count = std::min(images.size(), kPerRow * kPixels);
    write_row(out, images.first(count), 9);
    images = images.subspan(count);
  }
  out << "</div></section>\n";
}

}  // namespace

void print_stage(std::ostream& out, const Gallery& gallery) {
  const Gallery::Stage& stage = gallery.stages.back();
  out << "step " << stage.step << "  discriminator's loss "
      << number(recent_mean(gallery.discriminator_losses), 3) << "  generator's "
      << number(recent_mean(gallery.generator_losses), 3) << "  readable drawings "
      << percent(stage.readable) << '\n';
}

void draw(std::ostream& out, std::span<const float> images) {
  while (!images.empty()) {
    const size_t count = std::min(images.size(), kPerLine * kPixels);
    draw_line(out, images.first(count));
    images = images.subspan(count);
    if (!images.empty()) out << '\n';
  }
}

std::string to_html(const Gallery& gallery) {
  std::ostringstream out;
  write_numbers(out, gallery);
  out << "<div class=\"two\">\n";
  write_losses(out, gallery);
  write_stages(out, gallery);
  out << "</div>\n";
  if (!gallery.stages.empty()) write_drawings(out, gallery.stages.back().images);
  return samples::page("Drawing digits",
                       "One network draws digits of 8&times;8 pixels, another tells the drawings "
                       "from real images; each learns from the other.",
                       out.str(), kCredit);
}

void write_gallery(const Gallery& gallery, const std::string& path, std::ostream& out) {
  samples::write_page(to_html(gallery), path);
  out << "The drawings are in " << path << '\n';
}

}  // namespace digits
