// One context of the runtime. Every member is called on one thread, the context's own; nothing here is shared.
#pragma once
#include <memory>
#include <vector>

#include "fault.h"
#include "library.h"
#include "tensors.h"

namespace mien::npu {

/// What a loaded model says of itself.
struct Description {
  std::string apiVersion, driverVersion;
  TensorAttr input;
  std::vector<TensorAttr> outputs;
  size_t outputElements() const;
};

class Network {
 public:
  explicit Network(std::shared_ptr<const Library> library) : library_(std::move(library)) {}
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Parses the model onto the device. `flags` of rknn_init; the thread's priority is what it was before.
  Fault init(std::vector<uint8_t>& model, uint32_t flags);
  /// A further context of the same weights, for another Network to adopt.
  Fault duplicate(ContextHandle& into);
  /// Takes a context over, with its description; there must be none yet.
  void adopt(ContextHandle handle, std::shared_ptr<const Description> description);
  /// Gives a context back that nobody adopted.
  void discard(ContextHandle handle);
  /// Chooses the cores and prepares inputs and outputs: in the device's memory with `zeroCopy`, else copied by the runtime.
  Fault bind(uint32_t coreMask, bool zeroCopy);
  void unbind();
  /// Gives the context back; at most once, whatever the runtime says.
  Fault destroy();

  /// Runs on `input` (as long as the input) and writes all outputs, one after the other. `durationNs` is the time inside rknn_run.
  Fault run(const uint8_t* input, float* outputs, int64_t& durationNs);

  bool alive() const { return handle_ != 0; }
  const std::shared_ptr<const Description>& description() const { return description_; }
  const MemSize& memory() const { return memory_; }

 private:
  Fault describe();
  Fault queryMemory();
  Fault bindInput();
  Fault bindOutput(size_t index);
  Fault allocate(size_t bytes, TensorMem*& into);
  Fault readCopies(float* outputs);

  const std::shared_ptr<const Library> library_;
  ContextHandle handle_ = 0;
  std::shared_ptr<const Description> description_;
  MemSize memory_{};
  bool zeroCopy_ = false;
  Rows inputRows_{};
  TensorMem* inputMem_ = nullptr;
  std::vector<TensorMem*> outputMems_;
  std::vector<Reading> readings_;
  std::vector<Output> copies_;
};

}  // namespace mien::npu
