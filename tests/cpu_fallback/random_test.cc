// Random numbers against checksums of TensorFlow 2.21's, drawn by its CPU kernels for the seeds
// below.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::run_kernel;
using testing::same_bits;

struct Drawn {
  const char* op;
  DType dtype;
  int64_t size;
  uint64_t run;    // the first or the second of a session
  uint32_t crc32;  // of the numbers' bytes
};

const Drawn kTensorFlow[] = {
    {"RandomUniform", float32, 1, 0, 905436463u},
    {"RandomUniform", float32, 1, 1, 1282534562u},
    {"RandomUniform", float32, 3, 0, 1916199282u},
    {"RandomUniform", float32, 3, 1, 349776195u},
    {"RandomUniform", float32, 7, 0, 1223615737u},
    {"RandomUniform", float32, 7, 1, 70687574u},
    {"RandomUniform", float32, 1000, 0, 865441328u},
    {"RandomUniform", float32, 1000, 1, 2109551295u},
    {"RandomUniform", float32, 100003, 0, 2003936333u},
    {"RandomUniform", float32, 100003, 1, 456945370u},
    {"RandomUniform", float64, 1, 0, 3182574783u},
    {"RandomUniform", float64, 1, 1, 3233320727u},
    {"RandomUniform", float64, 3, 0, 2235203936u},
    {"RandomUniform", float64, 3, 1, 2251099698u},
    {"RandomUniform", float64, 7, 0, 2702697632u},
    {"RandomUniform", float64, 7, 1, 3407982530u},
    {"RandomUniform", float64, 1000, 0, 1969266559u},
    {"RandomUniform", float64, 1000, 1, 628338610u},
    {"RandomUniform", float64, 100003, 0, 1807387588u},
    {"RandomUniform", float64, 100003, 1, 3471642190u},
    {"RandomUniform", float16, 1, 0, 521398957u},
    {"RandomUniform", float16, 1, 1, 2769446863u},
    {"RandomUniform", float16, 3, 0, 3169083255u},
    {"RandomUniform", float16, 3, 1, 3115404650u},
    {"RandomUniform", float16, 7, 0, 2197767501u},
    {"RandomUniform", float16, 7, 1, 2923865992u},
    {"RandomUniform", float16, 1000, 0, 335654965u},
    {"RandomUniform", float16, 1000, 1, 2150976435u},
    {"RandomUniform", float16, 100003, 0, 829831034u},
    {"RandomUniform", float16, 100003, 1, 4039263256u},
    {"RandomUniform", bfloat16, 1, 0, 1765544524u},
    {"RandomUniform", bfloat16, 1, 1, 4239931118u},
    {"RandomUniform", bfloat16, 3, 0, 2075499515u},
    {"RandomUniform", bfloat16, 3, 1, 660376064u},
    {"RandomUniform", bfloat16, 7, 0, 506721535u},
    {"RandomUniform", bfloat16, 7, 1, 2936195929u},
    {"RandomUniform", bfloat16, 1000, 0, 2301174302u},
    {"RandomUniform", bfloat16, 1000, 1, 3278836659u},
    {"RandomUniform", bfloat16, 100003, 0, 2932087476u},
    {"RandomUniform", bfloat16, 100003, 1, 4136332759u},
    {"RandomStandardNormal", float32, 1, 0, 2837870482u},
    {"RandomStandardNormal", float32, 1, 1, 2062773449u},
    {"RandomStandardNormal", float32, 3, 0, 3365381718u},
    {"RandomStandardNormal", float32, 3, 1, 337685468u},
    {"RandomStandardNormal", float32, 7, 0, 2619748015u},
    {"RandomStandardNormal", float32, 7, 1, 1696959083u},
    {"RandomStandardNormal", float32, 1000, 0, 3830972668u},
    {"RandomStandardNormal", float32, 1000, 1, 1516356592u},
    {"RandomStandardNormal", float32, 100003, 0, 397482363u},
    {"RandomStandardNormal", float32, 100003, 1, 785050477u},
    {"RandomStandardNormal", float64, 1, 0, 1200009041u},
    {"RandomStandardNormal", float64, 1, 1, 1737577876u},
    {"RandomStandardNormal", float64, 3, 0, 3974331639u},
    {"RandomStandardNormal", float64, 3, 1, 1554595798u},
    {"RandomStandardNormal", float64, 7, 0, 3891543924u},
    {"RandomStandardNormal", float64, 7, 1, 3904606774u},
    {"RandomStandardNormal", float64, 1000, 0, 1597337339u},
    {"RandomStandardNormal", float64, 1000, 1, 471858129u},
    {"RandomStandardNormal", float64, 100003, 0, 1130022314u},
    {"RandomStandardNormal", float64, 100003, 1, 2729483610u},
    {"RandomStandardNormal", float16, 1, 0, 1173109387u},
    {"RandomStandardNormal", float16, 1, 1, 1454144323u},
    {"RandomStandardNormal", float16, 3, 0, 4138551218u},
    {"RandomStandardNormal", float16, 3, 1, 3476244230u},
    {"RandomStandardNormal", float16, 7, 0, 1284876790u},
    {"RandomStandardNormal", float16, 7, 1, 4186775631u},
    {"RandomStandardNormal", float16, 1000, 0, 588497467u},
    {"RandomStandardNormal", float16, 1000, 1, 804480890u},
    {"RandomStandardNormal", float16, 100003, 0, 3992370808u},
    {"RandomStandardNormal", float16, 100003, 1, 2817482355u},
    {"RandomStandardNormal", bfloat16, 1, 0, 74486475u},
    {"RandomStandardNormal", bfloat16, 1, 1, 1740152822u},
    {"RandomStandardNormal", bfloat16, 3, 0, 4032990437u},
    {"RandomStandardNormal", bfloat16, 3, 1, 2421894709u},
    {"RandomStandardNormal", bfloat16, 7, 0, 3643966540u},
    {"RandomStandardNormal", bfloat16, 7, 1, 2280321150u},
    {"RandomStandardNormal", bfloat16, 1000, 0, 3201892113u},
    {"RandomStandardNormal", bfloat16, 1000, 1, 2793269081u},
    {"RandomStandardNormal", bfloat16, 100003, 0, 3776620362u},
    {"RandomStandardNormal", bfloat16, 100003, 1, 1740018357u},
    {"TruncatedNormal", float32, 1, 0, 2837870482u},
    {"TruncatedNormal", float32, 1, 1, 2062773449u},
    {"TruncatedNormal", float32, 3, 0, 3365381718u},
    {"TruncatedNormal", float32, 3, 1, 337685468u},
    {"TruncatedNormal", float32, 7, 0, 1063780760u},
    {"TruncatedNormal", float32, 7, 1, 1489601746u},
    {"TruncatedNormal", float32, 1000, 0, 154309550u},
    {"TruncatedNormal", float32, 1000, 1, 2731386027u},
    {"TruncatedNormal", float32, 100003, 0, 415502015u},
    {"TruncatedNormal", float32, 100003, 1, 2422872180u},
    {"TruncatedNormal", float64, 1, 0, 1200009041u},
    {"TruncatedNormal", float64, 1, 1, 1737577876u},
    {"TruncatedNormal", float64, 3, 0, 2147906380u},
    {"TruncatedNormal", float64, 3, 1, 339688444u},
    {"TruncatedNormal", float64, 7, 0, 3945031254u},
    {"TruncatedNormal", float64, 7, 1, 4010617054u},
    {"TruncatedNormal", float64, 1000, 0, 2991834376u},
    {"TruncatedNormal", float64, 1000, 1, 139806210u},
    {"TruncatedNormal", float64, 100003, 0, 1451913186u},
    {"TruncatedNormal", float64, 100003, 1, 2550031602u},
    {"TruncatedNormal", float16, 1, 0, 1173109387u},
    {"TruncatedNormal", float16, 1, 1, 1454144323u},
    {"TruncatedNormal", float16, 3, 0, 4138551218u},
    {"TruncatedNormal", float16, 3, 1, 3476244230u},
    {"TruncatedNormal", float16, 7, 0, 833398104u},
    {"TruncatedNormal", float16, 7, 1, 2454504002u},
    {"TruncatedNormal", float16, 1000, 0, 2916841855u},
    {"TruncatedNormal", float16, 1000, 1, 1841099086u},
    {"TruncatedNormal", float16, 100003, 0, 4093155503u},
    {"TruncatedNormal", float16, 100003, 1, 1416240978u},
    {"TruncatedNormal", bfloat16, 1, 0, 74486475u},
    {"TruncatedNormal", bfloat16, 1, 1, 1740152822u},
    {"TruncatedNormal", bfloat16, 3, 0, 4032990437u},
    {"TruncatedNormal", bfloat16, 3, 1, 2421894709u},
    {"TruncatedNormal", bfloat16, 7, 0, 1070365735u},
    {"TruncatedNormal", bfloat16, 7, 1, 3217950026u},
    {"TruncatedNormal", bfloat16, 1000, 0, 3116850498u},
    {"TruncatedNormal", bfloat16, 1000, 1, 1387897127u},
    {"TruncatedNormal", bfloat16, 100003, 0, 1283401714u},
    {"TruncatedNormal", bfloat16, 100003, 1, 3863749654u},
    {"RandomUniformInt", int32, 3, 0, 2907042559u},
    {"RandomUniformInt", int32, 3, 1, 1367222661u},
    {"RandomUniformInt", int32, 1001, 0, 62576869u},
    {"RandomUniformInt", int32, 1001, 1, 441150870u},
    {"RandomUniformInt", int64, 3, 0, 2688959057u},
    {"RandomUniformInt", int64, 3, 1, 1778444633u},
    {"RandomUniformInt", int64, 1001, 0, 3462465494u},
    {"RandomUniformInt", int64, 1001, 1, 321842630u},
};

