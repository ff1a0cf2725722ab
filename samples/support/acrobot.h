// The game Acrobot, as reinforcement learning plays it (R. Sutton, A. Barto).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace samples {

// Two arms that hang down: their angles, and how fast these grow. Up is where the end of the second
// is an arm's length above the first one's pivot.
struct Acrobot {
  using State = std::array<double, 4>;
  static constexpr double kPi = 3.14159265358979;

  std::array<float, 6> seen() const {
    return {float(std::cos(at[0])), float(std::sin(at[0])), float(std::cos(at[1])),
            float(std::sin(at[1])), float(at[2]),           float(at[3])};
  }
  bool is_up() const { return -std::cos(at[0]) - std::cos(at[0] + at[1]) > 1; }

  // A fifth of a second with that torque, by Runge's and Kutta's method.
  void push(double torque) {
    constexpr double kStep = 0.2;
    const State a = change(at, torque), b = change(moved(a, kStep / 2), torque),
                c = change(moved(b, kStep / 2), torque), d = change(moved(c, kStep), torque);
    for (size_t i = 0; i < 4; ++i) at[i] += kStep / 6 * (a[i] + 2 * b[i] + 2 * c[i] + d[i]);
    for (const size_t i : {0, 1}) at[i] = std::remainder(at[i], 2 * kPi);
    at[2] = std::clamp(at[2], -4 * kPi, 4 * kPi);
    at[3] = std::clamp(at[3], -9 * kPi, 9 * kPi);
  }

  State moved(const State& by, double step) const {
    State to = at;
    for (size_t i = 0; i < 4; ++i) to[i] += step * by[i];
    return to;
  }
  // Arms of 1 m and 1 kg, their masses in the middle.
  static State change(const State& s, double torque) {
    const double d1 = 3.5 + std::cos(s[1]), d2 = 1.25 + 0.5 * std::cos(s[1]);
    const double phi2 = 4.9 * std::sin(s[0] + s[1]);
    const double phi1 =
        -0.5 * s[3] * (s[3] + 2 * s[2]) * std::sin(s[1]) + 14.7 * std::sin(s[0]) + phi2;
    const double second = (torque + d2 / d1 * phi1 - 0.5 * s[2] * s[2] * std::sin(s[1]) - phi2) /
                          (1.25 - d2 * d2 / d1);
    return {s[2], s[3], -(d2 * second + phi1) / d1, second};
  }

  State at = {};
};

}  // namespace samples
