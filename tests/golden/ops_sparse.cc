// Operations of sparse tensors, and the steps that make them and take them apart.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

namespace nn = tenon::nn;
using tenon::Output;
using tenon::SparseTensor;
using SparsePtr = std::shared_ptr<SparseTensor>;

SparseTensor sparse_input(const OpCall& call, size_t index) {
  const Thing found = call.program().thing(call.json(index));
  if (const auto* sparse = std::get_if<SparsePtr>(&found)) return **sparse;
  throw BadReference{};
}

bool is_sparse(const OpCall& call, size_t index) {
  return std::holds_alternative<SparsePtr>(call.program().thing(call.json(index)));
}

Thing made_sparse(const SparseTensor& sparse) { return std::make_shared<SparseTensor>(sparse); }

Thing to_dense(const OpCall& call) {
  tenon::SparseToDenseOptions options;
  if (call.has("default_value")) options.default_value = call.as_input("default_value");
  options.validate_indices = !call.has("validate_indices") || call.flag("validate_indices");
  options.name = call.name();
  return tenon::sparse_tensor_to_dense(sparse_input(call, 0), options);
}

Thing sparse_to_dense(const OpCall& call) {
  tenon::SparseToDenseOptions options;
  if (call.count() > 3) options.default_value = call.input(3);
  options.name = call.name();
  return tenon::sparse_to_dense(call.input(0), call.sizes(1), call.input(2), options);
}

Thing sparse_matmul(const OpCall& call) {
  return tenon::sparse_tensor_dense_matmul(sparse_input(call, 0), call.input(1),
                                           {.adjoint_a = call.flag("adjoint_a"),
                                            .adjoint_b = call.flag("adjoint_b"),
                                            .name = call.name()});
}

Thing sparse_reduce_sum(const OpCall& call) {
  return tenon::sparse_reduce_sum(
      sparse_input(call, 0),
      {.axis = call.axes("axis"), .keepdims = call.flag("keepdims"), .name = call.name()});
}

Thing sparse_add(const OpCall& call) {
  if (!is_sparse(call, 1)) {
    return tenon::sparse_add(sparse_input(call, 0), call.input(1), call.options());
  }
  return made_sparse(
      tenon::sparse_add(sparse_input(call, 0), sparse_input(call, 1), call.options()));
}

Thing sparse_transpose(const OpCall& call) {
  return made_sparse(tenon::sparse_transpose(sparse_input(call, 0),
                                             {.perm = call.axes("perm"), .name = call.name()}));
}

Thing sparse_retain(const OpCall& call) {
  return made_sparse(tenon::sparse_retain(sparse_input(call, 0), call.input(1), call.options()));
}

Thing fill_empty_rows(const OpCall& call) {
  const tenon::FilledRows filled =
      tenon::sparse_fill_empty_rows(sparse_input(call, 0), call.input(1), call.options());
  auto list = std::make_shared<List>();
  list->items = {made_sparse(filled.sparse), filled.empty_row_indicator};
  return list;
}

void read_options(const OpCall& call, nn::EmbeddingLookupSparseOptions& options) {
  if (call.count() > 2 && !call.json(2).is_null()) options.weights = sparse_input(call, 2);
  if (call.has("partition_strategy")) {
    options.partition_strategy = call.attribute("partition_strategy").get<std::string>();
  }
  if (call.has("combiner")) options.combiner = call.attribute("combiner").get<std::string>();
  if (call.has("max_norm")) options.max_norm = call.as_input("max_norm");
  options.name = call.name();
}

Thing lookup_sparse(const OpCall& call) {
  nn::EmbeddingLookupSparseOptions options;
  read_options(call, options);
  return nn::embedding_lookup_sparse(call.one_or_more(0), sparse_input(call, 1), options);
}

Thing safe_lookup_sparse(const OpCall& call) {
  nn::SafeEmbeddingOptions options;
  read_options(call, options);
  if (call.has("default_id") && !call.attribute("default_id").is_null()) {
    options.default_id = call.integer("default_id", 0);
  }
  return nn::safe_embedding_lookup_sparse(call.one_or_more(0), sparse_input(call, 1), options);
}

Result sparse_tensor(Program& program, const Json& step) {
  const tenon::Input shape = program.input(step.at("dense_shape"));
  const tenon::Integers sizes =
      shape.is_output() ? tenon::Integers(shape.output()) : tenon::Integers(shape.value());
  const tenon::Input indices = program.input(step.at("indices"));
  return described(made_sparse(SparseTensor(indices, program.input(step.at("values")), sizes)));
}

Result indexed_slices(Program& program, const Json& step) {
  const auto tensor = [&](const char* name) {
    return tenon::constant(program.input(step.at(name)));
  };
  auto rows = std::make_shared<RowGradient>();
  rows->values = tensor("values");
  rows->indices = tensor("indices");
  if (!field(step, "dense_shape").is_null()) rows->dense_shape = tensor("dense_shape");
  return described(rows);
}

Result parts(Program& program, const Json& step) {
  const Thing found = program.thing(step.at("of"));
  if (const auto* variable = std::get_if<tenon::Variable>(&found)) {
    return described(list_of(variable->parts()));
  }
  const auto* sparse = std::get_if<SparsePtr>(&found);
  if (sparse == nullptr) throw BadReference{};
  return described(list_of(
      std::vector<Output>{(*sparse)->indices(), (*sparse)->values(), (*sparse)->dense_shape()}));
}

}  // namespace

const OpTable& sparse_ops() {
  static const OpTable ops = {
      {"sparse_tensor_to_dense", to_dense},
      {"sparse_to_dense", sparse_to_dense},
      {"sparse_tensor_dense_matmul", sparse_matmul},
      {"sparse_reduce_sum", sparse_reduce_sum},
      {"sparse_add", sparse_add},
      {"sparse_transpose", sparse_transpose},
      {"sparse_retain", sparse_retain},
      {"sparse_fill_empty_rows", fill_empty_rows},
      {"embedding_lookup_sparse", lookup_sparse},
      {"safe_embedding_lookup_sparse", safe_lookup_sparse},
  };
  return ops;
}

const StepTable& sparse_steps() {
  static const StepTable steps = {
      {"sparse_tensor", sparse_tensor},
      {"indexed_slices", indexed_slices},
      {"parts", parts},
  };
  return steps;
}

}  // namespace replay
