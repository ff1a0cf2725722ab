// Machine code beside the block functions, instruction by instruction: the same bits, but for which
// NaN a NaN is.
#include "cpu_fallback/machine_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "core/base/parallel.h"
#include "cpu_fallback/block_functions.h"
#include "tests/cpu_fallback/elementwise_testing.h"

namespace tenon {
namespace {

using cpu::InstructionRun;
using cpu::InstructionSet;
using cpu::MachineCode;

constexpr size_t kBlockElements = 48;

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) sets.push_back(InstructionSet::kAvx2);
  if (cpu::instruction_set() == InstructionSet::kAvx512) sets.push_back(InstructionSet::kAvx512);
#endif
  return sets;
}

// Blocks of a program's values.
class ValueBlocks {
 public:
  explicit ValueBlocks(size_t values) : memory_(values * kBlockElements * 8), pointers_(values) {
    for (size_t i = 0; i < values; ++i) pointers_[i] = memory_.data() + i * kBlockElements * 8;
  }
  ValueBlocks(const ValueBlocks&) = delete;
  ValueBlocks& operator=(const ValueBlocks&) = delete;
  template <typename T>
  T* of(int value) {
    return reinterpret_cast<T*>(pointers_[static_cast<size_t>(value)]);
  }
  const void* const* all() const { return const_cast<const void* const*>(pointers_.data()); }

 private:
  std::vector<std::byte> memory_;
  std::vector<void*> pointers_;
};

template <typename T>
T element(size_t i, std::mt19937& random) {
  using Limits = std::numeric_limits<T>;
  const T special[] = {0,
                       -T{0},
                       Limits::infinity(),
                       -Limits::infinity(),
                       Limits::quiet_NaN(),
                       Limits::denorm_min(),
                       Limits::max(),
                       Limits::lowest(),
                       T{0.5},
                       T{-2.5}};
  const size_t choice = (i + random()) % 24;
  if (choice < std::size(special)) return special[choice];
  return static_cast<T>(std::uniform_real_distribution<double>(-4, 4)(random));
}

// Fills what a program starts from with such elements, and its constants.
template <typename T>
void fill(ValueBlocks& blocks, const ElementwiseProgram& program, std::mt19937& random) {
  for (size_t value = 0; value < program.inputs.size(); ++value) {
    for (size_t i = 0; i < kBlockElements; ++i) {
      if (program.inputs[value] == DType::bool_) {
        blocks.of<bool>(static_cast<int>(value))[i] = random() % 2 == 0;
      } else {
        blocks.of<T>(static_cast<int>(value))[i] = element<T>(i, random);
      }
    }
  }
  for (size_t k = 0; k < program.constants.size(); ++k) {
    const auto value = static_cast<int>(program.inputs.size() + k);
    std::fill_n(blocks.of<T>(value), kBlockElements, static_cast<T>(program.constants[k].number));
  }
}

void by_block_functions(ValueBlocks& blocks, const ElementwiseProgram& program) {
  int value = static_cast<int>(program.inputs.size() + program.constants.size());
  for (const auto& what : program.instructions) {
    const cpu::BlockFunction function =
        cpu::find_block_function(what.primitive, what.operand_dtype, what.dtype);
    ASSERT_NE(function, nullptr) << internal::to_string(what.primitive);
    const auto at = [&](int operand) {
      return operand < 0 ? nullptr : static_cast<const void*>(blocks.of<std::byte>(operand));
    };
    function(blocks.of<std::byte>(value++), at(what.a), at(what.b), at(what.c), kBlockElements,
             kBlockElements);
  }
}

template <typename T>
auto bits_of(T number) {
  return std::bit_cast<std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>(number);
}

template <typename T>
void expect_same_bits(ValueBlocks& blocks, ValueBlocks& wanted, const ElementwiseProgram& program,
                      int value) {
  if (program.dtype_of_value(value) == DType::bool_) {
    EXPECT_EQ(std::memcmp(blocks.of<bool>(value), wanted.of<bool>(value), kBlockElements), 0)
        << program.to_string();
    return;
  }
  for (size_t i = 0; i < kBlockElements; ++i) {
    const T is = blocks.of<T>(value)[i], should_be = wanted.of<T>(value)[i];
    const bool same =
        bits_of(is) == bits_of(should_be) || (std::isnan(is) && std::isnan(should_be));
    ASSERT_TRUE(same) << is << " for " << should_be << " at " << i << " of value " << value
                      << " in\n"
                      << program.to_string();
  }
}

