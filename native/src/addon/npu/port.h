// The way from the workers' threads to JavaScript's: one threadsafe function per environment, closed before the environment goes.
#pragma once
#include <node_api.h>

#include <mutex>

#include "worker.h"

namespace mien::npu {

/// Receives on JavaScript's thread.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void ran(napi_env env, uint32_t worker, int slot) = 0;
  virtual void replied(napi_env env, Reply& reply) = 0;
};

class Port : public Outbox {
 public:
  /// `receiver` must live until close().
  Port(napi_env env, Receiver& receiver);

  // For the workers' threads.
  void ran(uint32_t worker, int slot) override;
  void replied(std::unique_ptr<Reply> reply) override;

  // For JavaScript's thread.
  /// `change` answers more (or fewer) are awaited; while some are, the event loop stays alive.
  void expect(napi_env env, int change);
  /// From now on nothing is delivered.
  void close();

 private:
  static void deliver(napi_env env, napi_value callback, void* context, void* data);

  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
  int awaited_ = 0;
};

}  // namespace mien::npu
