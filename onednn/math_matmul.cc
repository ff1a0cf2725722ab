// MatMul by oneDNN: rows of the result in parts fixed by the shapes, each on one thread.
#include <algorithm>

#include "onednn/kernels.h"
#include "onednn/rule.h"

namespace tenon::onednn {
namespace {

constexpr int64_t kLeastRows = 64, kMostParts = 8;

memory::desc matrix(int64_t rows, int64_t columns, int64_t stride, bool transposed) {
  if (transposed) return floats({rows, columns}, {1, stride});
  return floats({rows, columns}, {stride, 1});
}

class Product {
 public:
  Product(const ProductSize& size, const internal::Epilogue& epilogue)
      : size_(size), epilogue_(epilogue) {
    const OneThread one_thread;
    const int64_t parts = std::clamp<int64_t>(size.m / kLeastRows, 1, kMostParts);
    rows_ = (size.m + parts - 1) / parts;
    for (int64_t first = 0; first < size.m; first += rows_) {
      add_part(std::min(rows_, size.m - first));
    }
    b_ = std::make_unique<PackedWeights>(
        matrix(size.k, size.n, size.transpose_b ? size.k : size.n, size.transpose_b), b_layout_);
    packed_ = workspace_.add(b_->workspace_bytes());
  }

  size_t workspace_bytes() const { return workspace_.bytes(); }

  void run(const Launch& args) const {
    const void* b = b_->get(args.inputs[1], version(args, 1), part(args, packed_));
    const float* bias = epilogue_.bias ? args.input<float>(2) : nullptr;
    internal::pool(args).for_each(static_cast<int64_t>(parts_.size()), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const int64_t first = i * rows_, rows = std::min(rows_, size_.m - first);
      float* c = args.output<float>(0) + first * size_.n;
      parts_[at]->run(
          {args.input<float>(0) + first * (size_.transpose_a ? 1 : size_.k), b, bias, c},
          part(args, scratchpads_[at]));
      activate(epilogue_.activation, c, rows * size_.n);
    });
  }

 private:
  void add_part(int64_t rows) {
    ProductDescs descs = {
        .a = matrix(rows, size_.k, size_.transpose_a ? size_.m : size_.k, size_.transpose_a),
        .b = any_layout({size_.k, size_.n}),
        .bias = floats({1, size_.n}, {size_.n, 1}),
        .c = matrix(rows, size_.n, size_.n, false),
        .has_bias = epilogue_.bias};
    if (!parts_.empty()) descs.b = b_layout_;
    const auto desc = product(engine(), descs, attributes());
    b_layout_ = desc.weights_desc();
    parts_.push_back(
        std::make_unique<Primitive>(dnnl::matmul(desc), desc.scratchpad_desc(),
                                    std::vector<Primitive::Argument>{{DNNL_ARG_SRC, descs.a},
                                                                     {DNNL_ARG_WEIGHTS, b_layout_},
                                                                     {DNNL_ARG_BIAS, descs.bias},
                                                                     {DNNL_ARG_DST, descs.c}}));
    scratchpads_.push_back(workspace_.add(parts_.back()->scratchpad_bytes()));
  }

  ProductSize size_;
  internal::Epilogue epilogue_;
  int64_t rows_ = 0;  // of a part
  memory::desc b_layout_;
  std::vector<std::unique_ptr<Primitive>> parts_;
  std::vector<size_t> scratchpads_;
  Workspace workspace_;
  std::unique_ptr<PackedWeights> b_;
  size_t packed_ = 0;
};

Kernel prepare_product(const KernelRequest& request) {
  const Shape &a = request.input_shape(0), &b = request.input_shape(1);
  const Shape& c = request.output_shape(0);
  const bool transpose_a = request.attrs->get_or("transpose_a", false);
  const ProductSize size = {.m = c[0],
                            .n = c[1],
                            .k = a[transpose_a ? 0 : 1],
                            .transpose_a = transpose_a,
                            .transpose_b = request.attrs->get_or("transpose_b", false)};
  const bool sound = b[size.transpose_b ? 1 : 0] == size.k && size.m * size.n * size.k > 0;
  if (!knows(request.epilogue) || !sound || !wins_product(size)) return declined();
  const auto plan = std::make_shared<const Product>(size, request.epilogue);
  return {.workspace_bytes = plan->workspace_bytes(),
          .wants_versions = true,
          .launch = [plan](const Launch& args) { plan->run(args); },
          .module = kModule};
}

}  // namespace

void register_math_matmul(internal::KernelRegistry& kernels) {
  kernels.add("MatMul", float32, {.prepare = declining<prepare_product>, .epilogues = true});
}

}  // namespace tenon::onednn
