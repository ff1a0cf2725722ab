// What puts elements in another order: blocks, reversals, bands and diagonals, sorting; einsum.
// Included by tenon/ops.h, which says what all share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"

namespace tenon {

using Sides = std::vector<std::pair<int64_t, int64_t>>;  // before and after, one an axis

// Blocks of the axes behind the first moved into the batch: input [batch, spatial..., rest] is
// padded with zeros and cut into blocks of block_shape -> [batch * the blocks' sizes, spatial /
// block_shape..., rest]. Throws ValueError (shape_incompatible) where that doesn't divide.
TENON_API Output space_to_batch_nd(Input input, const std::vector<int64_t>& block_shape,
                                   const Sides& paddings, const OpOptions& options = {});
// The same with paddings [axes, 2] that only the run knows.
TENON_API Output space_to_batch_nd(Input input, const std::vector<int64_t>& block_shape,
                                   const Output& paddings, const OpOptions& options = {});
// What undoes it; crops is what is cut off after that.
TENON_API Output batch_to_space_nd(Input input, const std::vector<int64_t>& block_shape,
                                   const Sides& crops, const OpOptions& options = {});
TENON_API Output batch_to_space_nd(Input input, const std::vector<int64_t>& block_shape,
                                   const Output& crops, const OpOptions& options = {});

struct BlockOptions {
  std::string data_format = "NHWC";  // or "NCHW"
  std::string name = {};
};
// Blocks of an image moved into its channels, and back: [N, H, W, C] and [N, H / block, W / block,
// C
// * block * block].
TENON_API Output space_to_depth(Input input, int64_t block_size, const BlockOptions& options = {});
TENON_API Output depth_to_space(Input input, int64_t block_size, const BlockOptions& options = {});

// The order of the elements along these axes turned around.
TENON_API Output reverse(Input tensor, const Axes& axis, const OpOptions& options = {});
struct ReverseSequenceOptions {
  int64_t seq_axis = 1;
  int64_t batch_axis = 0;
  std::string name = {};
};
// The first seq_lengths[i] elements of sequence i turned around. A length out of range fails when
// it is run (InvalidArgumentError, index_out_of_range).
TENON_API Output reverse_sequence(Input input, Input seq_lengths,
                                  const ReverseSequenceOptions& options = {});
struct SequenceMaskOptions {
  std::optional<Input> maxlen = {};  // left out: the largest length
  DType dtype = bool_;
  std::string name = {};
};
// lengths [...] -> [..., maxlen]: true where the place is before the length.
TENON_API Output sequence_mask(Input lengths, const SequenceMaskOptions& options = {});

// Of matrices [..., M, N] the diagonals from num_lower below to num_upper above the main one (all
// where it is negative), zeros elsewhere.
TENON_API Output matrix_band_part(Input input, int64_t num_lower, int64_t num_upper,
                                  const OpOptions& options = {});
// Matrices [..., M, N] with another main diagonal [..., min(M, N)].
TENON_API Output matrix_set_diag(Input input, Input diagonal, const OpOptions& options = {});
// A tensor with these elements on its diagonal: of shape diagonal.shape twice; and back.
TENON_API Output diag(Input diagonal, const OpOptions& options = {});
TENON_API Output diag_part(Input input, const OpOptions& options = {});

struct SortOptions {
  int64_t axis = -1;
  std::string direction = "ASCENDING";  // or "DESCENDING"
  std::string name = {};
};
// The elements in order along an axis, and the places that they come from (int32), those of equals
// in their order. NaN comes last. Throws ValueError (bad_argument) for another direction.
TENON_API Output sort(Input values, const SortOptions& options = {});
TENON_API Output argsort(Input values, const SortOptions& options = {});

// Products of tensors summed over axes, each named by a letter: "ij,jk->ik" is a matrix product,
// "ii" isn't taken. Without "->" the result has the letters that come once, in alphabetical order.
// "..." stands for all other axes of an input, which broadcast and come first in such a result.
// Throws ValueError (bad_argument) for an equation that doesn't fit the inputs.
TENON_API Output einsum(const std::string& equation, const Inputs& inputs,
                        const OpOptions& options = {});

struct RandomShuffleOptions {
  std::optional<int64_t> seed = {};
  std::string name = {};
};
// The rows in a random order, each once.
TENON_API Output random_shuffle(Input value, const RandomShuffleOptions& options = {});
struct MultinomialOptions {
  std::optional<int64_t> seed = {};
  DType output_dtype = int64;  // or int32
  std::string name = {};
};
// For each row of logits [batch, classes] so many classes, drawn by their probabilities softmax(
// logits): [batch, num_samples].
TENON_API Output multinomial(Input logits, int64_t num_samples,
                             const MultinomialOptions& options = {});

}  // namespace tenon