// Runs all of the program that there is code for, of this many instructions or fewer at a time.
template <typename T>
void run_and_compare(const ElementwiseProgram& program, InstructionSet set, uint32_t seed) {
  std::mt19937 random(seed);
  ValueBlocks blocks(static_cast<size_t>(program.value_count())),
      wanted(static_cast<size_t>(program.value_count()));
  fill<T>(wanted, program, random);
  random.seed(seed);
  fill<T>(blocks, program, random);
  by_block_functions(wanted, program);
  size_t done = 0;
  while (done < program.instructions.size()) {
    InstructionRun run = cpu::run_from(program, done);
    ASSERT_GT(run.count, 0U) << program.to_string();
    std::shared_ptr<const MachineCode> code;
    while ((code = MachineCode::make(run, set)) == nullptr) {
      ASSERT_GT(run.count, 1U) << program.to_string();
      run = cpu::shortened(run, run.count / 2);
    }
    (*code)(blocks.all(), kBlockElements);
    for (const int value : run.writes) expect_same_bits<T>(blocks, wanted, program, value);
    done += run.count;
  }
}

constexpr Primitive kOfOne[] = {Primitive::kNegate, Primitive::kAbs,        Primitive::kSqrt,
                                Primitive::kRsqrt,  Primitive::kReciprocal, Primitive::kFloor,
                                Primitive::kCeil,   Primitive::kRound};
constexpr Primitive kOfTwo[] = {Primitive::kAdd,         Primitive::kSubtract,
                                Primitive::kMultiply,    Primitive::kDivide,
                                Primitive::kFloorDivide, Primitive::kMaximum,
                                Primitive::kMinimum,     Primitive::kSquaredDifference};
constexpr Primitive kBoolOfOne[] = {Primitive::kIsFinite, Primitive::kIsNan};
constexpr Primitive kBoolOfTwo[] = {Primitive::kEqual,   Primitive::kNotEqual,
                                    Primitive::kLess,    Primitive::kLessEqual,
                                    Primitive::kGreater, Primitive::kGreaterEqual};

// A program of some instructions on one another.
ElementwiseProgram random_run(DType dtype, size_t instructions, uint32_t seed) {
  std::mt19937 random(seed);
  ElementwiseBuilder builder;
  std::vector<int> numbers = {builder.input(dtype), builder.input(dtype), builder.input(dtype)};
  std::vector<int> bools = {builder.input(DType::bool_)};
  for (const double constant : {0.0, -0.0, 1.0, -1.5, std::nan(""), 1e30}) {
    numbers.push_back(builder.constant(dtype, constant));
  }
  const auto any = [&](const auto& from) { return from[random() % std::size(from)]; };
  for (size_t i = 0; i < instructions; ++i) {
    switch (random() % 8) {
      case 0:
        numbers.push_back(builder.unary(any(kOfOne), any(numbers)));
        break;
      case 1:
        bools.push_back(builder.unary(any(kBoolOfOne), any(numbers)));
        break;
      case 2:
        bools.push_back(builder.binary(any(kBoolOfTwo), any(numbers), any(numbers)));
        break;
      case 3:
        bools.push_back(
            random() % 2 == 0
                ? builder.unary(Primitive::kLogicalNot, any(bools))
                : builder.binary(random() % 2 == 0 ? Primitive::kLogicalAnd : Primitive::kLogicalOr,
                                 any(bools), any(bools)));
        break;
      case 4:
        numbers.push_back(builder.select(any(bools), any(numbers), any(numbers)));
        break;
      case 5:
        if (random() % 2 == 0) {
          numbers.push_back(builder.cast(any(bools), dtype));
        } else {
          bools.push_back(builder.cast(any(numbers), DType::bool_));
        }
        break;
      default:
        numbers.push_back(builder.binary(any(kOfTwo), any(numbers), any(numbers)));
    }
  }
  return builder.finish({numbers.back(), bools.back(), any(numbers), any(bools)});
}

class MachineCodeTest : public ::testing::TestWithParam<InstructionSet> {};

TEST_P(MachineCodeTest, GivesTheBitsOfTheBlockFunctions) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const size_t instructions = 1 + seed % 60;
    run_and_compare<float>(random_run(DType::float32, instructions, seed), GetParam(), seed);
    run_and_compare<double>(random_run(DType::float64, instructions, seed), GetParam(), seed);
    if (HasFatalFailure()) return;
  }
}

