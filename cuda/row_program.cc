#include "cuda/row_program.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

namespace tenon::cuda {
namespace {

using internal::ElementwiseProgram;
using internal::KernelRequest;
using internal::Primitive;
using internal::TileProgram;
using Part = TileProgram::Part;
using Reach = RowStep::Reach;

constexpr size_t kMostInstructions = 256;

struct Frame {
  int64_t rows, length;
};

std::optional<Reduce> reduction_of(std::string_view op) {
  static constexpr std::pair<std::string_view, Reduce> kReductions[] = {{"Sum", Reduce::kSum},
                                                                        {"Mean", Reduce::kMean},
                                                                        {"Prod", Reduce::kProd},
                                                                        {"Max", Reduce::kMax},
                                                                        {"Min", Reduce::kMin}};
  for (const auto& [name, reduce] : kReductions) {
    if (name == op) return reduce;
  }
  return std::nullopt;
}

// The rows of a reduction that takes whole ones, each of them in one piece.
std::optional<Frame> frame_of(const Part& part) {
  const bool is_float = part.dtype == DType::float32 || part.dtype == DType::float64;
  if (part.program != nullptr || !is_float || !reduction_of(part.request.op)) return std::nullopt;
  const internal::ReducedAxes axes(part.request.input_shape(0), internal::named_axes(part.request));
  const bool whole_rows = axes.inner_reduced && axes.reduced.empty() && axes.kept.size() <= 1;
  if (!whole_rows || ReductionPieces(axes).segments > 1) return std::nullopt;
  return Frame{axes.groups, axes.inner};
}

// Of the first reduction there is.
std::optional<Frame> frame_of(const TileProgram& program) {
  for (const Part& part : program.parts) {
    if (part.program == nullptr) return frame_of(part);
  }
  return std::nullopt;
}

// Whether the axes of `from` that aren't repeated are the first ones of `to`, which make `rows`, or
// the others.
bool covers(const Shape& from, const Shape& to, int64_t rows, bool first) {
  const int missing = to.rank() - from.rank();
  int64_t before = 1;
  for (int i = 0; i < to.rank(); ++i) {
    const bool is_first = before < rows;
    before *= to[i];
    if (to[i] == 1) continue;
    const int64_t size = i < missing ? 1 : from[i - missing];
    if (before > rows && is_first) return false;  // an axis of both
    if (size != (is_first == first ? to[i] : 1)) return false;
  }
  return true;
}

// Of an input of a program whose results have the shape `to`.
Reach reach_of(const Shape& from, const Shape& to, const Frame& frame) {
  if (from.element_count() == 1) return Reach::kSingle;
  const bool of_rows = to.element_count() == frame.rows;
  if (from.element_count() == to.element_count()) return of_rows ? Reach::kRow : Reach::kWhole;
  if (of_rows) return Reach::kOffsets;
  if (covers(from, to, frame.rows, true)) return Reach::kRow;
  return covers(from, to, frame.rows, false) ? Reach::kColumn : Reach::kOffsets;
}

// Whether the pass counts it as given by rows (core/plan/tile.cc): then it may be made by a part.
bool by_rows(const Shape& from, const Shape& to) {
  return from.rank() == to.rank() && from[0] == to[0];
}

bool fits(const Part& part, const Frame& frame) {
  if (part.program == nullptr) {
    const std::optional<Frame> own = frame_of(part);
    return own && own->rows == frame.rows && own->length == frame.length;
  }
  const Shape& made = part.request.output_shape(0);
  const int64_t count = made.element_count();
  if (count != frame.rows && count != frame.rows * frame.length) return false;
  return std::all_of(part.request.inputs.begin(), part.request.inputs.end(),
                     [&](const internal::TensorSpec& input) {
                       const Reach reach = reach_of(input.shape, made, frame);
                       return !by_rows(input.shape, made) || reach == Reach::kWhole ||
                              reach == Reach::kRow;
                     });
}

// Numbers the steps of a RowProgram.
class Builder {
 public:
  Builder(const KernelRequest& request, const Frame& frame, RowProgram& to)
      : tiles_(*request.tiles), frame_(frame), to_(to) {}

  void add(const Part& part) {
    made_.push_back(part.program != nullptr ? compute(part) : reduce(part));
  }
  int made_by_value(int value) const {
    return made_[static_cast<size_t>(value) - tiles_.input_by_rows.size()];
  }

 private:
  int append(const RowStep& step) {
    to_.steps.push_back(step);
    return static_cast<int>(to_.steps.size()) - 1;
  }
  const RowStep& step(int number) const { return to_.steps[static_cast<size_t>(number)]; }

