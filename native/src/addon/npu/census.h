// All threads of this process that may be inside the runtime: an exit waits for them a moment, so that nothing is torn down under a run.
#pragma once
#include <memory>
#include <vector>

namespace mien::npu {

class Worker;

void enterCensus(const std::shared_ptr<Worker>& worker);
void leaveCensus(const Worker* worker);

/// Asks `workers` to end and waits until they did, at most kGraceMs in all. One that is stuck in the runtime is left behind: its thread owns what it uses.
void endWorkers(const std::vector<std::shared_ptr<Worker>>& workers);
/// The same for every worker of the process, at its exit. Called after the runtime was loaded, so that it comes before the runtime's own end.
void endWorkersAtExit();

constexpr int kGraceMs = 100;

}  // namespace mien::npu
