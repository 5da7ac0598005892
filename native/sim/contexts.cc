// rknn_init, rknn_dup_context, rknn_destroy, rknn_set_core_mask.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "exports.h"

namespace mien::sim {
namespace {

using npu::ContextHandle;

constexpr double kProbeMs = 100;  // what the real runtime takes to find no device

std::shared_ptr<Context> makeContext(std::shared_ptr<const Network> network, std::shared_ptr<int> weights) {
  auto out = std::make_shared<Context>();
  for (const npu::TensorAttr& attr : network->inputs) out->inputs.emplace_back(attr.size);
  out->inputBindings.resize(network->inputs.size());
  out->outputBindings.resize(network->outputs.size());
  out->results = network->blank();
  out->next = network->blank();
  out->network = std::move(network);
  out->weights = std::move(weights);
  return out;
}

int noMemory(size_t bytes) {
  complain("failed to allocate handle, ret: -1, errno: 12, errstr: Cannot allocate memory");
  complain("failed to malloc npu memory!, size: " + std::to_string(bytes) + ", flags: 0x2");
  return npu::kMallocFail;
}

int refuseModel(ContextHandle* out, int rc, const std::string& words) {
  complain(words);
  complain("rknn_init, load model failed!");
  // As the real one does: a handle that stands for nothing, which may be destroyed.
  *out = World::get().add(std::make_shared<Context>());
  return rc;
}

int init(ContextHandle* out, const void* model, uint32_t size, uint32_t flags) {
  if (!out) return npu::kContextInvalid;
  *out = 0;
  World& world = World::get();
  int rc = 0;
  if (intercepted("rknn_init", "", rc)) return rc;
  const std::shared_ptr<Plan> plan = world.plan();
  if (plan->take("no-device", "rknn_init", "", 0)) {
    world.hang(*plan, kProbeMs);
    complain("failed to open rknpu module, need to insmod rknpu dirver!");
    complain("failed to open rknn device!");
    return npu::kFail;
  }
  if (!(flags & npu::kFlagKeepProcessPriority)) world.countRaisedPriority();
  std::vector<uint8_t> file;
  if (model && size == 0) {
    std::ifstream stream(static_cast<const char*>(model), std::ios::binary);
    file.assign(std::istreambuf_iterator<char>(stream), {});
  } else if (model) {
    file.assign(static_cast<const uint8_t*>(model), static_cast<const uint8_t*>(model) + size);
  }
  if (file.empty()) return refuseModel(out, npu::kModelInvalid, "Invalid RKNN format!");
  Refusal refusal;
  const Container container = readContainer(file.data(), file.size(), plan->settings(), refusal);
  if (refusal.rc != 0) return refuseModel(out, refusal.rc, refusal.words);
  std::shared_ptr<const Network> network;
  try {
    network = makeNetwork(file.data(), file.size(), container, plan->settings());
  } catch (const std::exception& error) {
    return refuseModel(out, npu::kModelInvalid, error.what());
  }
  if (plan->take("out-of-memory", "rknn_init", network->name, 0)) {
    *out = world.add(std::make_shared<Context>());
    return noMemory(network->weightBytes);
  }
  *out = world.add(makeContext(std::move(network), std::make_shared<int>(0)));
  return npu::kOk;
}

}  // namespace

MIEN_EXPORT int rknn_init(ContextHandle* out, void* model, uint32_t size, uint32_t flags, npu::InitExtend*) {
  return guarded("rknn_init", [&] { return init(out, model, size, flags); });
}

MIEN_EXPORT int rknn_destroy(ContextHandle handle) {
  return guarded("rknn_destroy", [&]() -> int {
    const std::shared_ptr<Context> context = World::get().remove(handle);
    if (!context) return npu::kContextInvalid;
    if (context->busy) World::get().count(Misuse::kDestroyDuringRun);
    int rc = 0;
    if (context->network && intercepted("rknn_destroy", context->network->name, rc)) return rc;
    return npu::kOk;
  });
}

MIEN_EXPORT int rknn_dup_context(ContextHandle* from, ContextHandle* to) {
  return guarded("rknn_dup_context", [&]() -> int {
    if (!from || !to) return npu::kParamInvalid;
    // A context may be duplicated while it runs.
    const std::shared_ptr<Context> context = World::get().find(*from);
    if (!context || !context->network) return npu::kContextInvalid;
    int rc = 0;
    if (intercepted("rknn_dup_context", context->network->name, rc)) return rc;
    if (World::get().plan()->take("out-of-memory", "rknn_dup_context", context->network->name, 0)) return noMemory(context->network->internalBytes);
    *to = World::get().add(makeContext(context->network, context->weights));
    return npu::kOk;
  });
}

MIEN_EXPORT int rknn_set_core_mask(ContextHandle handle, uint32_t mask) {
  return guarded("rknn_set_core_mask", [&]() -> int {
    const Use use(handle);
    if (!use) return use.rc();
    int rc = 0;
    if (intercepted("rknn_set_core_mask", use->network->name, rc)) return rc;
    constexpr uint32_t kMasks[] = {0, 1, 2, 4, 3, 7, 0xffff};
    if (std::find(std::begin(kMasks), std::end(kMasks), mask) == std::end(kMasks)) {
      complain("Not support core mask: " + std::to_string(mask) + ", fallback to single core auto mode");
      complain("rknn_set_core_mask: failed to set core mask: " + std::to_string(mask));
      use->mask = 0;
      return npu::kFail;
    }
    use->mask = mask;
    return npu::kOk;
  });
}

MIEN_EXPORT int rknn_set_batch_core_num(ContextHandle handle, int) {
  return guarded("rknn_set_batch_core_num", [&] { return Use(handle).rc(); });
}

}  // namespace mien::sim