  // What a part reads as its input `at`, whose results have the shape `made`.
  int operand(const Part& part, size_t at, const Shape& made) {
    const int value = part.inputs[at];
    if (value >= static_cast<int>(tiles_.input_by_rows.size())) return made_by_value(value);
    const internal::TensorSpec& spec = part.request.inputs[at];
    const Reach reach = reach_of(spec.shape, made, frame_);
    const bool of_rows = made.element_count() == frame_.rows;
    const std::vector<int64_t> key(spec.shape.sizes().begin(), spec.shape.sizes().end());
    const auto [known, added] = loads_.try_emplace(
        {value, reach, of_rows, reach == Reach::kOffsets ? key : std::vector<int64_t>()}, 0);
    if (!added) return known->second;
    RowStep load = {.kind = RowStep::Kind::kLoad,
                    .per_row = of_rows || reach == Reach::kRow || reach == Reach::kSingle,
                    .level = 0,
                    .dtype = spec.dtype,
                    .reach = reach,
                    .input = value};
    if (reach == Reach::kOffsets) {
      load.offsets = static_cast<int>(to_.offsets.size());
      to_.offsets.push_back(broadcast_offsets(spec.shape, made));
    }
    return known->second = append(load);
  }

  int compute(const Part& part) {
    const ElementwiseProgram& program = *part.program;
    const Shape& made = part.request.output_shape(0);
    std::vector<int> values;
    for (size_t i = 0; i < program.inputs.size(); ++i) values.push_back(operand(part, i, made));
    for (const ElementwiseProgram::Constant& constant : program.constants) {
      values.push_back(-1 - static_cast<int>(to_.constants.size()));
      to_.constants.push_back(word_of(constant));
    }
    for (const ElementwiseProgram::Instruction& instruction : program.instructions) {
      RowStep next = {.kind = RowStep::Kind::kCompute,
                      .per_row = true,
                      .level = 0,
                      .dtype = instruction.dtype,
                      .primitive = instruction.primitive,
                      .arithmetic = arithmetic_of(instruction.operand_dtype)};
      const int operands[] = {instruction.a, instruction.b, instruction.c};
      for (size_t i = 0; i < 3 && operands[i] >= 0; ++i) {
        const int from = next.operands[i] = values[static_cast<size_t>(operands[i])];
        if (from < 0) continue;
        next.per_row = next.per_row && step(from).per_row;
        next.level = std::max(next.level, step(from).level);
      }
      values.push_back(append(next));
    }
    return values[static_cast<size_t>(program.outputs[0])];
  }

  int reduce(const Part& part) {
    const int from = operand(part, 0, part.request.input_shape(0));
    RowStep next = {.kind = RowStep::Kind::kReduce,
                    .per_row = true,
                    .level = (from < 0 ? 0 : step(from).level) + 1,
                    .dtype = part.dtype,
                    .reduce = *reduction_of(part.request.op)};
    next.operands[0] = from;
    return append(next);
  }

  const TileProgram& tiles_;
  const Frame frame_;
  RowProgram& to_;
  std::vector<int> made_;  // by part: the step that makes its result
  std::map<std::tuple<int, Reach, bool, std::vector<int64_t>>, int> loads_;
};

}  // namespace

bool is_row_program(const TileProgram& program) {
  const std::vector<Part>& parts = program.parts;
  size_t instructions = 0;
  for (const Part& part : parts) {
    if (part.program != nullptr) instructions += part.program->instructions.size();
  }
  if (instructions > kMostInstructions) return false;
  const bool reduces = std::any_of(parts.begin(), parts.end(),
                                   [](const Part& part) { return part.program == nullptr; });
  if (!reduces) {
    return std::all_of(parts.begin(), parts.end(), [&](const Part& part) {
      return part.request.output_shape(0) == parts[0].request.output_shape(0);
    });
  }
  const std::optional<Frame> frame = frame_of(program);
  return frame && std::all_of(parts.begin(), parts.end(),
                              [&](const Part& part) { return fits(part, *frame); });
}

RowProgram::RowProgram(const KernelRequest& request) {
  const TileProgram& tiles = *request.tiles;
  const std::optional<Frame> frame = frame_of(tiles);
  internal::require<UnimplementedError>(frame.has_value(), ErrorKind::no_kernel,
                                        "The GPU joins only what reduces whole rows");
  rows = frame->rows;
  length = frame->length;
  inputs = request.inputs.size();
  Builder builder(request, *frame, *this);
  for (const Part& part : tiles.parts) builder.add(part);
  for (size_t i = 0; i < tiles.outputs.size(); ++i) {
    outputs.push_back(
        {.step = builder.made_by_value(tiles.outputs[i]),
         .dtype = request.output_dtype(static_cast<int>(i)),
         .per_row = request.output_shape(static_cast<int>(i)).element_count() == rows});
  }
}

}  // namespace tenon::cuda
