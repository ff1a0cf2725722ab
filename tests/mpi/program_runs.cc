// Cases of the program that the tests start (program.cc): the order of reads and writes, values,
// errors, and what stays behind.
#include <tenon/tenon.h>

#include <string>
#include <vector>

#include "tests/mpi/program.h"

namespace mpi_testing {

// Reads on the worker of what is written on the server: before writes that nothing orders, behind
// those that they wait for.
void order(Server& server) {
  for (const bool use_resource : {false, true}) {
    tn::Graph graph;
    const auto as_default = graph.as_default();
    const auto on_ps = tn::device("/job:ps/task:0");
    auto v = tn::get_variable("v", {.initializer = tn::Tensor(1.0f), .use_resource = use_resource});
    tn::Session session({.target = server.target()});
    session.run(v.initializer());
    const auto on_worker = tn::device("/job:worker/task:0");
    auto before = v.value() * 10.0f;
    auto write = v.assign_add(tn::constant(1.0f));
    tn::Output behind;
    {
      const auto after = tn::control_dependencies({write.op()});
      behind = (use_resource ? v.read_value() : v.value()) * 100.0f;
    }
    auto later = tn::control_dependencies({behind.op()});
    auto again = v.assign_add(behind);
    const auto all = session.run(std::vector<tn::Fetch>{before, behind, again});
    expect(all[0].scalar<float>() == 10.0f, "before: " + std::to_string(all[0].scalar<float>()));
    expect(all[1].scalar<float>() == 200.0f, "behind: " + std::to_string(all[1].scalar<float>()));
    expect(all[2].scalar<float>() == 202.0f, "again: " + std::to_string(all[2].scalar<float>()));
    expect(session.run(v).scalar<float>() == 202.0f, "the value afterwards");
    // A value that the server computes from the worker's, and the worker from that.
    const tn::Output on_both = [&] {
      const auto there = tn::device("/job:ps/task:0");
      return before + 1.0f;
    }();
    expect(session.run(on_both * 2.0f).scalar<float>() == 4042.0f, "there and back");
    expect(session.run(on_both, {{before, tn::Tensor(5.0f)}}).scalar<float>() == 6.0f,
           "what is fed in between");
  }
}

void values(Server& server) {
  tn::Graph graph;
  const auto as_default = graph.as_default();
  tn::Session session({.target = server.target()});
  const auto on_ps = tn::device("/job:ps/task:0");
  const tn::Tensor texts({std::string("one"), std::string(10000, 'x'), std::string()});
  auto names = tn::get_variable("names", {.initializer = texts});
  auto empty = tn::get_variable("empty", {.initializer = tn::Tensor::zeros({0, 3})});
  auto large = tn::get_variable("large", {.initializer = tn::Tensor::arange(100000.0f)});
  const auto on_worker = tn::device("/job:worker/task:0");
  session.run(tn::global_variables_initializer());
  expect(session.run(tn::identity(names.value())) == texts, "texts");
  expect(session.run(empty.value() + 1.0f).shape() == tn::Shape{0, 3}, "no elements");
  expect(session.run(large.value() * 2.0f) == tn::Tensor::arange(0.0f, 200000.0f, 2.0f), "large");
  auto x = tn::placeholder(tn::float32, {-1});
  const auto set = [&] {
    const auto there = tn::device("/job:ps/task:0");
    return large.assign(x);
  }();
  session.run(set, {{x, tn::Tensor::arange(1.0f, 100001.0f)}});
  expect(session.run(large) == tn::Tensor::arange(1.0f, 100001.0f), "large, fed");
  // Shapes that hang on values, on both tasks.
  auto some = tn::boolean_mask(large.value(), large.value() < 4.0f);
  expect(session.run(some) == tn::Tensor({1.0f, 2.0f, 3.0f}), "some");
  const auto sum = [&] {
    const auto there = tn::device("/job:ps/task:0");
    return tn::reduce_sum(some);
  }();
  expect(session.run(sum).scalar<float>() == 6.0f, "their sum");
  // A conditional of the worker's on what the server holds.
  auto chosen = tn::cond(
      sum > 5.0f, [&] { return sum * 2.0f; }, [&] { return sum; });
  expect(session.run(chosen).scalar<float>() == 12.0f, "a branch");
}

void errors(Server& server) {
  tn::Graph graph;
  const auto as_default = graph.as_default();
  tn::Session session({.target = server.target()});
  const auto on_ps = tn::device("/job:ps/task:0");
  auto v = tn::get_variable("v", {.shape = {2}});
  expect_error<tn::FailedPreconditionError>([&] { session.run(v); }, tn::ErrorKind::uninitialized,
                                            "(on /job:ps/replica:0/task:0)");
  auto ids = tn::placeholder(tn::int32, {-1});
  auto row = tn::gather(v.value(), ids);
  session.run(v.initializer());
  expect_error<tn::InvalidArgumentError>(
      [&] {
        session.run(row, {{ids, tn::Tensor({7})}});
      },
      tn::ErrorKind::index_out_of_range, "indices[0] = 7");
  expect(session.run(row, {{ids, tn::Tensor({1})}}).element_count() == 1, "it goes on");
  expect_error<tn::UnimplementedError>(
      [&] {
        session.run(tn::cond(
            v.value()[0] > 0.0f, [&] { return v.value() + 1.0f; }, [&] { return v.value(); }));
      },
      tn::ErrorKind::bad_placement, "conditionals, loops");
  expect_error<tn::InvalidArgumentError>(
      [&] {
        const auto nowhere = tn::device("/job:ps/task:5");
        session.run(tn::constant(1.0f) + 1.0f);
      },
      tn::ErrorKind::bad_placement, "/job:ps/replica:0/task:0/device:CPU:0");
}

// Containers, resets, and what a saver makes of variables of other processes.
void keep(Server& server) {
  const std::string prefix = folder() + "/model";
  tn::Graph graph;
  const auto as_default = graph.as_default();
  const auto on_ps = tn::device("/job:ps/task:0");
  auto v = tn::get_variable("v", {.initializer = tn::Tensor({1.0f, 2.0f})});
  tn::Variable kept;
  {
    const auto inside = tn::container("mine");
    kept = tn::get_variable("kept", {.initializer = tn::Tensor(3.0f)});
  }
  tn::train::Saver saver;
  std::string path;
  {
    tn::Session session({.target = server.target()});
    session.run(tn::global_variables_initializer());
    path = saver.save(session, prefix);
    session.run(v.assign(tn::Tensor({7.0f, 8.0f})));
    saver.restore(session, path);
    expect(session.run(v) == tn::Tensor({1.0f, 2.0f}), "restored");
  }
  tn::Session other({.target = server.target()});
  expect(other.run(v) == tn::Tensor({1.0f, 2.0f}), "kept for another session");
  tn::Session::reset(server.target());
  expect_error<tn::RuntimeError>([&] { other.run(v); }, tn::ErrorKind::closed, "reset");
  tn::Session after({.target = server.target()});
  expect_error<tn::FailedPreconditionError>([&] { after.run(v); }, tn::ErrorKind::uninitialized,
                                            "v");
  expect(after.run(kept).scalar<float>() == 3.0f, "in a container of its own");
  expect(after.list_devices().size() == 2, "devices");
}

}  // namespace mpi_testing
