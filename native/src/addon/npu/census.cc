#include "census.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "worker.h"

namespace mien::npu {
namespace {

struct Census {
  std::mutex mutex;
  std::vector<std::pair<const Worker*, std::weak_ptr<Worker>>> inside;
};

/// Never destroyed: threads may outlive the end of main.
Census& census() {
  static Census* const all = new Census;
  return *all;
}

std::vector<std::shared_ptr<Worker>> everyone() {
  std::lock_guard<std::mutex> lock(census().mutex);
  std::vector<std::shared_ptr<Worker>> workers;
  for (const auto& [key, weak] : census().inside) {
    if (std::shared_ptr<Worker> worker = weak.lock()) workers.push_back(std::move(worker));
  }
  return workers;
}

}  // namespace

void enterCensus(const std::shared_ptr<Worker>& worker) {
  std::lock_guard<std::mutex> lock(census().mutex);
  census().inside.emplace_back(worker.get(), worker);
}

void leaveCensus(const Worker* worker) {
  std::lock_guard<std::mutex> lock(census().mutex);
  auto& inside = census().inside;
  inside.erase(std::remove_if(inside.begin(), inside.end(), [=](const auto& entry) { return entry.first == worker; }), inside.end());
}

void endWorkers(const std::vector<std::shared_ptr<Worker>>& workers) {
  for (const auto& worker : workers) worker->end();
  constexpr int kStepUs = 500;
  for (int waitedUs = 0; waitedUs < kGraceMs * 1000; waitedUs += kStepUs) {
    if (std::all_of(workers.begin(), workers.end(), [](const auto& worker) { return worker->gone(); })) return;
    ::usleep(kStepUs);
  }
}

void endWorkersAtExit() {
  static std::once_flag once;
  std::call_once(once, [] { std::atexit([] { endWorkers(everyone()); }); });
}

}  // namespace mien::npu
