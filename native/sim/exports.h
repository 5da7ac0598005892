// How a function of the runtime's interface is exported, and what every one of them does first.
#pragma once
#include <exception>
#include <string>

#include "world.h"

#define MIEN_EXPORT extern "C" __attribute__((visibility("default")))

namespace mien::sim {

/// A scripted answer instead of the call, or a delay before it.
inline bool intercepted(const char* call, const std::string& model, int& rc) {
  World& world = World::get();
  const std::shared_ptr<Plan> plan = world.plan();
  if (const FaultSettings* fault = plan->take("wrong-rc", call, model, 0)) {
    rc = fault->rc;
    if (rc != 0) complain(std::string(call) + ": scripted to answer " + std::to_string(rc));
    return true;
  }
  // rknn_run has its own: there it is a matter of cores.
  if (std::string_view(call) == "rknn_run") return false;
  if (const FaultSettings* fault = plan->take("delay", call, model, 0)) world.hang(*plan, fault->ms);
  if (const FaultSettings* fault = plan->take("hang", call, model, 0)) {
    world.hang(*plan, fault->ms);
    rc = npu::kTimeout;
    return true;
  }
  return false;
}

/// Nothing is thrown into C.
template <typename Body>
int guarded(const char* call, Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    complain(std::string(call) + ": " + error.what());
    return npu::kFail;
  }
}

}  // namespace mien::sim
