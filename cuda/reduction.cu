#include "cuda/reduction.h"

#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

// ---- Operations --------------------------------------------------------------------------------

struct Total {
  template <typename A>
  __device__ A operator()(A a, A b) const {
    return scalar::Add()(a, b);
  }
};
struct Product {
  template <typename A>
  __device__ A operator()(A a, A b) const {
    return scalar::Multiply()(a, b);
  }
};
struct Largest {
  template <typename A>
  __device__ A operator()(A a, A b) const {
    return scalar::Maximum()(a, b);
  }
};
struct Smallest {
  template <typename A>
  __device__ A operator()(A a, A b) const {
    return scalar::Minimum()(a, b);
  }
};

// What sums are kept in.
template <typename T>
using KeptInteger = std::conditional_t<std::is_same_v<T, uint64_t>, uint64_t, int64_t>;
template <typename T>
using Kept = std::conditional_t<std::is_integral_v<T>, KeptInteger<T>, double>;
// The sum of many 64-bit integers, whose mean is one again.
__extension__ using Integer128 = __int128;

template <typename A>
struct Ending {
  A start;     // of a sum of nothing
  bool halve;  // the result of half the squares
  bool is_mean;
  int64_t mean;  // what a mean divides by
  DType dtype;   // of the result
};

// The result of a sum of one dtype's elements.
template <typename A>
__device__ __noinline__ void store_result(const Ending<A>& ending, void* out, int64_t index,
                                          A sum) {
  if constexpr (std::is_same_v<A, Integer128>) {
    const A mean = ending.mean == 0 ? 0 : sum / ending.mean;
    static_cast<int64_t*>(out)[index] = static_cast<int64_t>(mean);
    return;
  }
  if (ending.halve) sum = static_cast<A>(sum / 2);
  if (!ending.is_mean) {
    store_as(ending.dtype, out, index, sum);
  } else if constexpr (std::is_integral_v<A>) {
    store_as(ending.dtype, out, index, ending.mean == 0 ? A{0} : sum / static_cast<A>(ending.mean));
  } else {
    store_as(ending.dtype, out, index, sum / static_cast<A>(ending.mean));
  }
}

// ---- Kernels -----------------------------------------------------------------------------------

// How the elements lie, cut into segments: piece (group, segment) takes elements
// [segment * length, + length) of what the group reduces.
struct Layout {
  Offsets kept, reduced;  // of a group; of a reduced element, or of a row of `width` columns
  int64_t groups, width;  // results: groups * width
  int64_t count;          // reduced elements (rows, where columns are kept)
  int64_t segments, length;
};

// Elements as they are summed, of one type,
template <typename T, typename S = Kept<T>>
struct Elements {
  using Sum = S;
  const T* x;
  __device__ Sum operator()(int64_t i) const { return static_cast<Sum>(widened(x[i])); }
};
// or of any of bool and the integers of 8 and 16 bits.
struct NarrowElements {
  using Sum = int64_t;
  const void* x;
  DType dtype;
  __device__ Sum operator()(int64_t i) const { return load_as<int64_t>(dtype, x, i); }
};

template <bool kSquares, class Source>
__device__ typename Source::Sum taken(const Source& x, int64_t i) {
  const auto value = x(i);
  return kSquares ? value * value : value;
}

// Where the innermost axis is reduced: a team for each piece.
template <class Source, class Op, bool kSquares, typename A = typename Source::Sum>
__global__ void reduce_rows(Source x, void* out, A* partial, Layout layout, Ending<A> ending,
                            int team_threads) {
  const Team team(team_threads);
  team.for_each(layout.groups * layout.segments, [&](int64_t piece) {
    const int64_t group = piece / layout.segments, segment = piece % layout.segments;
    const int64_t from = layout.kept(group);
    const int64_t first = segment * layout.length;
    const int64_t last = min(layout.count, first + layout.length);
    A sum = ending.start;
    for (int64_t i = first + team.rank(); i < last; i += team.size()) {
      sum = Op()(sum, taken<kSquares>(x, from + layout.reduced(i)));
    }
    sum = team.reduce(sum, Op());
    if (team.rank() != 0) return;
    if (layout.segments == 1) {
      store_result(ending, out, group, sum);
    } else {
      partial[piece] = sum;
    }
  });
}

