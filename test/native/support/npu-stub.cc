// A runtime that misbehaves exactly as a test asks, in places where the simulated runtime keeps the contract. Knobs are numbers by name in
// the settings, such as {"rcOfRun": -1}; {"report": 1} is refused with the counters as its words. Never shipped.
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "abi.h"

using namespace mien::npu;
#define STUB extern "C" __attribute__((visibility("default")))

namespace {

std::mutex mutex;
std::string settings;
std::set<uint64_t>& living = *new std::set<uint64_t>;
std::atomic<uint64_t> nextHandle{1000};
std::atomic<int> memories{0}, runs{0}, misuse{0}, getsAfterFailure{0};
std::atomic<bool> failedLast{false};
thread_local uint8_t lastInput = 0;

double knob(const char* name, double otherwise) {
  std::lock_guard<std::mutex> lock(mutex);
  const std::string quoted = "\"" + std::string(name) + "\":";
  const size_t at = settings.find(quoted);
  return at == std::string::npos ? otherwise : std::atof(settings.c_str() + at + quoted.size());
}

int answer(const char* name, const char* words) {
  const int rc = int(knob(name, 0));
  const char level = rc == 0 && knob("quietFailure", 0) == 0 ? 'W' : 'E';
  if (level == 'E' || knob("talk", 0) != 0) std::fprintf(stderr, "%c RKNN: [12:00:00.000] %s\n%c RKNN: [12:00:00.001] second line\n", level, words, level);
  return rc;
}

bool known(uint64_t handle) {
  std::lock_guard<std::mutex> lock(mutex);
  if (living.count(handle) != 0) return true;
  misuse++;
  return false;
}

uint64_t born() {
  const uint64_t handle = nextHandle++;
  std::lock_guard<std::mutex> lock(mutex);
  living.insert(handle);
  return handle;
}

void fill(TensorAttr* attr, const char* name, uint32_t format, uint32_t type, std::initializer_list<uint32_t> dims) {
  const uint32_t index = attr->index;
  *attr = TensorAttr{};
  attr->index = index;
  std::strcpy(attr->name, name);
  attr->nElems = 1;
  for (uint32_t d : dims) attr->dims[attr->nDims++] = d, attr->nElems *= d;
  attr->format = format;
  attr->type = type;
  attr->size = attr->nElems * (type == kF32 ? 4 : type == kF16 ? 2 : 1);
  attr->sizeWithStride = attr->size;
  attr->scale = 1;
}

// Input 1 x 2 x 3 x 3 (rows of 3 pixels); outputs: "map" 1 x 3 x 2 x 2, kept by the device as NC1HWC2 with blocks of 16; "one" 1 x 1.
void input(TensorAttr* attr) {
  fill(attr, "input", kNhwc, kI8, {1, 2, 3, 3});
  attr->wStride = uint32_t(knob("wStride", 8));
  attr->sizeWithStride = 2 * 8 * 3;
}

void output(TensorAttr* attr, bool native) {
  if (attr->index == 0 && native) fill(attr, "map", kNc1hwc2, kI8, {1, 1, 2, 2, 16});
  else if (attr->index == 0) fill(attr, "map", kNchw, kI8, {1, 3, 2, 2});
  else fill(attr, "one", kUndefined, kI8, {1, 1});
  attr->quantisation = kQuantAffine;
  attr->scale = float(knob("scale", 0.5));
  attr->zeroPoint = -128;
}

// q = 4 * channel + 2 * row + column - 128 for the map, and the input's last byte for the one.
float mapValue(int c, int h, int w) { return float(4 * c + 2 * h + w) * 0.5f; }

/// Input and outputs of each context in the device's memory.
std::map<uint64_t, std::array<TensorMem*, 3>>& bound = *new std::map<uint64_t, std::array<TensorMem*, 3>>;

std::array<TensorMem*, 3> boundOf(uint64_t handle) {
  std::lock_guard<std::mutex> lock(mutex);
  return bound[handle];
}

}  // namespace