// As tf.raw_ops.OP(shape=[size], seed=87654321, seed2=7), integers from [-5, 1000) with the seeds
// -3 and 2^40.
KernelCase draw_case(const std::string& op, DType dtype, int64_t size) {
  KernelCase c = {.op = op,
                  .dtype = dtype,
                  .inputs = {Tensor({static_cast<int32_t>(size)})},
                  .outputs = {{dtype, {size}}},
                  .attrs = {{"seed", int64_t{87654321}}, {"seed2", int64_t{7}}}};
  if (op != "RandomUniformInt") return c;
  if (dtype == int32) {
    c.inputs.insert(c.inputs.end(), {Tensor(-5), Tensor(1000)});
  } else {
    c.inputs.insert(c.inputs.end(), {Tensor(int64_t{-5}), Tensor(int64_t{1000})});
  }
  c.attrs = {{"seed", int64_t{-3}}, {"seed2", int64_t{1} << 40}};
  return c;
}

TEST(CpuRandomTest, NumbersAreTensorFlowsBitForBitInEveryRun) {
  for (const Drawn& drawn : kTensorFlow) {
    KernelCase c = draw_case(drawn.op, drawn.dtype, drawn.size);
    c.random_blocks_drawn = drawn.run * run_kernel(c).kernel.random_blocks;
    const Tensor numbers = launch(c);
    const uLong found =
        crc32(0, static_cast<const Bytef*>(numbers.raw()), static_cast<uInt>(numbers.bytes()));
    EXPECT_EQ(found, drawn.crc32) << drawn.op << ' ' << drawn.dtype << ' ' << drawn.size << " run "
                                  << drawn.run;
  }
}

