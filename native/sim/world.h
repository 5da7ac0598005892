// What lives in the simulation: settings, cores, contexts, memories, and what was done wrong. Never destroyed: threads may still be inside when
// the process ends.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cores.h"
#include "network.h"
#include "plan.h"

namespace mien::sim {

enum class Misuse { kDoubleDestroy, kUseAfterDestroy, kUnknownHandle, kNullBuffer, kShortBuffer, kConcurrentUse, kDestroyDuringRun, kOutputsAfterFailedRun, kFreedMemoryInRun, kDoubleFree, kCount };

struct Memory {
  npu::TensorMem shell{};
  std::vector<uint8_t> bytes;
  std::atomic<bool> freed{false};
};

struct Binding {
  std::shared_ptr<Memory> memory;  // empty: not bound
  npu::TensorAttr attr{};
};

struct Context {
  std::shared_ptr<const Network> network;  // empty after an init that failed
  std::shared_ptr<int> weights;            // counted by its owners: contexts that share it
  std::atomic<bool> busy{false};
  uint32_t mask = 0;
  std::vector<std::vector<uint8_t>> inputs;  // dense
  std::vector<Binding> inputBindings, outputBindings;
  Results results, next;
  std::atomic<int64_t> durationUs{0};
  bool runFailed = false;
};

class World {
 public:
  static World& get();

  /// Throws std::runtime_error on settings that are wrong.
  void configure(std::string_view json);
  /// The settings in force; the first call takes them from MIEN_NPU_SIMULATION (JSON, or @ and a file) where mien_sim_configure was not called.
  std::shared_ptr<Plan> plan();
  /// Waits `ms`, for ever below 0, or until `plan` is no longer in force.
  void hang(const Plan& plan, double ms);

  npu::ContextHandle add(std::shared_ptr<Context> context);
  /// The context of a handle. Where there is none it counts as misuse, unless the handle is 0.
  std::shared_ptr<Context> find(npu::ContextHandle handle);
  std::shared_ptr<Context> remove(npu::ContextHandle handle);

  npu::TensorMem* add(std::shared_ptr<Memory> memory);
  std::shared_ptr<Memory> find(const npu::TensorMem* memory);
  bool remove(const npu::TensorMem* memory);

  void count(Misuse misuse);
  void countRaisedPriority() { ++raisedPriority_; }
  Cores& cores() { return cores_; }
  std::string report();
  /// One line where something was left or misused, else empty.
  std::string farewell();

 private:
  World() = default;

  std::mutex planLock_, lock_;
  std::condition_variable configured_;
  std::shared_ptr<Plan> plan_;
  Cores cores_;
  npu::ContextHandle nextHandle_ = 0x4d49454e0001;  // "MIEN" in front: not to be mistaken for an address
  std::map<npu::ContextHandle, std::shared_ptr<Context>> contexts_;
  std::map<const npu::TensorMem*, std::shared_ptr<Memory>> memories_;
  std::set<const npu::TensorMem*> freed_;
  std::array<std::atomic<int64_t>, size_t(Misuse::kCount)> misuse_{};
  std::atomic<int64_t> raisedPriority_{0};
};

/// A line in the manner of the runtime's own log.
void complain(const std::string& words);

/// Exclusive use of a context for one call; a second caller at once is misuse. The context is empty where there is nothing to use.
class Use {
 public:
  explicit Use(npu::ContextHandle handle);
  ~Use();
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  explicit operator bool() const { return context_ != nullptr; }
  Context* operator->() const { return context_.get(); }
  const std::shared_ptr<Context>& context() const { return context_; }
  /// What the call answers where it is empty.
  int rc() const { return rc_; }

 private:
  std::shared_ptr<Context> context_;
  int rc_ = 0;
};

}  // namespace mien::sim
