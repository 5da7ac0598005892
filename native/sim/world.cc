#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace mien::sim {
namespace {

constexpr const char* kMisuseNames[] = {"doubleDestroy",    "useAfterDestroy",      "unknownHandle",         "nullBuffer",      "shortBuffer",
                                        "concurrentUse",    "destroyDuringRun",     "outputsAfterFailedRun", "freedMemoryInRun", "doubleFree"};
static_assert(std::size(kMisuseNames) == size_t(Misuse::kCount));

std::string fromEnvironment() {
  const char* told = getenv("MIEN_NPU_SIMULATION");
  if (!told || !*told) return "{}";
  if (*told != '@') return told;
  std::ifstream file(told + 1, std::ios::binary);
  if (!file) throw std::runtime_error("MIEN_NPU_SIMULATION names " + std::string(told + 1) + ", which cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

World& World::get() {
  static World& world = *new World;
  return world;
}

void World::configure(std::string_view json) {
  auto plan = std::make_shared<Plan>(parseSettings(json));
  const std::lock_guard hold(planLock_);
  plan_ = std::move(plan);
  configured_.notify_all();
}

std::shared_ptr<Plan> World::plan() {
  const std::lock_guard hold(planLock_);
  if (!plan_) plan_ = std::make_shared<Plan>(parseSettings(fromEnvironment()));
  return plan_;
}

void World::hang(const Plan& plan, double ms) {
  std::unique_lock hold(planLock_);
  const auto anew = [this, &plan] { return plan_.get() != &plan; };
  if (ms >= 0) configured_.wait_for(hold, std::chrono::duration<double, std::milli>(ms), anew);
  else configured_.wait(hold, anew);
}

npu::ContextHandle World::add(std::shared_ptr<Context> context) {
  const std::lock_guard hold(lock_);
  contexts_[nextHandle_] = std::move(context);
  return nextHandle_++;
}

std::shared_ptr<Context> World::find(npu::ContextHandle handle) {
  if (handle == 0) return nullptr;
  std::unique_lock hold(lock_);
  const auto found = contexts_.find(handle);
  if (found != contexts_.end()) return found->second;
  const bool was = handle >= 0x4d49454e0001 && handle < nextHandle_;
  hold.unlock();
  count(was ? Misuse::kUseAfterDestroy : Misuse::kUnknownHandle);
  return nullptr;
}

std::shared_ptr<Context> World::remove(npu::ContextHandle handle) {
  if (handle == 0) return nullptr;
  std::unique_lock hold(lock_);
  const auto found = contexts_.find(handle);
  if (found != contexts_.end()) {
    std::shared_ptr<Context> out = std::move(found->second);
    contexts_.erase(found);
    return out;
  }
  const bool was = handle >= 0x4d49454e0001 && handle < nextHandle_;
  hold.unlock();
  count(was ? Misuse::kDoubleDestroy : Misuse::kUnknownHandle);
  return nullptr;
}

npu::TensorMem* World::add(std::shared_ptr<Memory> memory) {
  const std::lock_guard hold(lock_);
  npu::TensorMem* const shell = &memory->shell;
  freed_.erase(shell);
  memories_[shell] = std::move(memory);
  return shell;
}

std::shared_ptr<Memory> World::find(const npu::TensorMem* memory) {
  const std::lock_guard hold(lock_);
  const auto found = memories_.find(memory);
  return found == memories_.end() ? nullptr : found->second;
}

bool World::remove(const npu::TensorMem* memory) {
  std::unique_lock hold(lock_);
  const auto found = memories_.find(memory);
  if (found == memories_.end()) {
    const bool was = freed_.contains(memory);
    hold.unlock();
    count(was ? Misuse::kDoubleFree : Misuse::kUnknownHandle);
    return false;
  }
  found->second->freed = true;
  freed_.insert(memory);
  memories_.erase(found);
  return true;
}

void World::count(Misuse misuse) {
  ++misuse_[size_t(misuse)];
  complain(std::string("misuse: ") + kMisuseNames[size_t(misuse)]);
  if (misuse != Misuse::kNullBuffer && misuse != Misuse::kDoubleDestroy) return;
  // What the real runtime does then.
  if (plan()->settings().strict) raise(SIGSEGV);
}

std::string World::report() {
  std::string cores, misuse;
  for (const CoreUse& core : cores_.use()) {
    cores += (cores.empty() ? "" : ",") + ("{\"runs\":" + std::to_string(core.runs) + ",\"busyUs\":" + std::to_string(core.busyNs / 1000) + "}");
  }
  for (size_t i = 0; i < misuse_.size(); ++i) {
    if (misuse_[i] > 0) misuse += (misuse.empty() ? "\"" : ",\"") + std::string(kMisuseNames[i]) + "\":" + std::to_string(misuse_[i]);
  }
  const std::lock_guard hold(lock_);
  int64_t contexts = 0, weights = 0, internals = 0, memories = 0;
  std::set<const int*> counted;
  for (const auto& [_, context] : contexts_) {
    if (!context->network) continue;
    ++contexts;
    internals += context->network->internalBytes;
    if (counted.insert(context->weights.get()).second) weights += context->network->weightBytes;
  }
  for (const auto& [shell, _] : memories_) memories += shell->size;
  return "{\"simulated\":true,\"contexts\":" + std::to_string(contexts) + ",\"memories\":" + std::to_string(memories_.size()) +
         ",\"weightBytes\":" + std::to_string(weights) + ",\"internalBytes\":" + std::to_string(internals) + ",\"memoryBytes\":" + std::to_string(memories) +
         ",\"raisedPriority\":" + std::to_string(raisedPriority_) + ",\"cores\":[" + cores + "],\"misuse\":{" + misuse + "}}";
}

std::string World::farewell() {
  std::string misuse;
  for (size_t i = 0; i < misuse_.size(); ++i) {
    if (misuse_[i] > 0) misuse += (misuse.empty() ? "" : ", ") + std::string(kMisuseNames[i]) + " " + std::to_string(misuse_[i]);
  }
  const std::lock_guard hold(lock_);
  int64_t contexts = 0;
  for (const auto& [_, context] : contexts_) contexts += context->network ? 1 : 0;
  if (contexts == 0 && memories_.empty() && misuse.empty()) return "";
  return "mien-npu-simulated: " + std::to_string(contexts) + " contexts, " + std::to_string(memories_.size()) + " memories not freed" +
         (misuse.empty() ? "" : "; misuse: " + misuse);
}

void complain(const std::string& words) { fprintf(stderr, "E RKNN: [simulated] %s\n", words.c_str()); }

Use::Use(npu::ContextHandle handle) : context_(World::get().find(handle)) {
  if (!context_ || !context_->network) {
    context_ = nullptr;
    rc_ = npu::kContextInvalid;
  } else if (context_->busy.exchange(true)) {
    World::get().count(Misuse::kConcurrentUse);
    context_ = nullptr;
    rc_ = npu::kFail;
  }
}

Use::~Use() {
  if (context_) context_->busy = false;
}

}  // namespace mien::sim
