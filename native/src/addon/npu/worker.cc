#include "worker.h"

#include <pthread.h>
#include <time.h>

#include <limits>
#include <utility>

#include "census.h"

namespace mien::npu {
namespace {

int64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Worker::Worker(uint32_t id, std::shared_ptr<const Library> library, std::shared_ptr<Outbox> outbox)
    : id_(id), outbox_(std::move(outbox)), network_(std::move(library)) {}

bool Worker::start() {
  auto* self = new std::shared_ptr<Worker>(shared_from_this());
  enterCensus(*self);
  pthread_t thread;
  const int rc = pthread_create(
      &thread, nullptr,
      [](void* data) -> void* {
        const std::unique_ptr<std::shared_ptr<Worker>> own(static_cast<std::shared_ptr<Worker>*>(data));
        pthread_setname_np(pthread_self(), "mien-npu");
        (*own)->main();
        leaveCensus(own->get());
        return nullptr;
      },
      self);
  if (rc == 0) {
    pthread_detach(thread);
    return true;
  }
  leaveCensus(self->get());
  delete self;
  return false;
}

bool Worker::post(uint32_t ticket, double deadlineMs, Task task, bool last) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_ || ending_ || lost_) return false;
  closing_ = last;
  fresh_ = false;
  jobs_.push_back({ticket, deadlineMs, std::move(task), last});
  wake_.notify_one();
  return true;
}

bool Worker::adopt(ContextHandle handle, std::shared_ptr<const Description> description) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!fresh_ || ending_) return false;
  fresh_ = false;
  network_.adopt(handle, std::move(description));
  return true;
}

void Worker::shape(size_t inputBytes, size_t outputElements) {
  for (Slot& slot : slots_) {
    slot.input.assign(inputBytes, 0);
    slot.outputs.assign(outputElements, 0);
  }
}

Slot* Worker::vacant(int& index) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_ || ending_ || lost_) return nullptr;
  for (index = 0; index < kSlots; index++) {
    if (slots_[index].state == Slot::free) return &slots_[index];
  }
  return nullptr;
}

void Worker::submit(int index, double deadlineMs) {
  std::unique_lock<std::mutex> lock(mutex_);
  Slot& slot = slots_[index];
  slot.state = Slot::waiting;
  slot.deadlineMs = deadlineMs;
  order_[order_[0] < 0 ? 0 : 1] = index;
  // A thread that is at work looks for more by itself. One that sleeps would wake up only to wait for the lock.
  const bool sleeps = begunNs_ == 0;
  lock.unlock();
  if (sleeps) wake_.notify_one();
}

double Worker::check(Loss& loss) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (begunNs_ == 0 || lost_) return std::numeric_limits<double>::infinity();
  const double leftMs = deadlineMs_ - double(nowNs() - begunNs_) / 1e6;
  if (leftMs > 0) return leftMs;
  lost_ = true;
  for (int i = 0; i < kSlots; i++) {
    if (slots_[i].state == Slot::running) loss.hungSlot = i;
    if (slots_[i].state == Slot::running || slots_[i].state == Slot::waiting) loss.slots |= 1u << i, loss.answers++;
  }
  loss.answers += int(jobs_.size()) + (loss.hungSlot < 0 ? 1 : 0);
  jobs_.clear();
  return -1;
}

void Worker::end() {
  std::lock_guard<std::mutex> lock(mutex_);
  ending_ = true;
  jobs_.clear();
  wake_.notify_one();
}

bool Worker::gone() {
  std::lock_guard<std::mutex> lock(mutex_);
  return gone_;
}

void Worker::main() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ending_ && !lost_) {
    const bool run = order_[0] >= 0;
    const bool task = !jobs_.empty() && !(jobs_.front().last && run);
    if (task && (taskNext_ || !run)) {
      const bool last = jobs_.front().last;
      doTask(lock);
      if (last) break;
    } else if (run) {
      doRun(lock, order_[0]);
    } else {
      wake_.wait(lock);
    }
  }
  lock.unlock();
  // A context whose run was late is given back here too, now that the runtime has let go of it.
  network_.destroy();
  lock.lock();
  gone_ = true;
}

void Worker::doRun(std::unique_lock<std::mutex>& lock, int index) {
  Slot& slot = slots_[index];
  order_[0] = order_[1];
  order_[1] = -1;
  slot.state = Slot::running;
  begunNs_ = nowNs();
  deadlineMs_ = slot.deadlineMs;
  lock.unlock();
  slot.fault = network_.run(slot.input.data(), slot.outputs.data(), slot.durationNs);
  lock.lock();
  begunNs_ = 0;
  taskNext_ = true;
  slot.state = Slot::done;
  if (lost_ || ending_) return;
  // Not under the lock, which the owner takes when it hears of it. Nothing is under way now, so the context cannot be lost meanwhile.
  lock.unlock();
  outbox_->ran(id_, index);
  lock.lock();
}

void Worker::doTask(std::unique_lock<std::mutex>& lock) {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  begunNs_ = nowNs();
  deadlineMs_ = job.deadlineMs;
  lock.unlock();
  auto reply = std::make_unique<Reply>();
  reply->worker = id_;
  reply->ticket = job.ticket;
  reply->fault = job.task(network_);
  reply->description = network_.description();
  reply->memory = network_.memory();
  job.task = nullptr;  // what it holds (a model's bytes) goes here, not on the owner's thread
  lock.lock();
  begunNs_ = 0;
  taskNext_ = false;
  if (lost_ || ending_) return;
  lock.unlock();
  outbox_->replied(std::move(reply));
  lock.lock();
}

}  // namespace mien::npu
