// Calls the simulated runtime as its interface is, without the addon in between: a line on stdin is a call, a line on stdout is what it answered.
// Contexts and memories are named by numbers of the order they were made in; a context that is not there is a handle of 0.
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "abi.h"

using namespace mien::npu;

namespace {

void* library;
template <typename Fn>
Fn symbol(const char* name) {
  return reinterpret_cast<Fn>(dlsym(library, name));
}

std::vector<ContextHandle> contexts;
std::vector<TensorMem*> memories;
std::vector<std::thread> threads;
std::vector<std::atomic<int>> results(16);

ContextHandle contextAt(int index) { return index >= 0 && size_t(index) < contexts.size() ? contexts[index] : 0; }

TensorAttr attrOf(ContextHandle context, Query query, uint32_t index) {
  TensorAttr attr{};
  attr.index = index;
  symbol<QueryFn>("rknn_query")(context, query, &attr, sizeof attr);
  return attr;
}

std::string init(std::istream& in) {
  std::string path;
  in >> path;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  ContextHandle handle = 0;
  const int rc = symbol<InitFn>("rknn_init")(&handle, bytes.data(), uint32_t(bytes.size()), 0, nullptr);
  contexts.push_back(handle);
  return std::to_string(rc) + (handle ? " handle" : " none");
}

std::string duplicate(int from) {
  ContextHandle parent = contextAt(from), handle = 0;
  const int rc = symbol<DupContextFn>("rknn_dup_context")(&parent, &handle);
  contexts.push_back(handle);
  return std::to_string(rc);
}

/// Tensors as `name type zp scale dims...`.
std::string describe(ContextHandle context, uint32_t query) {
  const TensorAttr attr = attrOf(context, Query(query & 15), query >> 4);
  std::ostringstream out;
  out << attr.name << ' ' << attr.type << ' ' << attr.zeroPoint << ' ' << attr.scale << ' ' << attr.sizeWithStride;
  for (uint32_t i = 0; i < attr.nDims; ++i) out << ' ' << attr.dims[i];
  return out.str();
}

int setInput(ContextHandle context, int size, int value) {
  std::vector<uint8_t> bytes(size > 0 ? size : 0, uint8_t(value));
  Input input{0, size < 0 ? nullptr : bytes.data(), uint32_t(size < 0 ? 1 << 20 : size), 0, kU8, kNhwc};
  return symbol<InputsSetFn>("rknn_inputs_set")(context, 1, &input);
}

/// The numbers of one output as floats; `room` below its elements is a buffer that is too short, 0 one of the runtime's own.
std::string getOutput(ContextHandle context, uint32_t index, uint32_t room) {
  InOutNum count{};
  symbol<QueryFn>("rknn_query")(context, kQueryInOutNum, &count, sizeof count);
  std::vector<float> numbers(room);
  Output output{1, uint8_t(room > 0), index, room > 0 ? numbers.data() : nullptr, room * 4};
  const int rc = symbol<OutputsGetFn>("rknn_outputs_get")(context, 1, &output, nullptr);
  std::ostringstream out;
  out << rc;
  const float* from = static_cast<const float*>(output.buffer);
  for (uint32_t i = 0; rc == 0 && from && i < output.size / 4; ++i) out << ' ' << from[i];
  symbol<OutputsReleaseFn>("rknn_outputs_release")(context, 1, &output);
  return out.str();
}

std::string createMemory(ContextHandle context, uint32_t size) {
  memories.push_back(symbol<CreateMemFn>("rknn_create_mem")(context, size));
  return memories.back() ? "memory" : "none";
}

/// Binds a memory to a tensor: by its own attribute, as `type` and in the native layout of query 9 where `native`.
int bindMemory(ContextHandle context, int memory, bool input, uint32_t index, uint32_t type, bool native) {
  TensorAttr attr = attrOf(context, input ? kQueryInput : native ? kQueryNativeOutput : kQueryOutput, index);
  attr.type = type;
  return symbol<SetIoMemFn>("rknn_set_io_mem")(context, memories[memory], &attr);
}

std::string bytesOf(int memory) {
  std::ostringstream out;
  const auto* bytes = static_cast<const uint8_t*>(memories[memory]->address);
  for (uint32_t i = 0; i < memories[memory]->size; ++i) out << (i ? " " : "") << int(bytes[i]);
  return out.str();
}

/// Runs in a thread of each context until the window is over; the count of all runs that ended in it.
int rate(std::istream& in) {
  int windowMs;
  in >> windowMs;
  std::atomic<int> count{0};
  std::vector<std::thread> loops;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(windowMs);
  for (int index; in >> index;) {
    loops.emplace_back([&, context = contextAt(index)] {
      for (;;) {
        symbol<RunFn>("rknn_run")(context, nullptr);
        if (std::chrono::steady_clock::now() > end) return;
        ++count;
      }
    });
  }
  for (std::thread& loop : loops) loop.join();
  return count;
}

int64_t timedRun(ContextHandle context) {
  const auto start = std::chrono::steady_clock::now();
  symbol<RunFn>("rknn_run")(context, nullptr);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}

int startRun(int index, size_t slot) {
  results[slot] = -1000;
  threads.emplace_back([=] { results[slot] = symbol<RunFn>("rknn_run")(contextAt(index), nullptr); });
  return 0;
}

int joinRun(size_t slot) {
  threads[slot].join();
  return results[slot];
}

std::string call(const std::string& name, std::istream& in) {
  if (name == "configure") {
    std::string json;
    std::getline(in >> std::ws, json);
    return std::to_string(symbol<SimConfigureFn>("mien_sim_configure")(json.c_str()));
  }
  if (name == "init") return init(in);
  if (name == "rate") return std::to_string(rate(in));
  if (name == "report") return symbol<const char* (*)()>("mien_sim_report")();
  int a = 0, b = 0, c = 0, d = 0, e = 0;
  in >> a >> b >> c >> d >> e;
  const ContextHandle context = contextAt(a);
  if (name == "dup") return duplicate(a);
  if (name == "destroy") return std::to_string(symbol<DestroyFn>("rknn_destroy")(context));
  if (name == "mask") return std::to_string(symbol<SetCoreMaskFn>("rknn_set_core_mask")(context, uint32_t(b)));
  if (name == "describe") return describe(context, uint32_t(b));
  if (name == "set") return std::to_string(setInput(context, b, c));
  if (name == "run") return std::to_string(symbol<RunFn>("rknn_run")(context, nullptr));
  if (name == "timed") return std::to_string(timedRun(context));
  if (name == "start") return std::to_string(startRun(a, size_t(b)));
  if (name == "join") return std::to_string(joinRun(size_t(a)));
  if (name == "get") return getOutput(context, uint32_t(b), uint32_t(c));
  if (name == "mem") return createMemory(context, uint32_t(b));
  if (name == "bind") return std::to_string(bindMemory(context, b, c == 0, uint32_t(c > 0 ? c - 1 : 0), uint32_t(d), e != 0));
  if (name == "fill") return std::memset(memories[a]->address, b, memories[a]->size), "0";
  if (name == "bytes") return bytesOf(a);
  if (name == "free") return std::to_string(symbol<DestroyMemFn>("rknn_destroy_mem")(context, memories[b]));
  return "unknown call " + name;
}

}  // namespace

int main(int, char** arguments) {
  library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) return std::fprintf(stderr, "%s\n", dlerror()), 2;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string name;
    in >> name;
    std::cout << call(name, in) << std::endl;
  }
}
