#include "tests/golden/op_call.h"

namespace replay {

namespace {

tenon::DType dtype_of(const Thing& thing) {
  if (const auto* output = std::get_if<tenon::Output>(&thing)) return output->dtype();
  if (const auto* variable = std::get_if<tenon::Variable>(&thing)) return variable->dtype();
  return tenon::DType::invalid;
}

}  // namespace

OpCall::OpCall(Program& program, const Json& step)
    : program_(program),
      step_(step),
      inputs_(step.value("in", Json::array())),
      attributes_(field(step, "attrs").is_null() ? Json::object() : step["attrs"]) {}

std::string OpCall::name() const { return text(step_, "name"); }

bool OpCall::is_literal(size_t index) const {
  return !json(index).is_object() || !json(index).contains("ref");
}

// A NumPy array of floats takes the dtype of the floats that it stands behind.
tenon::Input OpCall::input(size_t index) const {
  const tenon::Input given = program_.input(json(index));
  if (index == 0 || !is_typed_literal(json(index)) || is_literal(0)) return given;
  const tenon::DType dtype = dtype_of(program_.thing(json(0)));
  const bool of_one_sort = tenon::is_floating(given.value().dtype()) && tenon::is_floating(dtype);
  return of_one_sort ? converted(given.value(), dtype) : given;
}

tenon::Inputs OpCall::one_or_more(size_t index) const {
  return json(index).is_array() ? tenon::Inputs(list(index)) : tenon::Inputs{input(index)};
}

std::vector<tenon::Output> OpCall::outputs(size_t index) const {
  std::vector<tenon::Output> outputs;
  for (const Json& item : json(index)) outputs.push_back(program_.output(item));
  return outputs;
}

tenon::Input OpCall::as_input(const char* attribute) const {
  return program_.input(attributes_.at(attribute));
}

int64_t OpCall::integer(const char* attribute, int64_t otherwise) const {
  return integer_or(attributes_, attribute, otherwise);
}

tenon::DType OpCall::dtype(const char* attribute, tenon::DType otherwise) const {
  return has(attribute) ? dtype_from(attributes_.at(attribute)) : otherwise;
}

tenon::Axes OpCall::axes(const char* attribute) const {
  if (!has(attribute) || attributes_[attribute].is_null()) return {};
  const Json& value = attributes_[attribute];
  if (value.is_array()) return integers_from(value);
  return integer_from(value);
}

std::vector<int64_t> OpCall::integers(const char* attribute) const {
  return integers_from(attributes_.at(attribute));
}

tenon::Integers OpCall::sizes(size_t index) const {
  const tenon::Input given = input(index);
  return given.is_output() ? tenon::Integers(given.output()) : tenon::Integers(given.value());
}

}  // namespace replay
