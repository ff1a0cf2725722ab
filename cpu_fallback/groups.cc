#include "cpu_fallback/groups.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>

#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

constexpr size_t kMostInputs = 3;

size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

// An operand as rows along its last axis, of which each group has a part.
struct Operand {
  int64_t rows = 0;
  size_t width = 0;   // of a group's part of a row, in bytes
  size_t row = 0;     // of a whole one
  size_t offset = 0;  // of the group's part in the workspace

  size_t bytes() const { return whole_lines(static_cast<size_t>(rows) * width); }
};

// Copies a group's part out of the whole, or back into it.
void copy_part(const Launch& args, const Operand& operand, int64_t group, void* whole, void* part,
               bool back) {
  auto* of_whole = static_cast<std::byte*>(whole) + static_cast<size_t>(group) * operand.width;
  auto* of_part = static_cast<std::byte*>(part);
  for_rows(
      args, operand.rows, static_cast<int64_t>(operand.width), [&](int64_t begin, int64_t end) {
        for (auto row = static_cast<size_t>(begin); row < static_cast<size_t>(end); ++row) {
          std::byte *there = of_whole + row * operand.row, *here = of_part + row * operand.width;
          std::memcpy(back ? there : here, back ? here : there, operand.width);
        }
      });
}

class Groups {
 public:
  Groups(const KernelRequest& request, int64_t groups, unsigned cut,
         internal::PrepareFunction prepare)
      : groups_(groups) {
    KernelRequest one = request;
    for (size_t i = 0; i < one.inputs.size(); ++i) {
      if (((cut >> i) & 1) == 0) continue;
      inputs_.at(i) = place(one.inputs[i]);
      one.values[i] = Tensor();  // its part isn't known
    }
    output_ = place(one.outputs[0]);
    kernel_ = prepare(one);
    workspace_ += kernel_.workspace_bytes;
  }

  size_t workspace_bytes() const { return workspace_; }

  void run(const Launch& args) const {
    auto* workspace = static_cast<std::byte*>(args.workspace);
    std::array<const void*, kMostInputs> inputs = {};
    std::array<void*, 1> outputs = {workspace + output_.offset};
    Launch one = args;
    one.inputs = inputs.data();
    one.outputs = outputs.data();
    one.workspace = workspace + workspace_ - kernel_.workspace_bytes;
    for (int64_t group = 0; group < groups_; ++group) {
      for (size_t i = 0; i < kMostInputs; ++i) {
        if (inputs_[i].rows == 0) continue;
        std::byte* part = workspace + inputs_[i].offset;
        copy_part(args, inputs_[i], group, const_cast<void*>(args.inputs[i]), part, false);
        inputs[i] = part;
      }
      kernel_.launch(one);
      copy_part(args, output_, group, args.outputs[0], outputs[0], true);
    }
  }

 private:
  // Makes the operand that of one group, and gives it room.
  Operand place(internal::TensorSpec& spec) {
    const size_t whole = static_cast<size_t>(spec.shape.back()) * size_of(spec.dtype);
    spec.shape[spec.shape.rank() - 1] /= groups_;
    const Operand operand = {.rows = count_between(spec.shape, 0, spec.shape.rank() - 1),
                             .width = whole / static_cast<size_t>(groups_),
                             .row = whole,
                             .offset = workspace_};
    workspace_ += operand.bytes();
    return operand;
  }

  int64_t groups_;
  std::array<Operand, kMostInputs> inputs_;
  Operand output_;
  size_t workspace_ = 0;
  Kernel kernel_;
};

}  // namespace

Kernel prepare_in_groups(const KernelRequest& request, int64_t groups, unsigned cut,
                         internal::PrepareFunction prepare) {
  const auto plan = std::make_shared<const Groups>(request, groups, cut, prepare);
  return {.workspace_bytes = plan->workspace_bytes(),
          .launch = [plan](const Launch& args) { plan->run(args); }};
}

}  // namespace tenon::cpu