TEST(CpuRandomTest, ARunReserves256BlocksANumber) {
  EXPECT_EQ(run_kernel(draw_case("RandomUniform", float32, 7)).kernel.random_blocks, 7u * 256);
  EXPECT_EQ(run_kernel(draw_case("TruncatedNormal", float64, 0)).kernel.random_blocks, 0u);
}

TEST(CpuRandomTest, NumbersLieWithinTheirBounds) {
  const Tensor uniform = launch(draw_case("RandomUniform", float32, 100000));
  const Tensor truncated = launch(draw_case("TruncatedNormal", float64, 100000));
  double sum = 0, squares = 0;
  for (const float x : uniform.data<float>()) {
    ASSERT_TRUE(x >= 0 && x < 1);
    sum += static_cast<double>(x);
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.01);
  for (const double x : truncated.data<double>()) {
    ASSERT_LT(std::abs(x), 2);
    squares += x * x;
  }
  EXPECT_NEAR(std::sqrt(squares / 100000), 0.87962566, 0.01);
}

TEST(CpuRandomTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  for (const char* op : {"RandomUniform", "RandomStandardNormal", "TruncatedNormal"}) {
    KernelCase c = draw_case(op, float32, 50001);
    const Tensor one = launch(c);
    c.threads = 3;
    EXPECT_TRUE(same_bits(one, launch(c))) << op;
  }
}

TEST(CpuRandomTest, RejectsAnEmptyRangeOfIntegers) {
  KernelCase c = draw_case("RandomUniformInt", int32, 3);
  c.inputs[2] = Tensor(-5);
  expect_error<InvalidArgumentError>([&] { launch(c); }, ErrorKind::bad_argument,
                                     "Need minval < maxval, got -5 >= -5");
  c = draw_case("RandomUniformInt", int32, 0);
  c.inputs[2] = Tensor(-5);
  EXPECT_EQ(launch(c).element_count(), 0);
}

}  // namespace
}  // namespace tenon
