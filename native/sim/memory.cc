// The memories of zero-copy inputs and outputs.
#include <cstring>

#include "exports.h"

namespace mien::sim {

namespace {

using npu::ContextHandle;
using npu::TensorAttr;
using npu::TensorMem;

TensorMem* create(ContextHandle handle, uint64_t size) {
  TensorMem* out = nullptr;
  guarded("rknn_create_mem", [&]() -> int {
    World& world = World::get();
    const std::shared_ptr<Context> context = world.find(handle);
    if (!context || !context->network) return npu::kContextInvalid;
    int rc = 0;
    if (intercepted("rknn_create_mem", context->network->name, rc)) return rc;
    if (size == 0 || size > UINT32_MAX) {
      complain("rknn_create_mem, invalid size: " + std::to_string(size));
      return npu::kParamInvalid;
    }
    if (world.plan()->take("out-of-memory", "rknn_create_mem", context->network->name, 0)) {
      complain("failed to malloc npu memory!, size: " + std::to_string(size) + ", flags: 0x2");
      return npu::kMallocFail;
    }
    auto memory = std::make_shared<Memory>();
    memory->bytes.resize(size);
    memory->shell.address = memory->bytes.data();
    memory->shell.fd = -1;
    memory->shell.size = static_cast<uint32_t>(size);
    memory->shell.flags = 1;
    out = world.add(std::move(memory));
    return npu::kOk;
  });
  return out;
}

int bind(Context& context, std::shared_ptr<Memory> memory, const TensorAttr& attr) {
  const auto named = [&](const TensorAttr& known) { return attr.index == known.index && std::strncmp(attr.name, known.name, npu::kMaxName) == 0; };
  const Network& network = *context.network;
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    if (!named(network.inputs[i])) continue;
    const uint32_t wanted = network.inputs[i].sizeWithStride;
    if (memory->shell.size < wanted) {
      complain("rknn_set_io_mem, input memory size(" + std::to_string(memory->shell.size) + ") < model input size(" + std::to_string(wanted) + ")");
      return npu::kFail;
    }
    context.inputBindings[i] = {std::move(memory), attr};
    return npu::kOk;
  }
  for (size_t i = 0; i < network.outputs.size(); ++i) {
    if (!named(network.outputs[i])) continue;
    // The real one takes an output's memory that is too small, and writes past it: a run will count it.
    context.outputBindings[i] = {std::move(memory), attr};
    return npu::kOk;
  }
  // Observed of the real one: an attribute of no tensor is answered by 0.
  return npu::kOk;
}

}  // namespace

MIEN_EXPORT TensorMem* rknn_create_mem(ContextHandle handle, uint32_t size) { return create(handle, size); }
MIEN_EXPORT TensorMem* rknn_create_mem2(ContextHandle handle, uint64_t size, uint64_t) { return create(handle, size); }

MIEN_EXPORT int rknn_destroy_mem(ContextHandle handle, TensorMem* memory) {
  return guarded("rknn_destroy_mem", [&]() -> int {
    World& world = World::get();
    if (!memory) return world.count(Misuse::kNullBuffer), npu::kParamInvalid;
    const bool removed = world.remove(memory);
    if (!world.find(handle)) return npu::kContextInvalid;
    return removed ? npu::kOk : npu::kParamInvalid;
  });
}

MIEN_EXPORT int rknn_set_io_mem(ContextHandle handle, TensorMem* memory, TensorAttr* attr) {
  return guarded("rknn_set_io_mem", [&]() -> int {
    const Use use(handle);
    if (!use) return use.rc();
    if (!memory || !attr) return World::get().count(Misuse::kNullBuffer), npu::kParamInvalid;
    int rc = 0;
    if (intercepted("rknn_set_io_mem", use->network->name, rc)) return rc;
    std::shared_ptr<Memory> found = World::get().find(memory);
    if (!found) return World::get().count(Misuse::kFreedMemoryInRun), npu::kParamInvalid;
    return bind(*use.context(), std::move(found), *attr);
  });
}

MIEN_EXPORT int rknn_mem_sync(ContextHandle handle, TensorMem* memory, uint32_t mode) {
  return guarded("rknn_mem_sync", [&]() -> int {
    if (!World::get().find(handle)) return npu::kContextInvalid;
    if (!memory || !World::get().find(memory)) return World::get().count(Misuse::kFreedMemoryInRun), npu::kParamInvalid;
    return mode >= 1 && mode <= 3 ? npu::kOk : npu::kParamInvalid;
  });
}

}  // namespace mien::sim
