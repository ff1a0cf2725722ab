// Summaries: what a graph shows of itself in TensorBoard, as tf.compat.v1.summary makes them.
//
//   summary::scalar("loss", loss);
//   summary::histogram("weights", w);
//   Output all = summary::merge_all();
//   summary::FileWriter writer("run");                       // tenon/file_writer.h
//   writer.add_summary(session.run(all), step);
//
// Each is an operation whose value is a string: the serialized message, which may be merged with
// others and goes into an event file. Its name, which is its tag too, is made unique in the name
// scope that is open; characters that names don't have become "_". With a family, the tag begins
// with the family, and then the name scope. They run on the CPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/collections.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon::summary {

struct SummaryOptions {
  // Where it is listed. Left out: in GraphKeys::SUMMARIES.
  std::optional<std::vector<std::string>> collections = {};
  std::string family = {};
};

struct ImageOptions {
  int64_t max_outputs = 3;  // how many of a batch are shown
  std::optional<std::vector<std::string>> collections = {};
  std::string family = {};
};

// A number.
TENON_API Output scalar(std::string_view name, Input tensor, const SummaryOptions& options = {});
// How the elements of a tensor are distributed. A run throws InvalidArgumentError (bad_argument)
// where one isn't finite.
TENON_API Output histogram(std::string_view name, Input values, const SummaryOptions& options = {});
// Pictures [batch, height, width, channels] of 1 (grey), 3 (colours) or 4 channels (and opacity):
// uint8, or floating numbers, which are scaled to what is seen, each picture for itself. Tags are
// name/image/0, ..., of one picture name/image. Throws InvalidArgumentError (shape_incompatible)
// for another shape, ValueError (bad_argument) for max_outputs below 1.
TENON_API Output image(std::string_view name, Input tensor, const ImageOptions& options = {});
// Strings, which are shown as Markdown; a vector or matrix as a table. Throws ValueError
// (dtype_incompatible) for another dtype.
TENON_API Output text(std::string_view name, Input tensor, const SummaryOptions& options = {});

struct MergeOptions {
  std::vector<std::string> collections = {};
  std::string name = {};
};

// The values of all of them. A run throws InvalidArgumentError (bad_argument) where a tag is there
// twice.
TENON_API Output merge(const Inputs& inputs, const MergeOptions& options = {},
                       Location where = Location::current());
// Of all in a collection, or of those whose names match (get_collection says how); empty where
// there is none.
TENON_API Output merge_all(std::string_view key = GraphKeys::SUMMARIES,
                           std::optional<std::string_view> scope = {}, std::string_view name = {},
                           Location where = Location::current());

}  // namespace tenon::summary
