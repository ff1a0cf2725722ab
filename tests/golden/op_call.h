// An `op` step: its inputs and attributes as the public API takes them.
#pragma once

#include <tenon/tenon.h>

#include <map>
#include <string>
#include <vector>

#include "tests/golden/program.h"

namespace replay {

class OpCall {
 public:
  OpCall(Program& program, const Json& step);

  Program& program() const { return program_; }
  std::string name() const;  // "" where the step gives none
  tenon::OpOptions options() const { return {.name = name()}; }

  size_t count() const { return inputs_.size(); }
  const Json& json(size_t index) const { return inputs_.at(index); }
  bool is_literal(size_t index) const;
  tenon::Input input(size_t index) const;
  tenon::Output output(size_t index) const { return program_.output(json(index)); }
  std::vector<tenon::Input> list(size_t index) const { return program_.inputs(json(index)); }
  // A list, or one alone.
  tenon::Inputs one_or_more(size_t index) const;
  std::vector<tenon::Output> outputs(size_t index) const;

  bool has(const char* attribute) const { return attributes_.contains(attribute); }
  const Json& attribute(const char* name) const { return attributes_.at(name); }
  tenon::Input as_input(const char* attribute) const;
  int64_t integer(const char* attribute, int64_t otherwise) const;
  bool flag(const char* attribute) const { return attributes_.value(attribute, false); }
  tenon::DType dtype(const char* attribute, tenon::DType otherwise) const;
  tenon::Axes axes(const char* attribute) const;
  std::vector<int64_t> integers(const char* attribute) const;
  tenon::Integers sizes(size_t index) const;  // numbers, or a tensor of them

 private:
  Program& program_;
  const Json& step_;
  Json inputs_;
  Json attributes_;
};

// The index in Python's x[...].
std::vector<tenon::Index> index_of(const Program& program, const Json& entries);

using Op = Thing (*)(const OpCall&);
using OpTable = std::map<std::string, Op, std::less<>>;
using Unary = tenon::Output (*)(tenon::Input, const tenon::OpOptions&);
using UnaryTable = std::map<std::string, Unary, std::less<>>;
using Binary = tenon::Output (*)(tenon::Input, tenon::Input, const tenon::OpOptions&);
using BinaryTable = std::map<std::string, Binary, std::less<>>;

// The operations by name: those of one or two tensors without attributes, and the rest.
const UnaryTable& unary_ops();
const BinaryTable& binary_ops();
const OpTable& math_ops();
const OpTable& array_ops();
const OpTable& nn_ops();
const OpTable& rate_ops();
const OpTable& statistic_ops();
const OpTable& slice_ops();
const OpTable& flow_ops();
const OpTable& sparse_ops();
const OpTable& index_ops();

}  // namespace replay
