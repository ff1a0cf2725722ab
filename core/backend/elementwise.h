// Elementwise work as a program over scalar primitives, and the builder that makes one.
//
// A backend's generators (block interpreter, machine code, CUDA) know these primitives only: a new
// elementwise operation is a new lowering in core/ops and adds no backend code. Programs are run by
// the kernel of the operation kElementwiseOp, which each backend registers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/dtype.h"

namespace tenon::internal {

inline constexpr std::string_view kElementwiseOp = "_Elementwise";

// What one instruction does with its operands a, b, c, all of one dtype unless said otherwise.
enum class Primitive : uint8_t {
  // One operand.
  kNegate,
  kAbs,
  kSign,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kTanh,
  kSigmoid,
  kErf,
  kErfc,
  kErfinv,
  kNdtri,
  kLgamma,
  kDigamma,
  kSin,
  kCos,
  kFloor,
  kCeil,
  kRound,  // kRound: halves to even
  kIsFinite,
  kIsNan,       // -> bool
  kLogicalNot,  // bool -> bool
  kCast,        // from the operand's dtype to the result's; as C++ does
  // Two operands.
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,  // kDivide of integers truncates, 0 below throws
  kFloorDivide,
  kFloorMod,
  kTruncateMod,
  kMaximum,
  kMinimum,  // NaN if either is NaN
  kPower,
  kSquaredDifference,
  kZeta,
  kBitwiseAnd,
  kBitwiseOr,
  kBitwiseXor,
  kLeftShift,   // kLeftShift: by 0 to one less than there are bits
  kRightShift,  // kRightShift: the same; what is negative stays so
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,  // -> bool
  kLogicalAnd,
  kLogicalOr,  // bool, bool -> bool
  // Three operands.
  kSelect,  // bool a ? b : c
};

int operand_count(Primitive primitive) noexcept;
std::string_view to_string(Primitive primitive) noexcept;

// Programs are in SSA form. Values are numbered: the inputs first, then the constants, then one for
// each instruction, in order. Every input has its own shape, which broadcasts to the one shape that
// all outputs have (numpy's rule); shapes aren't part of the program.
struct ElementwiseProgram {
  struct Constant {
    DType dtype;
    double number;    // of floating dtypes
    int64_t integer;  // of the others; bool as 0 or 1
  };
  struct Instruction {
    Primitive primitive;
    DType operand_dtype;  // of the operands (of b and c for kSelect)
    DType dtype;          // of the result
    int a = -1, b = -1, c = -1;
  };
  std::vector<DType> inputs;
  std::vector<Constant> constants;
  std::vector<Instruction> instructions;
  std::vector<int> outputs;  // values

  int value_count() const {
    return static_cast<int>(inputs.size() + constants.size() + instructions.size());
  }
  DType dtype_of_value(int value) const;
  std::string to_string() const;  // for plans that are printed
};

// Makes a program. Values are plain numbers of this builder (not yet the program's numbering).
// Arguments of a call have one dtype; mixing dtypes is the caller's mistake and throws TypeError.
class ElementwiseBuilder {
 public:
  using Value = int;
  Value input(DType dtype);
  Value constant(DType dtype, double number);  // converted to dtype
  Value unary(Primitive primitive, Value a);
  Value binary(Primitive primitive, Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value cast(Value a, DType dtype);
  DType dtype(Value value) const;

  Value add(Value a, Value b) { return binary(Primitive::kAdd, a, b); }
  Value subtract(Value a, Value b) { return binary(Primitive::kSubtract, a, b); }
  Value multiply(Value a, Value b) { return binary(Primitive::kMultiply, a, b); }
  Value divide(Value a, Value b) { return binary(Primitive::kDivide, a, b); }
  Value sqrt(Value a) { return unary(Primitive::kSqrt, a); }
  Value negate(Value a) { return unary(Primitive::kNegate, a); }
  // A constant of the same dtype as `like`.
  Value constant_like(Value like, double number) { return constant(dtype(like), number); }

  // The finished program; instructions that no output needs are dropped, equal ones merged.
  ElementwiseProgram finish(const std::vector<Value>& outputs) const;

 private:
  struct Entry {
    enum class Kind { kInput, kConstant, kInstruction } kind;
    DType dtype;
    double number = 0;
    Primitive primitive = Primitive::kAdd;
    Value a = -1, b = -1, c = -1;
  };
  Value append(Entry entry);
  std::vector<Entry> entries_;
};

}  // namespace tenon::internal
