// Images and labels as tensors.
#pragma once

#include <tenon/tenon.h>

#include <span>

#include "support/digits_data.h"

namespace digits {

// Room for a number of images, filled again for each batch of that many.
struct Batch {
  explicit Batch(size_t size);
  explicit Batch(const Dataset& all);  // filled with all of them, in order

  // These images; as many as there is room for.
  void fill(const Dataset& data, std::span<const size_t> indices);
  // Images taken at random, some of them perhaps twice.
  void fill_at_random(const Dataset& data, Shuffler& random);
  // Moves about half of the images by up to a pixel each way, paper coming in from the edge: a
  // digit is the same digit a pixel further.
  void jitter(Shuffler& random);

  tenon::Tensor images;  // float32 [size, 8, 8, 1]
  tenon::Tensor labels;  // int32 [size]
};

// The share of drawings [N, 64] that are nearest to a real image of the digit that was asked for.
tenon::Output readable(tenon::Output drawn, tenon::Output digits, const Dataset& all);

}  // namespace digits
