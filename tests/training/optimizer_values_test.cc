// What each optimizer writes in two steps, against TensorFlow 2.21's numbers (compat.v1, float64).
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/global_step.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"
#include "tenon/session.h"
#include "tenon/variable_scope.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using train::Optimizer;
using Numbers = std::vector<double>;

struct Slot {
  const char* slot;
  const char* name;
  Numbers dense, sparse;
};

struct Case {
  const char* name;
  std::function<std::unique_ptr<Optimizer>()> make;
  Numbers dense, sparse;  // the variable after two steps
  std::vector<Slot> slots = {};
};

std::ostream& operator<<(std::ostream& out, const Case& test) { return out << test.name; }

const std::vector<Case> kCases = {
    {"GradientDescent",
     [] {
       return std::make_unique<train::GradientDescentOptimizer>(
           train::GradientDescentOptions{.learning_rate = 0.1});
     },
     {0.97499999962747097, -2.1000000014901161, 0.48749999981373549},
     {0.87499999813735485, -2.025000000372529, 0.5, 3, -1.1500000022351742, 0.11249999795109034}},
    {"Momentum",
     [] {
       return std::make_unique<train::MomentumOptimizer>(
           train::MomentumOptions{.learning_rate = 0.1, .momentum = 0.9});
     },
     {0.93000000014901163, -2.0100000025331974, 0.48749999981373549},
     {0.85249999839812518, -2.0924999995902178, 0.5, 3, -1.2850000006705522, 0.19124999703839418},
     {{"momentum",
       "w/Momentum:0",
       {0.19999998807907104, 1.1000000238418579, 0.125},
       {1.2249999940395355, 0.17499998211860657, 0, 0, 1.3499999642372131, 1.4625000208616257}}}},
    {"NesterovMomentum",
     [] {
       return std::make_unique<train::MomentumOptimizer>(
           train::MomentumOptions{.learning_rate = 0.1, .momentum = 0.9, .use_nesterov = true});
     },
     {0.91200000143051152, -2.109000003531575, 0.47624999994412065},
     {0.74225000021234155, -2.1082499977983531, 0.5, 3, -1.4064999960437417, 0.059624996686354348},
     {{"momentum",
       "w/Momentum:0",
       {0.19999998807907104, 1.1000000238418579, 0.125},
       {1.2249999940395355, 0.17499998211860657, 0, 0, 1.3499999642372131, 1.4625000208616257}}}},
    {"Adam",
     [] {
       return std::make_unique<train::AdamOptimizer>(train::AdamOptions{.learning_rate = 0.1});
     },
     {0.87336646440931753, -1.936610254936002, 0.4255867568576675},
     {0.81156280179700324, -2.1144519569450813, 0.5, 3, -1.1670055635039875, 0.30491712665149018},
     {{"m",
       "w/Adam:0",
       {0.020000003576278402, 0.11000002861023006, 0.012500002980232239},
       {0.12250002861022935, 0.017500002384185365, 0, 0, 0.13500002861022864, 0.14625003695488026}},
      {"v",
       "w/Adam_1:0",
       {0.00031224598312373786, 0.0049989356527326834, 1.5624798834323883e-05},
       {0.0010624238223433391, 0.00081192705386867736, 0, 0, 0.0022477210900779809,
        0.0058272843599169177}}}},
    {"AdamW",
     [] {
       return std::make_unique<train::AdamWOptimizer>(
           train::AdamWOptions{.weight_decay = 0.05, .learning_rate = 0.1});
     },
     {0.7808664599804227, -1.7466102506726444, 0.37683675614986234},
     {0.7190627942058163, -1.9144519560730469, 0.5, 3, -1.0645055629934648, 0.2755421279556028},
     {{"m",
       "w/AdamW:0",
       {0.020000003576278402, 0.11000002861023006, 0.012500002980232239},
       {0.12250002861022935, 0.017500002384185365, 0, 0, 0.13500002861022864, 0.14625003695488026}},
      {"v",
       "w/AdamW_1:0",
       {0.00031224598312373786, 0.0049989356527326834, 1.5624798834323883e-05},
       {0.0010624238223433391, 0.00081192705386867736, 0, 0, 0.0022477210900779809,
        0.0058272843599169177}}}},
    {"AdamWithOtherBetas",
     [] {
       return std::make_unique<train::AdamOptimizer>(train::AdamOptions{
           .learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.001});
     },
     {0.93990632309459643, -1.9711021733113681, 0.4625502823185918},
     {0.90585012142447119, -2.0540614080025468, 0.5, 3, -1.0815920810523363, 0.27480516104203878},
     {{"m",
       "w/Adam:0",
       {0.029999999403953481, 0.2399999833106996, 0.024999998509883881},
       {0.23999998629093167, 0.020000000596046341, 0, 0, 0.23999998927116373, 0.30999997943639768}},
      {"v",
       "w/Adam_1:0",
       {0.015000003427267039, 0.24750005841255174, 0.00078125018626451492},
       {0.0529687625914812, 0.039218759015202442, 0, 0, 0.10687502413988081,
        0.28949225606396783}}}},
    // By the formulas of TensorFlow Addons' LAMB, in NumPy.
    {"Lamb",
     [] {
       return std::make_unique<train::LambOptimizer>(
           train::LambOptions{.learning_rate = 0.1, .weight_decay = 0.05});
     },
     {0.768365466387014, -1.8996230744292544, 0.31312004751499045},
     {0.4846511632922778, -2.1920685102272373, 0.48682105914265356, 2.9209263548559212,
      -1.3918929482103282, 0.2916850367464423},
     {{"m",
       "w/LAMB:0",
       {0.020000003576278402, 0.11000002861023006, 0.012500002980232239},
       {0.12250002861022935, 0.017500002384185365, 0, 0, 0.13500002861022864, 0.14625003695488026}},
      {"v",
       "w/LAMB_1:0",
       {0.00031224598312373786, 0.004998935652732683, 1.5624798834323883e-05},
       {0.001062423822343339, 0.0008119270538686774, 0, 0, 0.002247721090077981,
        0.005827284359916918}}}},
    {"LambWithoutDecay",
     [] {
       return std::make_unique<train::LambOptimizer>(
           train::LambOptions{.learning_rate = 0.1,
                              .weight_decay = 0.05,
                              .exclude_from_weight_decay = {"bias", "^w$"},
                              .exclude_from_layer_adaptation = std::vector<std::string>{}});
     },
     {0.7743517503629143, -1.925446305881065, 0.32222197616310194},
     {0.5079449481185145, -2.2440922036291364, 0.5, 3, -1.4202268545979966, 0.29455990987208075}},
    {"LambWithoutDecayAndAdaptation",
     [] {
       return std::make_unique<train::LambOptimizer>(train::LambOptions{
           .learning_rate = 0.1, .weight_decay = 0.05, .exclude_from_weight_decay = {"w"}});
     },
     {0.8733666534786554, -1.9366103053401749, 0.4255874102732392},
     {0.8115631694790457, -2.114451848171527, 0.5, 3, -1.1670054688635034, 0.3049170690052804}},
    {"Adagrad",
     [] {
       return std::make_unique<train::AdagradOptimizer>(
           train::AdagradOptions{.learning_rate = 0.1});
     },
     {0.9544095210558734, -1.9932152295283494, 0.46323926834753204},
     {0.84523485124718167, -2.0398018758591654, 0.5, 3, -1.0978492124160832, 0.2516355760415584},
     {{"accumulator",
       "w/Adagrad:0",
       {0.4125, 5.1, 0.115625},
       {1.1625, 0.9125, 0.1, 0.1, 2.35, 5.928125}}}},
    {"Adadelta",
     [] {
       return std::make_unique<train::AdadeltaOptimizer>(
           train::AdadeltaOptions{.learning_rate = 1.0, .rho = 0.9, .epsilon = 1e-4});
     },
     {0.98923481115551959, -2.0087849095542403, 0.4693430368244591},
     {0.92530511321028441, -2.005910116197529, 0.5, 3, -1.0316157474931757, 0.23966246081229772},
     {{"accum",
       "w/Adadelta:0",
       {0.028750006258487559, 0.4900001144409174, 0.0015625003725290298},
       {0.10562502503395077, 0.075625016689300217, 0, 0, 0.20250004291534296, 0.5751563853025432}},
      {"accum_update",
       "w/Adadelta_1:0",
       {0.00013288267603375788, 0.00025306054099150197, 9.3984961522402714e-05},
       {0.00027626315776844729, 0.00015581008333284495, 0, 0, 8.9960013124710153e-05,
        0.00026577631738793094}}}},
    {"RMSProp",
     [] {
       return std::make_unique<train::RMSPropOptimizer>(train::RMSPropOptions{
           .learning_rate = 0.1, .decay = 0.8, .momentum = 0.5, .epsilon = 1e-4});
     },
     {0.94869578196834903, -2.0081164435064962, 0.48441421951222197},
     {0.8499411945144516, -2.0611537079911875, 0.5, 3, -1.2012380728114813, 0.21555443543104369},
     {{"momentum",
       "w/RMSProp_1:0",
       {-0.0029252070736685461, 0.10811144537163309, 0.01558578048777806},
       {0.12232550206399931, -0.017355579582131027, 0, 0, 0.067079357603827078,
        0.1240666804140058}},
      {"rms",
       "w/RMSProp:0",
       {0.69250001654028903, 1.5999999642372131, 0.64312501888722196},
       {0.85000000670552267, 0.78000001206994063, 1, 1, 1.0000000029802321, 1.7749999532476068}}}},
    {"CenteredRMSProp",
     [] {
       return std::make_unique<train::RMSPropOptimizer>(train::RMSPropOptions{
           .learning_rate = 0.1, .decay = 0.8, .momentum = 0.5, .epsilon = 1e-4, .centered = true});
     },
     {0.94823261731011277, -2.0079488024454371, 0.4844066419025666},
     {0.84600471279301503, -2.062618321354019, 0.5, 3, -1.2088982548969649, 0.21300167700190942},
     {{"mg",
       "w/RMSProp_1:0",
       {0.029999999403953481, 0.2399999833106996, 0.024999998509883881},
       {0.23999998629093167, 0.020000000596046341, 0, 0, 0.23999998927116373, 0.30999997943639768}},
      {"momentum",
       "w/RMSProp_2:0",
       {-0.0027838433529617859, 0.1100055610111739, 0.015593358097433422},
       {0.1262192237308627, -0.016877054571608444, 0, 0, 0.069632751632321618,
        0.12809474779742824}},
      {"rms",
       "w/RMSProp:0",
       {0.69250001654028903, 1.5999999642372131, 0.64312501888722196},
       {0.85000000670552267, 0.78000001206994063, 1, 1, 1.0000000029802321, 1.7749999532476068}}}},
    {"Ftrl",
     [] {
       return std::make_unique<train::FtrlOptimizer>(
           train::FtrlOptions{.learning_rate = 0.1,
                              .l1_regularization_strength = 0.01,
                              .l2_regularization_strength = 0.1});
     },
     {0.40461876548639131, -1.3641228231146125, -0.031941183138766718},
     {0.052839371217299008, -1.2311077019325543, 0.5, 3, -0.87943898004971144, 0.1609124579955768},
     {{"accum", "w/Ftrl:0", {0.4125, 5.1, 0.115625}, {1.1625, 0.9125, 0.1, 0.1, 2.35, 5.928125}},
      {"linear",
       "w/Ftrl_1:0",
       {-2.6896347895383363, 31.089054794725826, 0.125},
       {-0.59027823180566596, 12.016361178789484, 0, 0, 13.667431875278648, -3.9600373115106735}}}},
    {"FtrlWithAllItsArguments",
     [] {
       return std::make_unique<train::FtrlOptimizer>(
           train::FtrlOptions{.learning_rate = 0.1,
                              .learning_rate_power = -0.3,
                              .initial_accumulator_value = 0.2,
                              .l1_regularization_strength = 0.3,
                              .l2_regularization_strength = 0.1,
                              .l2_shrinkage_regularization_strength = 0.05,
                              .beta = 0.1});
     },
     {0.11385027351869846, -0.72937634222639758, 0},
     {-0.044071337439238592, -0.55925742696108205, 0.5, 3, -0.5571046101819489,
      0.010105898367966984},
     {{"accum", "w/Ftrl:0", {0.5125, 5.2, 0.215625}, {1.2625, 1.0125, 0.2, 0.2, 2.45, 6.028125}},
      {"linear",
       "w/Ftrl_1:0",
       {-1.368247694654865, 13.135843706365389, 0.17500000074505806},
       {0.82552035974214877, 6.5845641825610794, 0, 0, 8.2578381812935895, -0.48535968260242091}}}},
    {"AdagradDA",
     [] {
       return std::make_unique<train::AdagradDAOptimizer>(train::AdagradDAOptions{
           .learning_rate = 0.1, .global_step = train::get_or_create_global_step()});
     },
     {-0.03892494778810306, -0.04428074493683928, -0.036760731652467966},
     {-0.11593472566760406, -0.026171196519491898, 0.5, 3, -0.09784921241608319,
      -0.05647341209120457},
     {{"gradient_accumulator", "w/AdagradDA:0", {0.25, 1, 0.125}, {1.25, 0.25, 0, 0, 1.5, 1.375}},
      {"gradient_squared_accumulator",
       "w/AdagradDA_1:0",
       {0.4125, 5.1, 0.115625},
       {1.1625, 0.9125, 0.1, 0.1, 2.35, 5.928125}}}},
    {"AdagradDAWithPenalties",
     [] {
       return std::make_unique<train::AdagradDAOptimizer>(
           train::AdagradDAOptions{.learning_rate = 0.1,
                                   .global_step = train::get_or_create_global_step(),
                                   .initial_gradient_squared_accumulator_value = 0.5,
                                   .l1_regularization_strength = 0.3,
                                   .l2_regularization_strength = 0.2});
     },
     {0, -0.016770026012722098, 0},
     {-0.05038759575528911, 0, 0.5, 3, -0.052993783210495964, -0.030325838221682232},
     {{"gradient_accumulator", "w/AdagradDA:0", {0.25, 1, 0.125}, {1.25, 0.25, 0, 0, 1.5, 1.375}},
      {"gradient_squared_accumulator",
       "w/AdagradDA_1:0",
       {0.8125, 5.5, 0.515625},
       {1.5625, 1.3125, 0.5, 0.5, 2.75, 6.328125}}}},
    {"ProximalGradientDescent",
     [] {
       return std::make_unique<train::ProximalGradientDescentOptimizer>(
           train::ProximalGradientDescentOptions{.learning_rate = Tensor(0.1),
                                                 .l1_regularization_strength = Tensor(0.4),
                                                 .l2_regularization_strength = Tensor(0.2)});
     },
     {0.8599577085736254, -1.9446366782006919, 0.3906670511341791},
     {0.761437908496732, -1.8677431757016532, 0.5, 3, -1.0276816608996537, 0.02614379084967315}},
    {"ProximalAdagrad",
     [] {
       return std::make_unique<train::ProximalAdagradOptimizer>(
           train::ProximalAdagradOptions{.learning_rate = Tensor(0.1),
                                         .initial_accumulator_value = 0.5,
                                         .l1_regularization_strength = Tensor(0.4),
                                         .l2_regularization_strength = Tensor(0.2)});
     },
     {0.8405587311985708, -1.907350344159055, 0.3484174236820248},
     {0.7653645567031394, -1.8837969181401375, 0.5, 3, -1.0172360605515787, 0.1803404666169868},
     {{"accumulator",
       "w/ProximalAdagrad:0",
       {0.8125, 5.5, 0.515625},
       {1.5625, 1.3125, 0.5, 0.5, 2.75, 6.328125}}}},
};

