// rknn_query. A query does not wait for a run: what it tells, but for the duration of the last run, does not change.
#include <cstdio>
#include <cstring>

#include "exports.h"

namespace mien::sim {
namespace {

using npu::TensorAttr;

template <typename T>
int give(const T& what, void* info, uint32_t size) {
  if (size < sizeof(T)) return npu::kParamInvalid;
  std::memcpy(info, &what, sizeof(T));
  return npu::kOk;
}

int giveAttr(const std::vector<TensorAttr>& attrs, void* info, uint32_t size, const FaultSettings* wrong) {
  if (size < sizeof(TensorAttr)) return npu::kParamInvalid;
  uint32_t index;
  std::memcpy(&index, info, sizeof index);
  if (index >= attrs.size()) return npu::kParamInvalid;
  TensorAttr attr = attrs[index];
  if (wrong && static_cast<uint32_t>(wrong->output) == index) {
    const uint32_t each = attr.size / attr.nElems, last = attr.dims[attr.nDims - 1];
    attr.dims[attr.nDims - 1] = last + 1;
    attr.nElems = attr.nElems / last * (last + 1);
    attr.size = attr.sizeWithStride = attr.nElems * each;
  }
  return give(attr, info, size);
}

int query(Context& context, uint32_t command, void* info, uint32_t size) {
  const Network& network = *context.network;
  const std::shared_ptr<Plan> plan = World::get().plan();
  const bool ofOutputs = command == npu::kQueryOutput || command == npu::kQueryNativeOutput || command == npu::kQueryNativeNhwcOutput;
  const FaultSettings* wrong = ofOutputs ? plan->take("wrong-dims", "rknn_query", network.name, 0) : nullptr;
  switch (command) {
    case npu::kQueryInOutNum: return give(npu::InOutNum{uint32_t(network.inputs.size()), uint32_t(network.outputs.size())}, info, size);
    case npu::kQueryInput:
    case npu::kQueryNativeInput:
    case npu::kQueryNativeNhwcInput:
    case 14:
    case 16: return giveAttr(network.inputs, info, size, nullptr);
    case npu::kQueryOutput:
    case npu::kQueryNativeNhwcOutput:
    case 15: return giveAttr(network.outputs, info, size, wrong);
    case npu::kQueryNativeOutput:
    case 17: return giveAttr(network.nativeOutputs, info, size, wrong);
    case npu::kQueryPerfDetail: {
      struct {
        char* text;
        uint64_t length;
      } none{};
      return give(none, info, size);
    }
    case npu::kQueryPerfRun: return give(npu::PerfRun{context.durationUs}, info, size);
    case npu::kQuerySdkVersion: {
      npu::SdkVersion version{};
      std::snprintf(version.api, sizeof version.api, "%.200s (simulated by mien)", plan->settings().version.c_str());
      std::snprintf(version.driver, sizeof version.driver, "0.9.8 (simulated by mien)");
      return give(version, info, size);
    }
    case npu::kQueryMemSize: {
      // Every context tells the weights that it uses, also where it shares them: so does the real one.
      npu::MemSize memory{};
      memory.weights = network.weightBytes;
      memory.internal = network.internalBytes;
      memory.dma = uint64_t{network.weightBytes} + network.internalBytes;
      return give(memory, info, size);
    }
    case npu::kQueryCustomString: {
      struct {
        char text[1024];
      } none{};
      return give(none, info, size);
    }
    case 12: return npu::kFail;
    case 13: return npu::kModelInvalid;
    default: return npu::kParamInvalid;
  }
}

}  // namespace

MIEN_EXPORT int rknn_query(npu::ContextHandle handle, uint32_t command, void* info, uint32_t size) {
  return guarded("rknn_query", [&]() -> int {
    const std::shared_ptr<Context> context = World::get().find(handle);
    if (!context || !context->network) return npu::kContextInvalid;
    if (!info) return World::get().count(Misuse::kNullBuffer), npu::kParamInvalid;
    int rc = 0;
    if (intercepted("rknn_query", context->network->name, rc)) return rc;
    return query(*context, command, info, size);
  });
}

}  // namespace mien::sim
