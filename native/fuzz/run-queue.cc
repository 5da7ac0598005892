// Any order of runs, tasks, looks at the deadline and ends, over a runtime that fails and hangs as the bytes say: every run is answered exactly once, in
// call order, unless its context was lost; the runtime never sees a context that was given back.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "../src/addon/npu/census.h"
#include "../src/addon/npu/worker.h"
#include "chance.h"

using namespace mien::npu;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr ContextHandle kFirst = 1;
std::atomic<uint32_t> fate{0};        // what the next calls do, one bit each
std::atomic<uint32_t> aliveHandles{0};  // bit per handle

bool fails() {
  const uint32_t bits = fate.fetch_add(0x9e3779b9u);
  return (bits >> 16) % 5 == 0;
}
bool isAlive(ContextHandle handle) { return handle >= kFirst && handle < 32 && (aliveHandles.load() >> handle & 1); }

int fakeInit(ContextHandle* out, void* model, uint32_t size, uint32_t, InitExtend*) {
  require(model != nullptr && size > 0, "a model without bytes");
  *out = kFirst;
  if (fails()) return kModelInvalid;
  aliveHandles |= 1u << kFirst;
  return kOk;
}
int fakeDup(ContextHandle* from, ContextHandle* to) {
  require(isAlive(*from), "a duplicate of a dead context");
  if (fails()) return kMallocFail;
  *to = 2;
  while (isAlive(*to)) ++*to;
  require(*to < 32, "more contexts than were asked for");
  aliveHandles |= 1u << *to;
  return kOk;
}
int fakeDestroy(ContextHandle handle) {
  require(isAlive(handle), "a context destroyed twice");
  aliveHandles &= ~(1u << handle);
  return kOk;
}
int fakeQuery(ContextHandle handle, Query query, void* info, uint32_t) {
  require(isAlive(handle), "a query of a dead context");
  if (query == kQueryInOutNum) *static_cast<InOutNum*>(info) = {1, 1};
  if (query == kQueryInput || query == kQueryOutput) {
    auto* attr = static_cast<TensorAttr*>(info);
    attr->nDims = 1;
    attr->dims[0] = attr->nElems = attr->size = 4;
    attr->type = kU8;
    attr->format = kUndefined;
  }
  return query == kQueryNativeInput || query == kQueryNativeOutput ? kFail : kOk;
}
thread_local uint8_t given = 0;
int fakeInputsSet(ContextHandle handle, uint32_t, Input*) {
  require(isAlive(handle), "an input for a dead context");
  return fails() ? kInputInvalid : kOk;
}
int fakeRun(ContextHandle handle, RunExtend*) {
  require(isAlive(handle), "a run of a dead context");
  if ((fate.load() >> 8) % 64 == 0) ::usleep(3000);
  return fails() ? kFail : kOk;
}
int fakeGet(ContextHandle handle, uint32_t count, Output* outputs, OutputExtend*) {
  require(isAlive(handle) && count == 1, "outputs of a dead context");
  for (int i = 0; i < 4; i++) static_cast<float*>(outputs[0].buffer)[i] = float(given);
  return fails() ? kOutputInvalid : kOk;
}
int fakeRelease(ContextHandle, uint32_t, Output*) { return kOk; }

class Post : public Outbox {
 public:
  void ran(uint32_t worker, int slot) override { push({worker, slot, nullptr}); }
  void replied(std::unique_ptr<Reply> reply) override {
    const uint32_t worker = reply->worker;
    push({worker, -1, std::move(reply)});
  }
  struct Letter {
    uint32_t worker;
    int slot;
    std::unique_ptr<Reply> reply;
  };
  bool pull(Letter& into) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (letters_.empty()) return false;
    into = std::move(letters_.front());
    letters_.pop_front();
    return true;
  }

 private:
  void push(Letter letter) {
    std::lock_guard<std::mutex> lock(mutex_);
    letters_.push_back(std::move(letter));
  }
  std::mutex mutex_;
  std::deque<Letter> letters_;
};