// Its sign tells which of two zeros is the result.
TEST_P(MachineCodeTest, TakesAConstantAsItsDtypeHasIt) {
  for (const double tiny : {1e-50, -1e-50}) {  // zeros in float32
    ElementwiseBuilder builder;
    const int x = builder.input(DType::float32), y = builder.constant(DType::float32, tiny);
    const ElementwiseProgram program = builder.finish(
        {builder.binary(Primitive::kMaximum, x, y), builder.binary(Primitive::kMinimum, x, y)});
    for (uint32_t seed = 0; seed < 8; ++seed) run_and_compare<float>(program, GetParam(), seed);
  }
}

TEST_P(MachineCodeTest, IsRefusedWhereRegistersDontSuffice) {
  ElementwiseBuilder builder;
  std::vector<int> inputs;
  for (int i = 0; i < 40; ++i) inputs.push_back(builder.input(DType::float32));
  int sum = builder.constant(DType::float32, 0);
  for (const int input : inputs) sum = builder.add(sum, input);
  const ElementwiseProgram program = builder.finish({sum});
  const InstructionRun all = cpu::run_from(program, 0);
  EXPECT_EQ(all.count, 40U);
  EXPECT_EQ(MachineCode::make(all, GetParam()), nullptr);  // there are twelve addresses
  EXPECT_NE(MachineCode::make(cpu::shortened(all, 10), GetParam()), nullptr);
  run_and_compare<float>(program, GetParam(), 3);
}

TEST_P(MachineCodeTest, IsSharedByEqualRuns) {
  const auto program = [](double factor) {
    ElementwiseBuilder builder;
    const int x = builder.input(DType::float32);
    return builder.finish(
        {builder.add(builder.multiply(x, builder.constant(DType::float32, factor)), x)});
  };
  const ElementwiseProgram two = program(2), again = program(2), three = program(3);
  const auto code = MachineCode::make(cpu::run_from(two, 0), GetParam());
  EXPECT_EQ(MachineCode::make(cpu::run_from(again, 0), GetParam()), code);
  EXPECT_NE(MachineCode::make(cpu::run_from(three, 0), GetParam()), code);
}

INSTANTIATE_TEST_SUITE_P(Sets, MachineCodeTest, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& set) {
                           return set.param == InstructionSet::kAvx2 ? "Avx2" : "Avx512";
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MachineCodeTest);

TEST(InstructionRunTest, EndsWhereThereIsNoMachineCode) {
  ElementwiseBuilder builder;
  const int x = builder.input(DType::float32);
  const int shifted = builder.add(builder.negate(x), builder.constant(DType::float32, 1));
  const int wave = builder.unary(Primitive::kExp, shifted);
  const ElementwiseProgram program = builder.finish({builder.multiply(wave, shifted)});
  const InstructionRun run = cpu::run_from(program, 0);
  EXPECT_EQ(run.count, 2U);
  EXPECT_EQ(run.reads, std::vector<int>{0});
  EXPECT_EQ(run.writes.size(), 1U);
  EXPECT_EQ(cpu::run_from(program, 2).count, 0U);
  EXPECT_EQ(cpu::run_from(program, 3).reads.size(), 2U);
}

TEST(InstructionRunTest, IsOfOneDtype) {
  ElementwiseBuilder builder;
  const int x = builder.input(DType::int32);
  EXPECT_EQ(cpu::run_from(builder.finish({builder.add(x, x)}), 0).count, 0U);
  const int wide = builder.cast(builder.negate(builder.input(DType::float32)), DType::float64);
  EXPECT_EQ(cpu::run_from(builder.finish({builder.negate(wide)}), 0).count, 1U);
}

// Long enough for machine code, with a rest that fills no group of elements.
TEST(MachineCodeTest, KernelsMayLieWhereTheirInputsLie) {
  ElementwiseBuilder builder;
  const int x = builder.input(DType::float32), y = builder.input(DType::float32);
  const int sum = builder.add(x, y), product = builder.multiply(builder.subtract(x, y), sum);
  const ElementwiseProgram program = builder.finish({product});
  const int64_t count = 5003;
  std::vector<float> a(static_cast<size_t>(count)), b(a);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i % 97) * 0.25f;
    b[i] = static_cast<float>(i % 13) - 5;
  }
  const Tensor result =
      run_program(program, {Tensor(a).reshaped({count}), Tensor(b).reshaped({count})}, {count}, 2);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(result.data<float>()[i], (a[i] - b[i]) * (a[i] + b[i])) << i;
  }
}

}  // namespace
}  // namespace tenon
