// What a network draws while it learns to, on the terminal and as a page.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "support/digits_data.h"

namespace digits {

//   Gallery gallery;
//   for each step: gallery.discriminator_losses.push_back(...), generator_losses the same;
//   now and then: gallery.stages.push_back(...); print_stage(std::cout, gallery);
//   at the end: draw(...); write_gallery(gallery, "drawings.html", std::cout);
struct Gallery {
  struct Stage {
    size_t step;
    std::vector<float> images;  // what is drawn now: rows of ten, one of each digit
    double readable;            // the share of drawings that look most like the digit asked for
  };
  std::vector<Stage> stages = {};
  std::vector<double> discriminator_losses = {}, generator_losses = {};  // of every step
  double seconds = 0;                                                    // of training
};

// One line about the last stage, with the mean losses of the last hundred steps.
void print_stage(std::ostream& out, const Gallery& gallery);

// Images as characters, darker ones for ink: five side by side fill a line of 80.
void draw(std::ostream& out, std::span<const float> images);

// The page: the losses, the first row of drawings at each stage, and all of the last stage's.
std::string to_html(const Gallery& gallery);

// Writes the page, and says where it is. Throws as samples::write_page does.
void write_gallery(const Gallery& gallery, const std::string& path, std::ostream& out);

}  // namespace digits
