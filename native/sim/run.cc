// rknn_inputs_set, rknn_run, rknn_outputs_get: an inference from bytes to numbers.
#include <bit>
#include <cstdlib>
#include <cstring>

#include "exports.h"

namespace mien::sim {
namespace {

using npu::TensorAttr;

int setInput(Context& context, const npu::Input& input) {
  // Observed of the real one: an index out of range is ignored.
  if (input.index >= context.inputs.size()) return npu::kOk;
  if (!input.buffer) return World::get().count(Misuse::kNullBuffer), npu::kParamInvalid;
  const size_t wanted = context.network->inputs[input.index].nElems * bytesOf(input.type);
  if (input.size < wanted) {
    complain("param input size(" + std::to_string(input.size) + ") < model input size(" + std::to_string(wanted) + ")");
    return npu::kParamInvalid;
  }
  std::vector<uint8_t>& own = context.inputs[input.index];
  own.resize(wanted);
  std::memcpy(own.data(), input.buffer, wanted);
  context.inputBindings[input.index].memory = nullptr;
  return npu::kOk;
}

/// Gathers a bound input without the padding of its rows.
void gather(const Binding& binding, const TensorAttr& attr, std::vector<uint8_t>& into) {
  const uint8_t* from = binding.memory->bytes.data();
  const uint32_t width = attr.nDims == 4 ? attr.dims[2] : 0;
  into.resize(attr.size);
  if (attr.wStride <= width || width == 0) {
    std::memcpy(into.data(), from, attr.size);
    return;
  }
  const size_t row = attr.size / attr.dims[0] / attr.dims[1], step = row / width * attr.wStride;
  for (size_t at = 0, y = 0; at < into.size(); at += row, ++y) std::memcpy(into.data() + at, from + y * step, row);
}

double runUs(const Plan& plan, const Network& network, uint32_t cores) {
  const Settings& settings = plan.settings();
  const ModelSettings* model = settings.models.empty() ? nullptr : settings.find(network.hash, network.containerName);
  const double single = (model && model->runUs ? *model->runUs : settings.runUs)[std::countr_zero(cores)];
  const int count = std::popcount(cores);
  return single / (count == 3 ? settings.fusedThree : count == 2 ? settings.fusedTwo : 1);
}

int failed(Context& context, int rc) {
  complain("failed to submit!, op id: 0, flags: 0x5, task start: 0, task number: 1, run task counter: 0, int status: 0");
  context.runFailed = true;
  return rc;
}

bool usesFreedMemory(const Context& context) {
  for (const auto* bindings : {&context.inputBindings, &context.outputBindings}) {
    for (const Binding& binding : *bindings) {
      if (binding.memory && binding.memory->freed) return true;
    }
  }
  return false;
}

void flip(Context& context, size_t output) {
  if (output >= context.next.size()) return;
  const TensorAttr& attr = context.network->outputs[output];
  std::vector<uint8_t>& bytes = context.next[output];
  if (attr.type == npu::kI8 || attr.type == npu::kU8) bytes[0] ^= 0x80;
  else store(bytes.data(), 0, attr, load(bytes.data(), 0, attr) + 128);
}

void deliverBound(Context& context) {
  for (size_t i = 0; i < context.outputBindings.size(); ++i) {
    const Binding& binding = context.outputBindings[i];
    if (!binding.memory) continue;
    const bool fits = deliver(context.results[i], context.network->outputs[i], binding.attr, binding.memory->bytes.data(), binding.memory->bytes.size());
    if (!fits) World::get().count(Misuse::kShortBuffer);
  }
}


int run(Context& context) {
  World& world = World::get();
  const std::shared_ptr<Plan> plan = world.plan();
  const Network& network = *context.network;
  const std::string& name = network.name;
  if (usesFreedMemory(context)) return world.count(Misuse::kFreedMemoryInRun), npu::kFail;
  const int64_t submitted = nowNs();
  bool refused = false;
  const Booking booking = world.cores().book(context.mask, [&](uint32_t cores) -> int64_t {
    refused = plan->take("submit-fails", "rknn_run", name, cores) != nullptr;
    if (refused) return -1;
    const FaultSettings* delay = plan->take("delay", "rknn_run", name, cores);
    return static_cast<int64_t>(1000 * (runUs(*plan, network, cores) + (delay ? delay->ms * 1000 : 0)));
  });
  if (refused) return failed(context, npu::kFail);
  for (size_t i = 0; i < context.inputBindings.size(); ++i) {
    if (context.inputBindings[i].memory) gather(context.inputBindings[i], network.inputs[i], context.inputs[i]);
  }
  network.answer(context.inputs[0].data(), context.inputs[0].size(), context.next);
  if (const FaultSettings* fault = plan->take("flip", "rknn_run", name, booking.cores)) flip(context, static_cast<size_t>(fault->output));
  waitUntil(booking.finishNs);
  if (const FaultSettings* fault = plan->take("hang", "rknn_run", name, booking.cores)) {
    world.hang(*plan, fault->ms);
    return failed(context, npu::kFail);
  }
  if (plan->take("silent-failure", "rknn_run", name, booking.cores)) return failed(context, npu::kOk);
  context.durationUs = (nowNs() - submitted) / 1000;
  context.runFailed = false;
  if (plan->take("stale-output", "rknn_run", name, booking.cores)) return npu::kOk;
  std::swap(context.results, context.next);
  deliverBound(context);
  return npu::kOk;
}

void giveOutput(const Context& context, npu::Output& output) {
  const TensorAttr& plain = context.network->outputs[output.index];
  TensorAttr asked = plain;
  if (output.wantFloat) asked.type = npu::kF32;
  const size_t wanted = plain.nElems * bytesOf(asked.type);
  if (output.isPreallocated) {
    if (!output.buffer) return World::get().count(Misuse::kNullBuffer);
    if (output.size < wanted) {
      // Answered by 0 all the same, as the real one does.
      complain("output[" + std::to_string(output.index) + "] buf size error, size = " + std::to_string(output.size) + ", expected size = " + std::to_string(wanted));
      return World::get().count(Misuse::kShortBuffer);
    }
  } else {
    output.buffer = std::malloc(wanted);
  }
  output.size = static_cast<uint32_t>(wanted);
  deliver(context.results[output.index], plain, asked, static_cast<uint8_t*>(output.buffer), wanted);
}

}  // namespace

MIEN_EXPORT int rknn_inputs_set(npu::ContextHandle handle, uint32_t count, npu::Input* inputs) {
  return guarded("rknn_inputs_set", [&]() -> int {
    const Use use(handle);
    if (!use) return use.rc();
    int rc = 0;
    if (intercepted("rknn_inputs_set", use->network->name, rc)) return rc;
    if (!inputs) return World::get().count(Misuse::kNullBuffer), npu::kParamInvalid;
    if (count != use->inputs.size()) return npu::kParamInvalid;
    for (uint32_t i = 0; i < count && rc == 0; ++i) rc = setInput(*use.context(), inputs[i]);
    return rc;
  });
}

MIEN_EXPORT int rknn_run(npu::ContextHandle handle, npu::RunExtend* extend) {
  return guarded("rknn_run", [&]() -> int {
    const Use use(handle);
    if (!use) return use.rc();
    int rc = 0;
    if (intercepted("rknn_run", use->network->name, rc)) {
      use->runFailed = rc != 0;
      return rc;
    }
    if (extend && extend->nonBlocking) {
      complain("rknn_run without waiting is not simulated");
      return npu::kParamInvalid;
    }
    return run(*use.context());
  });
}

MIEN_EXPORT int rknn_wait(npu::ContextHandle handle, npu::RunExtend*) {
  return guarded("rknn_wait", [&] { return Use(handle).rc(); });
}

MIEN_EXPORT int rknn_outputs_get(npu::ContextHandle handle, uint32_t count, npu::Output* outputs, npu::OutputExtend*) {
  return guarded("rknn_outputs_get", [&]() -> int {
    const Use use(handle);
    if (!use) return use.rc();
    int rc = 0;
    if (intercepted("rknn_outputs_get", use->network->name, rc)) return rc;
    if (!outputs) return World::get().count(Misuse::kNullBuffer), npu::kParamInvalid;
    if (use->runFailed) World::get().count(Misuse::kOutputsAfterFailedRun);
    for (uint32_t i = 0; i < count; ++i) {
      if (outputs[i].index >= use->results.size()) return npu::kParamInvalid;
      giveOutput(*use.context(), outputs[i]);
    }
    return npu::kOk;
  });
}

MIEN_EXPORT int rknn_outputs_release(npu::ContextHandle handle, uint32_t count, npu::Output* outputs) {
  return guarded("rknn_outputs_release", [&]() -> int {
    if (!World::get().find(handle)) return npu::kContextInvalid;
    if (!outputs) return World::get().count(Misuse::kNullBuffer), npu::kParamInvalid;
    for (uint32_t i = 0; i < count; ++i) {
      if (outputs[i].isPreallocated) continue;
      std::free(outputs[i].buffer);
      outputs[i].buffer = nullptr;
    }
    return npu::kOk;
  });
}

}  // namespace mien::sim