constexpr int kColumns = ReductionPieces::kColumns, kRows = 8;

// Where the innermost axis is kept: a block for each 32 columns of a piece.
template <class Source, class Op, bool kSquares, typename A = typename Source::Sum>
__global__ void reduce_columns(Source x, void* out, A* partial, Layout layout, Ending<A> ending) {
  __shared__ A sums[kRows][kColumns];
  const int64_t across = (layout.width + kColumns - 1) / kColumns;
  const int lane = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
  for (int64_t i = blockIdx.x; i < layout.groups * layout.segments * across; i += gridDim.x) {
    const int64_t piece = i / across, column = i % across * kColumns + lane;
    const int64_t group = piece / layout.segments, segment = piece % layout.segments;
    const int64_t first = segment * layout.length;
    const int64_t last = min(layout.count, first + layout.length);
    A sum = ending.start;
    if (column < layout.width) {
      const int64_t from = layout.kept(group) + column;
      for (int64_t r = first + row; r < last; r += kRows) {
        sum = Op()(sum, taken<kSquares>(x, from + layout.reduced(r)));
      }
    }
    sums[row][lane] = sum;
    __syncthreads();
    if (row == 0 && column < layout.width) {
      for (int r = 1; r < kRows; ++r) sum = Op()(sum, sums[r][lane]);
      if (layout.segments == 1) {
        store_result(ending, out, group * layout.width + column, sum);
      } else {
        partial[piece * layout.width + column] = sum;
      }
    }
    __syncthreads();
  }
}

// The segments of each result, [group, segment, column], joined.
template <typename A, class Op>
__global__ void join_segments(const A* partial, void* out, int64_t results, int64_t segments,
                              int64_t width, Ending<A> ending, int team_threads) {
  const Team team(team_threads);
  team.for_each(results, [&](int64_t i) {
    const A* from = partial + i / width * segments * width + i % width;
    A sum = ending.start;
    for (int64_t s = team.rank(); s < segments; s += team.size()) {
      sum = Op()(sum, from[s * width]);
    }
    sum = team.reduce(sum, Op());
    if (team.rank() == 0) store_result(ending, out, i, sum);
  });
}

// ---- Preparation -------------------------------------------------------------------------------

Layout layout_of(const internal::ReducedAxes& axes) {
  const ReductionPieces pieces(axes);
  Layout layout = {.kept = {},
                   .reduced = {},
                   .groups = axes.groups,
                   .width = axes.width,
                   .count = pieces.count,
                   .segments = pieces.segments,
                   .length = pieces.length};
  for (const auto& axis : axes.kept) layout.kept.add(axis.size, axis.stride, axes.groups);
  if (axes.inner_reduced) layout.reduced.add(axes.inner, 1, layout.count);
  for (const auto& axis : axes.reduced) layout.reduced.add(axis.size, axis.stride, layout.count);
  return layout;
}

template <typename T>
inline constexpr bool kNarrow = std::is_integral_v<T> && sizeof(T) < 4;
template <typename T, typename A>
using SourceOf = std::conditional_t<kNarrow<T>, NarrowElements, Elements<T, A>>;

template <typename T, typename A>
SourceOf<T, A> source(const Launch& args, int input) {
  if constexpr (kNarrow<T>) {
    return {args.inputs[input], kDType<T>};
  } else {
    return {args.input<T>(input)};
  }
}