Tensor tensor(const Numbers& values, const Shape& shape) {
  return Tensor::from<double>(std::span<const double>(values), shape);
}

void expect_near(const Tensor& found, const Numbers& wanted, const std::string& what) {
  ASSERT_EQ(static_cast<size_t>(found.element_count()), wanted.size()) << what;
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(found.data<double>()[i], wanted[i], 1e-9 + 1e-8 * std::abs(wanted[i]))
        << what << " [" << i << ']';
  }
}

class OptimizerValuesTest : public testing::TestWithParam<std::tuple<Case, bool>> {
 protected:
  // The variable and the slots after two steps with these gradients.
  void train(const Operation& step, const Output& gradient, const std::vector<Tensor>& values,
             bool sparse) {
    Session session;
    session.run(global_variables_initializer());
    for (const Tensor& value : values) session.run(step, {{gradient, value}});
    const Case& test = std::get<0>(GetParam());
    expect_near(session.run(w_), sparse ? test.sparse : test.dense, "w");
    for (const Slot& slot : test.slots) {
      const Variable variable = optimizer_->get_slot(w_, slot.slot);
      ASSERT_TRUE(variable) << slot.slot;
      EXPECT_EQ(variable.name(), slot.name);
      EXPECT_FALSE(variable.trainable());
      expect_near(session.run(variable), sparse ? slot.sparse : slot.dense, slot.slot);
    }
  }

