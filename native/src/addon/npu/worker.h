// The thread of one context: everything that is asked of the context is done there, in order; JavaScript's thread never waits for it.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "network.h"

namespace mien::npu {

/// The answer to a task.
struct Reply {
  uint32_t worker;
  uint32_t ticket;
  Fault fault;
  std::shared_ptr<const Description> description;
  MemSize memory;
};

/// Where answers go; called on the worker's thread.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual void ran(uint32_t worker, int slot) = 0;
  virtual void replied(std::unique_ptr<Reply> reply) = 0;
};

/// A run's own memory. Whoever the state names may touch it: the owner (free, done) or the thread (waiting, running).
struct Slot {
  enum State { free, waiting, running, done } state = free;
  std::vector<uint8_t> input;
  std::vector<float> outputs;
  double deadlineMs = 0;
  int64_t durationNs = 0;
  Fault fault;
};

/// What a lost context leaves unanswered.
struct Loss {
  int answers = 0;             // runs and tasks
  int hungSlot = -1;           // -1: a task hung
  unsigned slots = 0;          // bit i: the run in slot i
};

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  static constexpr int kSlots = 2;  // one under way, one waiting
  using Task = std::function<Fault(Network&)>;

  Worker(uint32_t id, std::shared_ptr<const Library> library, std::shared_ptr<Outbox> outbox);
  /// Begins the thread; false where the system gives none.
  bool start();

  // All of these are for the owner's thread.
  uint32_t id() const { return id_; }
  /// Queues a task. False after the last one, or when the context is lost.
  bool post(uint32_t ticket, double deadlineMs, Task task, bool last = false);
  /// Sizes the slots after a bind; no run may be under way.
  void shape(size_t inputBytes, size_t outputElements);
  size_t inputBytes() const { return slots_[0].input.size(); }
  /// A slot whose input may be filled; nullptr while two runs are under way, or after the end.
  Slot* vacant(int& index);
  void submit(int index, double deadlineMs);
  /// Milliseconds until what is done now passes its deadline; infinite when nothing is. Below zero: it has passed, the context is lost from now on,
  /// and `loss` says what will never be answered.
  double check(Loss& loss);
  /// The environment ends: nothing more is answered; the thread gives the context back and ends.
  void end();
  /// The thread is gone.
  bool gone();

  /// Reads a finished run, then frees its slot.
  template <typename Take>
  void take(int index, Take take) {
    take(slots_[index]);
    std::lock_guard<std::mutex> lock(mutex_);
    slots_[index].state = Slot::free;
  }

  /// For another worker's thread: gives this one a duplicate. False where it was given something to do already, or is ending.
  bool adopt(ContextHandle handle, std::shared_ptr<const Description> description);

 private:
  struct Job {
    uint32_t ticket;
    double deadlineMs;
    Task task;
    bool last;
  };

  void main();
  void doRun(std::unique_lock<std::mutex>& lock, int index);
  void doTask(std::unique_lock<std::mutex>& lock);

  const uint32_t id_;
  const std::shared_ptr<Outbox> outbox_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Network network_;
  Slot slots_[kSlots];
  int order_[kSlots] = {-1, -1};  // slots that wait, oldest first
  std::deque<Job> jobs_;
  bool fresh_ = true;      // nothing was asked of it yet, so its thread leaves the network alone
  bool closing_ = false;   // the last job was queued
  bool ending_ = false;    // the environment ends
  bool lost_ = false;
  bool gone_ = false;
  bool taskNext_ = false;  // runs and tasks take turns
  int64_t begunNs_ = 0;    // of what is done now; 0: nothing
  double deadlineMs_ = 0;
};

}  // namespace mien::npu
