#include "plan.h"

namespace mien::sim {

const FaultSettings* Plan::take(std::string_view kind, std::string_view call, std::string_view model, uint32_t cores) {
  for (size_t i = 0; i < met_.size(); ++i) {
    const FaultSettings& fault = settings_->faults[i];
    if (fault.kind != kind) continue;
    if (!fault.call.empty() && fault.call != call) continue;
    if (!fault.model.empty() && fault.model != model) continue;
    if (fault.core >= 0 && !(cores >> fault.core & 1)) continue;
    const int64_t before = met_[i].fetch_add(1);
    if (before >= fault.after && before - fault.after < fault.times) return &fault;
  }
  return nullptr;
}

}  // namespace mien::sim
