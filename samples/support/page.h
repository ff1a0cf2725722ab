// Pages that stand alone: the style is inside, and nothing is loaded from elsewhere.
#pragma once

#include <string>
#include <vector>

#include "support/svg.h"

namespace samples {

// A whole page around HTML text: a title, a sentence about it, what follows, and at its foot where
// the data is from.
std::string page(const std::string& title, const std::string& about, const std::string& body,
                 const std::string& credit);

// One number, large, and what it is. Plain text; `main` puts it in the page's colour.
std::string figure(const std::string& value, const std::string& what, bool main = false);

// What the colours of a chart mean.
std::string legend(const std::vector<Curve>& curves);

// Writes a page. Throws tenon::NotFoundError (bad_argument) when the file can't be written.
void write_page(const std::string& html, const std::string& path);

}  // namespace samples
