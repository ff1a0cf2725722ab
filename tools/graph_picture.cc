#include "tools/graph_picture.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace tenon::tool {

namespace {

constexpr int kWidth = 150, kHeight = 36, kBetween = 14, kBelow = 40;  // of boxes, in pixels
constexpr size_t kLetters = 22;                                        // that a box has room for

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '&') {
      safe += "&amp;";
    } else if (letter == '<') {
      safe += "&lt;";
    } else if (letter == '>') {
      safe += "&gt;";
    } else {
      safe += letter;
    }
  }
  return safe;
}

// The end of a name that is too long says more than its beginning.
std::string shortened(const std::string& text) {
  return text.size() <= kLetters ? text : ".." + text.substr(text.size() - kLetters + 2);
}

struct Arrow {
  Operation from;
  bool is_control = false;
};

std::vector<Arrow> arrows_to(const Operation& op) {
  std::vector<Arrow> arrows;
  for (int i = 0; i < op.input_count(); ++i) arrows.push_back({op.input(i).op()});
  for (const Operation& control : op.control_inputs()) arrows.push_back({control, true});
  return arrows;
}

struct Box {
  int row = 0, column = 0;
  int left() const { return kBetween + column * (kWidth + kBetween); }
  int top() const { return kBetween + row * (kHeight + kBelow); }
  int middle() const { return left() + kWidth / 2; }
};

// Each operation one row below the lowest that it takes, rows filled in the order of making.
std::map<std::string, Box> laid_out(const std::vector<Operation>& operations) {
  std::map<std::string, Box> boxes;
  std::map<int, int> filled;
  for (const Operation& op : operations) {
    int row = 0;
    for (const Arrow& arrow : arrows_to(op)) {
      const auto from = boxes.find(arrow.from.name());
      if (from != boxes.end()) row = std::max(row, from->second.row + 1);
    }
    boxes[op.name()] = {row, filled[row]++};
  }
  return boxes;
}

void draw_box(const Operation& op, const Box& box, std::ostream& out) {
  out << "<g><title>" << escaped(op.name()) << " (" << escaped(op.type()) << ")</title><rect x=\""
      << box.left() << "\" y=\"" << box.top() << "\" width=\"" << kWidth << "\" height=\""
      << kHeight << "\"/><text x=\"" << box.middle() << "\" y=\"" << box.top() + 15 << "\">"
      << escaped(op.type()) << "</text><text class=\"name\" x=\"" << box.middle() << "\" y=\""
      << box.top() + 29 << "\">" << escaped(shortened(op.name())) << "</text></g>\n";
}

}  // namespace

void write_dot(const Graph& graph, std::ostream& out) {
  out << "digraph model {\n  node [shape=box];\n";
  const std::vector<Operation> operations = graph.operations();
  for (const Operation& op : operations) {
    out << "  \"" << op.name() << "\" [label=\"" << op.type() << "\\n" << op.name() << "\"];\n";
  }
  for (const Operation& op : operations) {
    for (const Arrow& arrow : arrows_to(op)) {
      out << "  \"" << arrow.from.name() << "\" -> \"" << op.name() << '"'
          << (arrow.is_control ? " [style=dashed]" : "") << ";\n";
    }
  }
  out << "}\n";
}

void write_svg(const Graph& graph, std::ostream& out) {
  const std::vector<Operation> operations = graph.operations();
  const std::map<std::string, Box> boxes = laid_out(operations);
  int right = 0, bottom = 0;
  for (const auto& [name, box] : boxes) {
    right = std::max(right, box.left() + kWidth);
    bottom = std::max(bottom, box.top() + kHeight);
  }
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << right + kBetween << "\" height=\""
      << bottom + kBetween
      << "\">\n<style>rect{fill:#eef;stroke:#446} text{font:11px sans-serif;text-anchor:middle} "
         ".name{font-size:9px;fill:#555} line{stroke:#888} .control{stroke-dasharray:3}</style>\n";
  for (const Operation& op : operations) {
    const Box& to = boxes.at(op.name());
    for (const Arrow& arrow : arrows_to(op)) {
      const auto from = boxes.find(arrow.from.name());
      if (from == boxes.end()) continue;
      out << "<line" << (arrow.is_control ? " class=\"control\"" : "") << " x1=\""
          << from->second.middle() << "\" y1=\"" << from->second.top() + kHeight << "\" x2=\""
          << to.middle() << "\" y2=\"" << to.top() << "\"/>\n";
    }
  }
  for (const Operation& op : operations) draw_box(op, boxes.at(op.name()), out);
  out << "</svg>\n";
}

}  // namespace tenon::tool
