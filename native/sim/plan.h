// The settings in force, with the count of what each fault has met. Replaced as a whole by mien_sim_configure.
#pragma once
#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "settings.h"

namespace mien::sim {

class Plan {
 public:
  explicit Plan(std::shared_ptr<const Settings> settings) : settings_(std::move(settings)), met_(settings_->faults.size()) {}

  const Settings& settings() const { return *settings_; }
  /// The first fault of that kind whose turn it is for this call, model and cores (bits; 0 where the call is none of a core); it counts as met.
  const FaultSettings* take(std::string_view kind, std::string_view call, std::string_view model, uint32_t cores);

 private:
  std::shared_ptr<const Settings> settings_;
  std::vector<std::atomic<int64_t>> met_;
};

}  // namespace mien::sim
