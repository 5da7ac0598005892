#include "cores.h"

#include <time.h>

#include <algorithm>

namespace mien::sim {
namespace {

constexpr int64_t kSpinNs = 200'000;

inline void pauseBriefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

}  // namespace

int64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void waitUntil(int64_t atNs) {
  const int64_t wake = atNs - kSpinNs;
  if (nowNs() < wake) {
    const timespec at = {wake / 1'000'000'000, wake % 1'000'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
    }
  }
  while (nowNs() < atNs) pauseBriefly();
}

uint32_t Cores::choose(uint32_t mask) const {
  if (mask != 0) return mask & ((1u << kCores) - 1);
  return 1u << (std::min_element(finishNs_.begin(), finishNs_.end()) - finishNs_.begin());
}

void Cores::take(Booking& booking, int64_t durationNs) {
  int64_t start = nowNs();
  for (int core = 0; core < kCores; ++core) {
    if (booking.cores >> core & 1) start = std::max(start, finishNs_[core]);
  }
  booking.finishNs = start + durationNs;
  for (int core = 0; core < kCores; ++core) {
    if (!(booking.cores >> core & 1)) continue;
    finishNs_[core] = booking.finishNs;
    ++use_[core].runs;
    use_[core].busyNs += durationNs;
  }
}

std::array<CoreUse, kCores> Cores::use() {
  const std::lock_guard hold(lock_);
  return use_;
}

}  // namespace mien::sim
