// Three cores with a queue each, on absolute time: finish = max(submit, previous finish) + run time.
#pragma once
#include <array>
#include <cstdint>
#include <mutex>

#include "settings.h"

namespace mien::sim {

int64_t nowNs();
/// Sleeps until 200 us before, then spins: a wake-up of the operating system is not that exact.
void waitUntil(int64_t atNs);

struct Booking {
  uint32_t cores = 0;  // bits
  int64_t finishNs = 0;
};

struct CoreUse {
  int64_t runs = 0, busyNs = 0;
};

class Cores {
 public:
  /// Takes the next free time of the cores that a mask means, all together; mask 0 is the one core that is free first. `durationNs` is asked with
  /// those cores; below 0 nothing is taken.
  template <typename Duration>
  Booking book(uint32_t mask, Duration durationNs) {
    const std::lock_guard hold(lock_);
    Booking out;
    out.cores = choose(mask);
    const int64_t duration = durationNs(out.cores);
    if (duration >= 0) take(out, duration);
    return out;
  }
  std::array<CoreUse, kCores> use();

 private:
  uint32_t choose(uint32_t mask) const;
  void take(Booking& booking, int64_t durationNs);

  std::mutex lock_;
  std::array<int64_t, kCores> finishNs_{};
  std::array<CoreUse, kCores> use_{};
};

}  // namespace mien::sim