  Variable make(const Tensor& value) {
    return get_variable("w", {.dtype = float64, .initializer = value, .use_resource = resource()});
  }
  bool resource() const { return std::get<1>(GetParam()); }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  std::unique_ptr<Optimizer> optimizer_ = std::get<0>(GetParam()).make();
  Variable w_;
};

TEST_P(OptimizerValuesTest, AppliesDenseGradientsAsTensorFlow) {
  w_ = make(tensor({1, -2, 0.5}, {3}));
  const Output gradient = placeholder(float64, {3});
  const Operation step =
      optimizer_->apply_gradients({{gradient, w_}}, {.global_step = train::get_global_step()});
  train(step, gradient, {tensor({0.5, -1, 0}, {3}), tensor({-0.25, 2, 0.125}, {3})}, false);
}

// Row 2 is gathered twice, row 1 never.
TEST_P(OptimizerValuesTest, AppliesGradientsOfGatheredRowsAsTensorFlow) {
  w_ = make(tensor({1, -2, 0.5, 3, -1, 0.25}, {3, 2}));
  const Output gradient = placeholder(float64, {3, 2});
  const Output loss = reduce_sum(gather(w_, {2, 0, 2}) * gradient);
  const Operation step = optimizer_->minimize(loss, {.global_step = train::get_global_step()});
  train(step, gradient,
        {tensor({0.5, -1, 0.25, 0.75, 1, 0.125}, {3, 2}),
         tensor({-0.5, 0.25, 1, -0.5, 0.5, 2}, {3, 2})},
        true);
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerValuesTest,
                         testing::Combine(testing::ValuesIn(kCases), testing::Bool()),
                         [](const testing::TestParamInfo<std::tuple<Case, bool>>& test) {
                           return std::string(std::get<0>(test.param).name) +
                                  (std::get<1>(test.param) ? "OfAResourceVariable"
                                                           : "OfAReferenceVariable");
                         });

}  // namespace
