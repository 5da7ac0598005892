#include "network.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture.h"

namespace mien::npu {
namespace {

constexpr uint32_t kMaxOutputs = 64;
// A NaN that no computation gives: what still stands in a buffer that the runtime claims to have filled.
constexpr uint32_t kUnwritten = 0x7fedcba9;

/// rknn_init sets its thread to nice -19 where the flag against it is unknown to it: sight must not starve the rest of the board.
class KeepPriority {
 public:
  KeepPriority() : thread_(id_t(syscall(SYS_gettid))) {
    errno = 0;
    nice_ = getpriority(PRIO_PROCESS, thread_);
    known_ = errno == 0;
  }
  ~KeepPriority() {
    if (known_ && getpriority(PRIO_PROCESS, thread_) != nice_) setpriority(PRIO_PROCESS, thread_, nice_);
  }

 private:
  const id_t thread_;
  int nice_;
  bool known_;
};

int64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

std::string textOf(const char* bytes, size_t size) { return std::string(bytes, strnlen(bytes, size)); }

Fault closed() {
  Fault fault;
  fault.code = "closed";
  fault.message = "this context was given back to the runtime";
  return fault;
}

Fault unsupported(std::string message) {
  Fault fault;
  fault.code = "unsupported";
  fault.message = std::move(message);
  return fault;
}

}  // namespace

size_t Description::outputElements() const {
  size_t all = 0;
  for (const TensorAttr& output : outputs) all += output.nElems;
  return all;
}

Network::~Network() { destroy(); }

Fault Network::init(std::vector<uint8_t>& model, uint32_t flags) {
  // rknn_mem_sync came with the same version as the flag; older ones are put back by KeepPriority.
  if (library_->memSync != nullptr) flags |= kFlagKeepProcessPriority;
  {
    const KeepPriority keep;
    Capture capture;
    ContextHandle handle = 0;
    const int rc = library_->init(&handle, model.data(), uint32_t(model.size()), flags, nullptr);
    // A refused init leaves a number behind that is no context.
    if (rc != kOk) return callFailed("rknn_init", rc, capture.take());
    if (handle == 0) return badResult("rknn_init", "gave no context", capture.take());
    handle_ = handle;
  }
  Fault fault = describe();
  if (fault) destroy();
  return fault;
}

Fault Network::describe() {
  Capture capture;
  auto about = std::make_shared<Description>();
  SdkVersion version{};
  int rc = library_->query(handle_, kQuerySdkVersion, &version, sizeof version);
  if (rc != kOk) return callFailed("rknn_query", rc, capture.take());
  about->apiVersion = textOf(version.api, sizeof version.api);
  about->driverVersion = textOf(version.driver, sizeof version.driver);

  InOutNum count{};
  rc = library_->query(handle_, kQueryInOutNum, &count, sizeof count);
  if (rc != kOk) return callFailed("rknn_query", rc, capture.take());
  if (count.outputs < 1 || count.outputs > kMaxOutputs) return badResult("rknn_query", "the model has " + std::to_string(count.outputs) + " outputs", capture.take());
  if (count.inputs != 1) return unsupported("the model has " + std::to_string(count.inputs) + " inputs; this addon runs networks with one");

  about->outputs.resize(count.outputs);
  for (uint32_t i = 0; i <= count.outputs; i++) {
    const bool input = i == count.outputs;
    TensorAttr& attr = input ? about->input : about->outputs[i];
    attr = TensorAttr{};
    attr.index = input ? 0 : i;
    rc = library_->query(handle_, input ? kQueryInput : kQueryOutput, &attr, sizeof attr);
    if (rc != kOk) return callFailed("rknn_query", rc, capture.take());
    const std::string wrong = faultOf(attr);
    if (!wrong.empty()) return badResult("rknn_query", wrong, capture.take());
  }
  description_ = std::move(about);
  return queryMemory();
}

Fault Network::queryMemory() {
  Capture capture;
  const int rc = library_->query(handle_, kQueryMemSize, &memory_, sizeof memory_);
  return rc == kOk ? Fault{} : callFailed("rknn_query", rc, capture.take());
}

Fault Network::duplicate(ContextHandle& into) {
  if (handle_ == 0) return closed();
  if (library_->dupContext == nullptr) return unsupported("this runtime has no rknn_dup_context");
  const KeepPriority keep;
  Capture capture;
  ContextHandle from = handle_;
  ContextHandle handle = 0;
  const int rc = library_->dupContext(&from, &handle);
  if (rc != kOk) return callFailed("rknn_dup_context", rc, capture.take());
  if (handle == 0 || handle == handle_) return badResult("rknn_dup_context", "gave no context of its own", capture.take());
  into = handle;
  return Fault{};
}

void Network::adopt(ContextHandle handle, std::shared_ptr<const Description> description) {
  handle_ = handle;
  description_ = std::move(description);
}

void Network::discard(ContextHandle handle) {
  Capture capture;
  library_->destroy(handle);
}

Fault Network::bind(uint32_t coreMask, bool zeroCopy) {
  if (handle_ == 0) return closed();
  unbind();
  if (library_->setCoreMask != nullptr) {
    Capture capture;
    // Also for 0: a context used before may still be pinned.
    const int rc = library_->setCoreMask(handle_, coreMask);
    if (rc != kOk) return callFailed("rknn_set_core_mask", rc, capture.take());
  } else if (coreMask != 0) {
    return unsupported("this runtime has no rknn_set_core_mask: a context cannot be pinned to cores");
  }
  zeroCopy_ = zeroCopy && library_->zeroCopy();
  if (zeroCopy_) {
    Fault fault = bindInput();
    for (size_t i = 0; !fault && i < description_->outputs.size(); i++) fault = bindOutput(i);
    if (fault) {
      unbind();
      return fault;
    }
  } else {
    copies_.resize(description_->outputs.size());
  }
  return queryMemory();
}

Fault Network::allocate(size_t bytes, TensorMem*& into) {
  Capture capture;
  into = library_->createMem(handle_, uint32_t(bytes));
  if (into == nullptr) {
    Fault fault = callFailed("rknn_create_mem", kMallocFail, capture.take());
    fault.message = "rknn_create_mem gave no memory for " + std::to_string(bytes) + " bytes";
    return fault;
  }
  if (into->address == nullptr || into->size < bytes) return badResult("rknn_create_mem", "gave " + std::to_string(into->size) + " bytes instead of " + std::to_string(bytes), capture.take());
  return Fault{};
}

Fault Network::bindInput() {
  TensorAttr attr = description_->input;
  TensorAttr native{};
  native.index = attr.index;
  uint32_t wStride = attr.wStride;
  size_t bytes = attr.sizeWithStride;
  {
    Capture capture;
    if (library_->query(handle_, kQueryNativeInput, &native, sizeof native) == kOk && native.format == kNhwc) {
      wStride = native.wStride;
      bytes = std::max<size_t>(bytes, native.sizeWithStride);
    }
  }
  inputRows_ = rowsOf(attr, wStride);
  bytes = std::max(bytes, inputRows_.total());
  Fault fault = allocate(bytes, inputMem_);
  if (fault) return fault;
  attr.type = kU8;
  if (attr.nDims == 4) attr.format = kNhwc;
  attr.passThrough = 0;
  Capture capture;
  const int rc = library_->setIoMem(handle_, inputMem_, &attr);
  return rc == kOk ? Fault{} : callFailed("rknn_set_io_mem", rc, capture.take());
}

Fault Network::bindOutput(size_t index) {
  const TensorAttr& logical = description_->outputs[index];
  TensorAttr attr{};
  attr.index = logical.index;
  Reading reading{};
  {
    Capture capture;
    const bool said = library_->query(handle_, kQueryNativeOutput, &attr, sizeof attr) == kOk;
    if (!said || !faultOf(attr).empty() || !planReading(logical, attr, reading)) {
      // The runtime converts to floats in the network's own order.
      attr = logical;
      attr.type = kF32;
      attr.size = attr.nElems * 4;
      attr.sizeWithStride = attr.size;
      attr.quantisation = kQuantNone;
      if (!planReading(attr, attr, reading)) return unsupported(std::string("the output '") + logical.name + "' has a layout that is not known");
    }
  }
  TensorMem* mem = nullptr;
  Fault fault = allocate(std::max<size_t>(reading.bytes, std::max(attr.size, attr.sizeWithStride)), mem);
  if (mem != nullptr) outputMems_.push_back(mem);
  if (fault) return fault;
  Capture capture;
  const int rc = library_->setIoMem(handle_, mem, &attr);
  if (rc != kOk) return callFailed("rknn_set_io_mem", rc, capture.take());
  readings_.push_back(reading);
  return Fault{};
}

void Network::unbind() {
  Capture capture;
  for (TensorMem* mem : outputMems_) library_->destroyMem(handle_, mem);
  if (inputMem_ != nullptr) library_->destroyMem(handle_, inputMem_);
  outputMems_.clear();
  readings_.clear();
  copies_.clear();
  inputMem_ = nullptr;
}

Fault Network::destroy() {
  if (handle_ == 0) return Fault{};
  unbind();
  Capture capture;
  const int rc = library_->destroy(handle_);
  handle_ = 0;
  return rc == kOk ? Fault{} : callFailed("rknn_destroy", rc, capture.take());
}

Fault Network::run(const uint8_t* input, float* outputs, int64_t& durationNs) {
  if (inputMem_ == nullptr && copies_.empty()) return closed();
  Capture capture;
  if (zeroCopy_) {
    copyRows(inputRows_, input, static_cast<uint8_t*>(inputMem_->address));
  } else {
    const TensorAttr& attr = description_->input;
    Input set{attr.index, const_cast<uint8_t*>(input), attr.nElems, 0, kU8, attr.nDims == 4 ? uint32_t(kNhwc) : attr.format};
    const int rc = library_->inputsSet(handle_, 1, &set);
    if (rc != kOk) return callFailed("rknn_inputs_set", rc, capture.take());
  }
  const int64_t begun = nowNs();
  const int rc = library_->run(handle_, nullptr);
  durationNs = nowNs() - begun;
  // What a failed run left behind is the last one's: it is not looked at.
  if (rc != kOk) return callFailed("rknn_run", rc, capture.take());
  if (zeroCopy_) {
    if (capture.saysError()) return saidOtherwise("rknn_run", capture.take());
    for (size_t i = 0; i < readings_.size(); i++) {
      read(readings_[i], outputMems_[i]->address, outputs);
      outputs += readings_[i].elements;
    }
    return Fault{};
  }
  Fault fault = readCopies(outputs);
  if (fault) fault.log = capture.take();
  else if (capture.saysError()) return saidOtherwise("rknn_outputs_get", capture.take());
  return fault;
}

Fault Network::readCopies(float* outputs) {
  const std::vector<TensorAttr>& attrs = description_->outputs;
  float* to = outputs;
  for (size_t i = 0; i < attrs.size(); i++) {
    for (uint32_t k = 0; k < attrs[i].nElems; k++) std::memcpy(to + k, &kUnwritten, sizeof kUnwritten);
    copies_[i] = Output{1, 1, attrs[i].index, to, attrs[i].nElems * uint32_t(sizeof(float))};
    to += attrs[i].nElems;
  }
  const uint32_t count = uint32_t(copies_.size());
  const int rc = library_->outputsGet(handle_, count, copies_.data(), nullptr);
  if (rc != kOk) return callFailed("rknn_outputs_get", rc, "");
  std::string wrong;
  to = outputs;
  for (size_t i = 0; wrong.empty() && i < attrs.size(); i++) {
    const Output& got = copies_[i];
    const size_t bytes = size_t(attrs[i].nElems) * sizeof(float);
    if (!got.isPreallocated || got.buffer != to) wrong = std::string("it put '") + attrs[i].name + "' into memory of its own";
    else if (got.size != bytes) wrong = std::string("'") + attrs[i].name + "' has " + std::to_string(got.size) + " bytes instead of " + std::to_string(bytes);
    for (uint32_t k = 0; wrong.empty() && k < attrs[i].nElems; k++) {
      if (std::memcmp(to + k, &kUnwritten, sizeof kUnwritten) == 0) wrong = std::string("value ") + std::to_string(k) + " of '" + attrs[i].name + "' was not written";
    }
    to += attrs[i].nElems;
  }
  const int released = library_->outputsRelease(handle_, count, copies_.data());
  if (!wrong.empty()) return badResult("rknn_outputs_get", wrong, "");
  return released == kOk ? Fault{} : callFailed("rknn_outputs_release", released, "");
}

}  // namespace mien::npu