// Of elements of T, kept in A.
template <typename T, class Op, bool kSquares = false, typename A>
Kernel make_kernel(const internal::ReducedAxes& axes, const Ending<A>& ending, int input) {
  using Source = SourceOf<T, A>;
  const Layout layout = layout_of(axes);
  const int64_t results = layout.groups * layout.width;
  const bool rows = axes.inner_reduced || axes.width == 1;
  const size_t bytes =
      layout.segments > 1 ? static_cast<size_t>(results * layout.segments) * sizeof(A) : 0;
  return {.workspace_bytes = bytes, .launch = [=](const Launch& args) {
            if (results == 0) return;
            const Source x = source<T, A>(args, input);
            A* partial = static_cast<A*>(args.workspace);
            const int64_t pieces = layout.groups * layout.segments;
            if (rows) {
              const int team = team_size(layout.length);
              reduce_rows<Source, Op, kSquares>
                  <<<blocks_for(pieces * team), kThreads, 0, stream(args)>>>(
                      x, args.outputs[0], partial, layout, ending, team);
              check_launch("reduce_rows");
            } else {
              const int64_t across = (layout.width + kColumns - 1) / kColumns;
              reduce_columns<Source, Op, kSquares>
                  <<<blocks_for(pieces * across, 1), dim3(kColumns, kRows), 0, stream(args)>>>(
                      x, args.outputs[0], partial, layout, ending);
              check_launch("reduce_columns");
            }
            if (layout.segments == 1) return;
            const int team = std::min(32, team_size(layout.segments));
            join_segments<A, Op><<<blocks_for(results * team), kThreads, 0, stream(args)>>>(
                partial, args.outputs[0], results, layout.segments, layout.width, ending, team);
            check_launch("join_segments");
          }};
}

template <typename T>
Kernel make_kernel_of(Reduce reduce, DType dtype, const internal::ReducedAxes& axes, int input) {
  using A = Kept<T>;
  constexpr bool kFloating = !std::is_integral_v<A>;
  constexpr A kInfinity = std::numeric_limits<A>::infinity();
  Ending<A> ending = {.start = 0,
                      .halve = reduce == Reduce::kHalfSquares,
                      .is_mean = reduce == Reduce::kMean,
                      .mean = axes.elements,
                      .dtype = dtype};
  switch (reduce) {
    case Reduce::kMean:
      if constexpr (std::is_integral_v<T> && sizeof(T) == sizeof(int64_t)) {
        const Ending<Integer128> wide = {
            .start = 0, .halve = false, .is_mean = true, .mean = axes.elements, .dtype = dtype};
        return make_kernel<T, Total>(axes, wide, input);
      }
      [[fallthrough]];
    case Reduce::kSum:
      return make_kernel<T, Total>(axes, ending, input);
    case Reduce::kProd:
      ending.start = 1;
      return make_kernel<T, Product>(axes, ending, input);
    case Reduce::kMax:
      // Of no elements: the least number of the dtype.
      ending.start = kFloating ? -kInfinity : static_cast<A>(std::numeric_limits<T>::lowest());
      return make_kernel<T, Largest>(axes, ending, input);
    case Reduce::kMin:
      ending.start = kFloating ? kInfinity : static_cast<A>(std::numeric_limits<T>::max());
      return make_kernel<T, Smallest>(axes, ending, input);
    case Reduce::kHalfSquares:
      if constexpr (kFloating) return make_kernel<T, Total, true>(axes, ending, input);
      break;
    default:
      break;
  }
  require<UnimplementedError>(false, ErrorKind::no_kernel, "There is no such reduction of ", dtype,
                              " on the GPU");
  return {};
}

}  // namespace

Kernel reduction_kernel(Reduce reduce, DType dtype, const Shape& shape,
                        const std::vector<bool>& reduced, int input) {
  const internal::ReducedAxes axes(shape, reduced);
  if (dtype == DType::bool_) {
    // Elements are 0 or 1: the largest is any, the smallest all.
    const bool any = reduce == Reduce::kAny;
    require<UnimplementedError>(any || reduce == Reduce::kAll, ErrorKind::no_kernel,
                                "There is no such reduction of bool on the GPU");
    const Ending<int64_t> ending = {
        .start = any ? 0 : 1, .halve = false, .is_mean = false, .mean = 0, .dtype = dtype};
    return any ? make_kernel<bool, Largest>(axes, ending, input)
               : make_kernel<bool, Smallest>(axes, ending, input);
  }
  Kernel kernel;
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (dtype == kDType<T>) kernel = make_kernel_of<T>(reduce, dtype, axes, input);
  });
  require<UnimplementedError>(kernel.launch != nullptr, ErrorKind::no_kernel,
                              "There is no such reduction of ", dtype, " on the GPU");
  return kernel;
}

}  // namespace tenon::cuda
