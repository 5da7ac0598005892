// What JavaScript calls of the NPU: the libraries and workers of one environment, by number (native/src/npu-addon.ts has the types).
#pragma once
#include <napi.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "port.h"

namespace mien::npu {

class Host : public Receiver {
 public:
  explicit Host(Napi::Env env);
  ~Host() override;

  /// The functions, as one object.
  Napi::Object functions(Napi::Env env);

  void ran(napi_env env, uint32_t worker, int slot) override;
  void replied(napi_env env, Reply& reply) override;

 private:
  struct Entry {
    std::shared_ptr<Worker> worker;
    Napi::FunctionReference onRan, onReply;
    Napi::Reference<Napi::Float32Array> outputs;
  };

  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value start(const Napi::CallbackInfo& info);
  Napi::Value init(const Napi::CallbackInfo& info);
  Napi::Value duplicate(const Napi::CallbackInfo& info);
  Napi::Value bind(const Napi::CallbackInfo& info);
  Napi::Value shape(const Napi::CallbackInfo& info);
  Napi::Value unbind(const Napi::CallbackInfo& info);
  Napi::Value end(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value check(const Napi::CallbackInfo& info);
  Napi::Value forget(const Napi::CallbackInfo& info);

  Entry& entry(const Napi::CallbackInfo& info, size_t at);
  bool post(const Napi::CallbackInfo& info, Worker& worker, Worker::Task task, bool last = false);
  void close();

  const napi_env env_;
  std::shared_ptr<Port> port_;  // made at the first open
  std::vector<std::shared_ptr<const Library>> libraries_;
  std::unordered_map<uint32_t, Entry> entries_;
  uint32_t nextWorker_ = 1;
  bool closed_ = false;
};

}  // namespace mien::npu