#ifndef STUB_REAL
STUB int mien_sim_configure(const char* json) {
  std::lock_guard<std::mutex> lock(mutex);
  settings = json;
  if (settings.find("\"report\"") != std::string::npos) {
    std::fprintf(stderr, "%zu contexts, %d memories, %d misused, %d read after a failure", living.size(), memories.load(), misuse.load(), getsAfterFailure.load());
    return -5;
  }
  if (settings.find("\"refuse\"") != std::string::npos) {
    std::fprintf(stderr, "no such knob\n");
    return -5;
  }
  runs = misuse = getsAfterFailure = 0;
  return 0;
}
#endif

STUB int rknn_init(uint64_t* out, void* model, uint32_t size, uint32_t flags, void*) {
  if (model == nullptr || size == 0) std::abort();
  setpriority(PRIO_PROCESS, id_t(syscall(SYS_gettid)), 5);  // the real one raises; a test may not have the right to
  std::fprintf(stderr, "I stub: flags %u\n", flags);
  usleep(useconds_t(knob("initMs", 0) * 1000));
  const int rc = answer("rcOfInit", "Invalid RKNN format!");
  *out = rc != 0 ? 99 : born();
  return rc;
}

STUB int rknn_destroy(uint64_t handle) {
  if (!known(handle)) std::abort();
  std::lock_guard<std::mutex> lock(mutex);
  living.erase(handle);
  return int(settings.find("\"rcOfDestroy\"") != std::string::npos ? -1 : 0);
}

STUB int rknn_query(uint64_t handle, uint32_t query, void* info, uint32_t size) {
  if (!known(handle)) std::abort();
  if (query != kQueryInput && query != kQueryOutput && query != kQueryNativeInput && query != kQueryNativeOutput) std::memset(info, 0, size);
  TensorAttr* attr = static_cast<TensorAttr*>(info);
  switch (query) {
    case kQueryInOutNum: {
      auto* count = static_cast<InOutNum*>(info);
      count->inputs = uint32_t(knob("inputs", 1));
      count->outputs = uint32_t(knob("outputs", 2));
      return 0;
    }
    case kQuerySdkVersion: {
      auto* version = static_cast<SdkVersion*>(info);
      std::strcpy(version->api, "0.0.1 stub");
      std::strcpy(version->driver, "0.9.8");
      return 0;
    }
    case kQueryMemSize: {
      auto* memory = static_cast<MemSize*>(info);
      memory->weights = 4471;
      memory->internal = 735;
      memory->dma = (1ull << 32) + 5;
      return 0;
    }
    case kQueryInput: case kQueryNativeInput: input(attr); break;
    case kQueryOutput: output(attr, false); break;
    case kQueryNativeOutput: output(attr, true); if (knob("noNative", 0) != 0) return -1; break;
    default: return -5;
  }
  if (knob("wrongCount", 0) != 0) attr->nElems += 1;
  if (knob("manyDims", 0) != 0) attr->nDims = 17;
  if (knob("endlessName", 0) != 0) std::memset(attr->name, 'x', sizeof attr->name);
  return 0;
}

STUB int rknn_inputs_set(uint64_t handle, uint32_t count, Input* inputs) {
  if (!known(handle) || count != 1 || inputs[0].buffer == nullptr || inputs[0].size != 18) std::abort();
  lastInput = static_cast<const uint8_t*>(inputs[0].buffer)[17];
  return answer("rcOfInputsSet", "param input size(100) < model input size(49152)");
}

STUB int rknn_run(uint64_t handle, void*) {
  if (!known(handle)) std::abort();
  const int run = ++runs;
  const double hangAt = knob("hangAt", 0);
  if (hangAt != 0 && run == int(hangAt)) usleep(useconds_t(knob("hangMs", 0) * 1000));
  const double runUs = knob("runUs", 0);
  if (runUs > 0) usleep(useconds_t(runUs));
  const double failAt = knob("failAt", 0);
  failedLast = failAt != 0 && run == int(failAt);
  if (failedLast) {
    std::fprintf(stderr, "E RKNN: [12:00:00.000] failed to submit!, op id: 1\n");
    return -1;
  }
  const int rc = answer("rcOfRun", "failed to submit!");
  if (rc != 0) return rc;
  const std::array<TensorMem*, 3> memory = boundOf(handle);
  if (memory[0] != nullptr) {
    const uint8_t mappedInput = static_cast<const uint8_t*>(memory[0]->address)[8 * 3 + 8];  // the last pixel's last byte, with 8 pixels from row to row
    auto* map = static_cast<int8_t*>(memory[1]->address);
    auto* one = static_cast<uint8_t*>(memory[2]->address);
    if (knob("noNative", 0) != 0) {
      float* values = static_cast<float*>(memory[1]->address);
      for (int i = 0; i < 12; i++) values[i] = mapValue(i / 4, i / 2 % 2, i % 2);
      *static_cast<float*>(memory[2]->address) = float(mappedInput) * 0.5f;
    } else {
      for (int c = 0; c < 3; c++)
        for (int h = 0; h < 2; h++)
          for (int w = 0; w < 2; w++) map[(h * 2 + w) * 16 + c] = int8_t(4 * c + 2 * h + w - 128);
      one[0] = uint8_t(int(mappedInput) - 128);
    }
  }
  return 0;
}