/// What the owner of a worker knows of it.
struct Owner {
  std::shared_ptr<Worker> worker;
  std::deque<int> inOrder;  // slots of runs that were submitted and not answered
  int tasks = 0;
  bool lost = false, ended = false, shaped = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Chance input(data, size);
  fate = input.as<uint32_t>();
  auto library = std::make_shared<Library>();
  library->init = fakeInit, library->destroy = fakeDestroy, library->query = fakeQuery, library->inputsSet = fakeInputsSet, library->run = fakeRun;
  library->outputsGet = fakeGet, library->outputsRelease = fakeRelease, library->dupContext = fakeDup;
  const auto post = std::make_shared<Post>();
  Owner owners[3];
  for (uint32_t i = 0; i < 3; i++) {
    owners[i].worker = std::make_shared<Worker>(i, library, post);
    require(owners[i].worker->start(), "a thread");
  }
  const auto pull = [&] {
    Post::Letter letter;
    while (post->pull(letter)) {
      Owner& owner = owners[letter.worker];
      if (letter.slot < 0) {
        require(--owner.tasks >= 0, "a task answered twice");
        continue;
      }
      require(!owner.inOrder.empty() && owner.inOrder.front() == letter.slot, "a run answered out of order, or twice");
      owner.inOrder.pop_front();
      owner.worker->take(letter.slot, [](Slot& slot) { slot.fault = Fault{}; });
    }
  };
  const auto task = [&](Owner& owner, Worker::Task work, bool last = false) {
    if (owner.worker->post(1, 1000, std::move(work), last)) owner.tasks++, owner.ended |= last;
    else require(owner.ended || owner.lost, "a task refused without a reason");
  };
  for (int steps = 0; !input.empty() && steps < 60; steps++) {
    Owner& owner = owners[input.byte() % 3];
    switch (input.byte() % 10) {
      case 0: if (&owner == owners) task(owner, [](Network& n) { std::vector<uint8_t> model(3); return n.alive() ? Fault{} : n.init(model, 0); }); break;
      case 1: {
        const auto child = owners[1 + input.byte() % 2].worker;
        task(owner, [child](Network& n) {
          ContextHandle handle = 0;
          Fault fault = n.duplicate(handle);
          if (!fault && !child->adopt(handle, n.description())) n.discard(handle);
          return fault;
        });
        break;
      }
      case 2: task(owner, [](Network& n) { return n.bind(0, false); }); break;
      case 3: if (owner.inOrder.empty()) owner.worker->shape(4, 4), owner.shaped = true; break;
      case 4: task(owner, [](Network& n) { return n.destroy(); }, true); break;
      case 5: {
        Loss loss;
        if (owner.worker->check(loss) < 0) {
          owner.lost = true;
          for (auto at = owner.inOrder.begin(); at != owner.inOrder.end();) at = loss.slots >> *at & 1 ? owner.inOrder.erase(at) : at + 1;
          owner.tasks = 0;
        }
        break;
      }
      case 6: pull(); break;
      case 7: ::usleep(input.byte()); break;
      default: {
        int index = 0;
        Slot* slot = owner.shaped ? owner.worker->vacant(index) : nullptr;
        if (slot == nullptr) break;
        slot->input.assign(4, input.byte());
        owner.worker->submit(index, input.byte() % 4 == 0 ? 0.5 : 1000);
        owner.inOrder.push_back(index);
      }
    }
  }
  // Everything that was taken is answered; then everything ends.
  for (int waited = 0; waited < 20'000; waited++) {
    pull();
    bool open = false;
    for (const Owner& owner : owners) open = open || (!owner.lost && (owner.tasks > 0 || !owner.inOrder.empty()));
    if (!open) break;
    require(waited < 19'999, "something was never answered");
    ::usleep(500);
  }
  for (int waited = 0;; waited++) {
    std::vector<std::shared_ptr<Worker>> workers;
    for (const Owner& owner : owners) workers.push_back(owner.worker);
    endWorkers(workers);
    bool gone = true;
    for (const auto& worker : workers) gone = gone && worker->gone();
    if (gone) break;
    require(waited < 100, "a thread never ended");
  }
  require(aliveHandles.load() == 0, "a context was never given back");
  return 0;
}