STUB int rknn_outputs_get(uint64_t handle, uint32_t count, Output* outputs, void*) {
  if (!known(handle)) std::abort();
  if (failedLast) getsAfterFailure++;
  const int skip = int(knob("unwritten", -1));
  for (uint32_t i = 0; i < count; i++) {
    if (outputs[i].buffer == nullptr) std::abort();
    float* to = static_cast<float*>(outputs[i].buffer);
    const uint32_t values = outputs[i].size / 4;
    for (uint32_t k = 0; k < values; k++) {
      if (int(i) == 0 && int(k) == skip) continue;
      to[k] = i == 0 ? mapValue(int(k) / 4, int(k) / 2 % 2, int(k) % 2) : float(lastInput) * 0.5f;
    }
    if (knob("otherSize", 0) != 0) outputs[i].size += 4;
    if (knob("notPreallocated", 0) != 0) outputs[i].isPreallocated = 0;
  }
  return answer("rcOfOutputsGet", "output[0] buf size error");
}

STUB int rknn_outputs_release(uint64_t handle, uint32_t, Output*) { return known(handle) ? 0 : -7; }

#ifndef STUB_BARE
STUB int rknn_set_core_mask(uint64_t handle, uint32_t mask) {
  if (!known(handle)) std::abort();
  if (mask == uint32_t(knob("badMask", 99))) {
    std::fprintf(stderr, "E RKNN: [12:00:00.000] Not support core mask: %u, fallback to single core auto mode\n", mask);
    return -1;
  }
  return 0;
}

#ifndef STUB_NO_DUP
STUB int rknn_dup_context(uint64_t* in, uint64_t* out) {
  if (!known(*in)) std::abort();
  const int rc = answer("rcOfDup", "dup failed");
  if (rc == 0) *out = knob("dupGivesSame", 0) != 0 ? *in : born();
  return rc;
}
#endif

STUB TensorMem* rknn_create_mem(uint64_t handle, uint32_t size) {
  if (!known(handle)) std::abort();
  if (knob("noMemory", 0) != 0) {
    std::fprintf(stderr, "E RKNN: [12:00:00.000] failed to malloc npu memory!, size: %u, flags: 0x2\n", size);
    return nullptr;
  }
  auto* mem = new TensorMem{};
  mem->address = std::calloc(1, size);
  mem->size = size - uint32_t(knob("shortMemory", 0));
  memories++;
  return mem;
}

STUB int rknn_destroy_mem(uint64_t handle, TensorMem* mem) {
  if (!known(handle) || mem == nullptr) std::abort();
  {
    std::lock_guard<std::mutex> lock(mutex);
    for (TensorMem*& one : bound[handle]) one = one == mem ? nullptr : one;
  }
  std::free(mem->address);
  delete mem;
  memories--;
  return 0;
}

STUB int rknn_set_io_mem(uint64_t handle, TensorMem* mem, TensorAttr* attr) {
  if (!known(handle)) std::abort();
  const bool in = std::strcmp(attr->name, "input") == 0;
  if (in && (attr->type != kU8 || attr->format != kNhwc || mem->size < 48)) std::abort();
  {
    std::lock_guard<std::mutex> lock(mutex);
    bound[handle][in ? 0 : 1 + attr->index] = mem;
  }
  return answer("rcOfSetIoMem", "input memory size(100) < model input size(49152)");
}
#endif
