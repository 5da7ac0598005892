#include "host.h"

#include <limits>
#include <utility>

#include "census.h"
#include "objects.h"

namespace mien::npu {
namespace {

constexpr int kBusy = -1;
constexpr int kWrongInput = -2;

uint32_t wholeOf(const Napi::CallbackInfo& info, size_t at) { return info[at].As<Napi::Number>().Uint32Value(); }

/// The bytes of a Uint8Array, or nullptr. Length 0 after its buffer was detached.
const uint8_t* bytesOf(napi_env env, napi_value value, size_t& length) {
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed) return nullptr;
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return nullptr;
  return type == napi_uint8_array || type == napi_uint8_clamped_array ? static_cast<const uint8_t*>(data) : nullptr;
}

template <typename T>
Napi::Value faultObject(Napi::Env env, const T& fault) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("fault", objectOf(env, fault));
  return object;
}

}  // namespace

Host::Host(Napi::Env env) : env_(env) {}

Host::~Host() { close(); }

void Host::close() {
  if (closed_) return;
  closed_ = true;
  if (port_ == nullptr) return;
  port_->close();
  std::vector<std::shared_ptr<Worker>> workers;
  for (auto& [id, entry] : entries_) workers.push_back(entry.worker);
  endWorkers(workers);
}

Napi::Object Host::functions(Napi::Env env) {
  Napi::Object all = Napi::Object::New(env);
  const auto add = [&](const char* name, Napi::Value (Host::*method)(const Napi::CallbackInfo&)) {
    all.Set(name, Napi::Function::New(env, [this, method](const Napi::CallbackInfo& info) { return (this->*method)(info); }, name));
  };
  add("open", &Host::open);
  add("start", &Host::start);
  add("init", &Host::init);
  add("duplicate", &Host::duplicate);
  add("bind", &Host::bind);
  add("shape", &Host::shape);
  add("unbind", &Host::unbind);
  add("end", &Host::end);
  add("run", &Host::run);
  add("check", &Host::check);
  add("forget", &Host::forget);
  return all;
}

/// open(places: string[], settings?: string): { library, path, version, simulated, symbols... } or { fault }
Napi::Value Host::open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<std::string> places;
  const Napi::Array given = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); i++) places.push_back(given.Get(i).ToString());
  Fault fault;
  std::shared_ptr<const Library> library = openLibrary(places, fault);
  if (library != nullptr && info[1].IsString()) fault = configure(*library, info[1].As<Napi::String>());
  if (fault) return faultObject(env, fault);
  if (port_ == nullptr) {
    port_ = std::make_shared<Port>(env, *this);
    // Runs before the threadsafe function's own hook, since hooks run newest first.
    napi_add_env_cleanup_hook(env, [](void* self) { static_cast<Host*>(self)->close(); }, this);
    endWorkersAtExit();
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("library", double(libraries_.size()));
  object.Set("path", library->path);
  object.Set("version", library->version);
  object.Set("simulated", library->simulated);
  object.Set("dupContext", library->dupContext != nullptr);
  object.Set("zeroCopy", library->zeroCopy());
  object.Set("memSync", library->memSync != nullptr);
  object.Set("setCoreMask", library->setCoreMask != nullptr);
  libraries_.push_back(std::move(library));
  return object;
}

/// start(library, onRan(slot, us, fault?), onReply(ticket, fault?, description?, memory?)): the worker's number; 0 where there is no thread for it
Napi::Value Host::start(const Napi::CallbackInfo& info) {
  const uint32_t library = wholeOf(info, 0);
  if (library >= libraries_.size() || closed_) throw Napi::RangeError::New(info.Env(), "no such NPU library");
  const uint32_t id = nextWorker_++;
  auto worker = std::make_shared<Worker>(id, libraries_[library], port_);
  if (!worker->start()) return Napi::Number::New(info.Env(), 0);
  Entry& made = entries_[id];
  made.worker = std::move(worker);
  made.onRan = Napi::Persistent(info[1].As<Napi::Function>());
  made.onReply = Napi::Persistent(info[2].As<Napi::Function>());
  return Napi::Number::New(info.Env(), id);
}

Host::Entry& Host::entry(const Napi::CallbackInfo& info, size_t at) {
  const auto found = entries_.find(wholeOf(info, at));
  if (found == entries_.end()) throw Napi::RangeError::New(info.Env(), "no such NPU worker");
  return found->second;
}

/// Every task begins with (worker, ticket, deadlineMs); false where the worker takes no more.
bool Host::post(const Napi::CallbackInfo& info, Worker& worker, Worker::Task task, bool last) {
  const bool posted = worker.post(wholeOf(info, 1), info[2].As<Napi::Number>().DoubleValue(), std::move(task), last);
  if (posted) port_->expect(env_, 1);
  return posted;
}

/// init(worker, ticket, deadlineMs, model: Uint8Array, flags): whether it was taken
Napi::Value Host::init(const Napi::CallbackInfo& info) {
  Worker& worker = *entry(info, 0).worker;
  size_t length = 0;
  const uint8_t* bytes = bytesOf(info.Env(), info[3], length);
  // No bytes would be read as a path.
  if (bytes == nullptr || length == 0 || length > std::numeric_limits<uint32_t>::max()) throw Napi::RangeError::New(info.Env(), "a model is a Uint8Array of 1 byte to 4 GB");
  auto model = std::make_shared<std::vector<uint8_t>>(bytes, bytes + length);
  const uint32_t flags = wholeOf(info, 4);
  return Napi::Boolean::New(info.Env(), post(info, worker, [model, flags](Network& network) { return network.init(*model, flags); }));
}

/// duplicate(worker, ticket, deadlineMs, child): gives the child, a fresh worker, a duplicate of the worker's context
Napi::Value Host::duplicate(const Napi::CallbackInfo& info) {
  Worker& worker = *entry(info, 0).worker;
  const std::shared_ptr<Worker> child = entry(info, 3).worker;
  return Napi::Boolean::New(info.Env(), post(info, worker, [child](Network& network) {
    ContextHandle handle = 0;
    Fault fault = network.duplicate(handle);
    if (!fault && !child->adopt(handle, network.description())) network.discard(handle);
    return fault;
  }));
}

/// bind(worker, ticket, deadlineMs, coreMask, zeroCopy)
Napi::Value Host::bind(const Napi::CallbackInfo& info) {
  const uint32_t mask = wholeOf(info, 3);
  const bool zeroCopy = info[4].ToBoolean();
  return Napi::Boolean::New(info.Env(), post(info, *entry(info, 0).worker, [mask, zeroCopy](Network& network) { return network.bind(mask, zeroCopy); }));
}

/// shape(worker, inputBytes, outputs: Float32Array): after a bind; finished runs are written to `outputs`
Napi::Value Host::shape(const Napi::CallbackInfo& info) {
  Entry& shaped = entry(info, 0);
  Napi::Float32Array outputs = info[2].As<Napi::Float32Array>();
  shaped.worker->shape(wholeOf(info, 1), outputs.ElementLength());
  shaped.outputs = Napi::Reference<Napi::Float32Array>::New(outputs, 1);
  return info.Env().Undefined();
}

/// unbind(worker, ticket, deadlineMs)
Napi::Value Host::unbind(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), post(info, *entry(info, 0).worker, [](Network& network) {
    network.unbind();
    return Fault{};
  }));
}

/// end(worker, ticket, deadlineMs): gives the context back after all runs; the worker's last task
Napi::Value Host::end(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), post(info, *entry(info, 0).worker, [](Network& network) { return network.destroy(); }, true));
}

/// run(worker, input: Uint8Array, deadlineMs): the slot (0 or 1), kBusy or kWrongInput. The input is copied.
Napi::Value Host::run(const Napi::CallbackInfo& info) {
  Worker& worker = *entry(info, 0).worker;
  size_t length = 0;
  const uint8_t* bytes = bytesOf(info.Env(), info[1], length);
  if (bytes == nullptr || length != worker.inputBytes()) return Napi::Number::New(info.Env(), kWrongInput);
  int index = 0;
  Slot* slot = worker.vacant(index);
  if (slot == nullptr) return Napi::Number::New(info.Env(), kBusy);
  std::copy(bytes, bytes + length, slot->input.begin());
  port_->expect(env_, 1);
  worker.submit(index, info[2].As<Napi::Number>().DoubleValue());
  return Napi::Number::New(info.Env(), index);
}

/// check(worker): milliseconds until what it does now passes its deadline (infinite: nothing). Below zero: it has passed, the context is lost;
/// -1 - (bits of the slots that will not be answered) - 4 x (the hung slot + 1; 0: a task)
Napi::Value Host::check(const Napi::CallbackInfo& info) {
  Loss loss;
  const double leftMs = entry(info, 0).worker->check(loss);
  if (leftMs > 0) return Napi::Number::New(info.Env(), leftMs);
  port_->expect(env_, -loss.answers);
  return Napi::Number::New(info.Env(), -1 - int(loss.slots) - 4 * (loss.hungSlot + 1));
}

/// forget(worker): no answer is awaited any more
Napi::Value Host::forget(const Napi::CallbackInfo& info) {
  entries_.erase(wholeOf(info, 0));
  return info.Env().Undefined();
}

void Host::ran(napi_env raw, uint32_t id, int index) {
  const Napi::Env env(raw);
  port_->expect(env_, -1);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  int64_t durationNs = 0;
  Fault fault;
  entry.worker->take(index, [&](Slot& slot) {
    durationNs = slot.durationNs;
    fault = std::move(slot.fault);
    slot.fault = Fault{};
    if (fault) return;
    Napi::Float32Array outputs = entry.outputs.Value();
    if (outputs.ElementLength() == slot.outputs.size()) std::copy(slot.outputs.begin(), slot.outputs.end(), outputs.Data());
  });
  const napi_value arguments[] = {Napi::Number::New(env, index), Napi::Number::New(env, double(durationNs) / 1000), fault ? objectOf(env, fault) : env.Undefined()};
  entry.onRan.Call(std::initializer_list<napi_value>{arguments[0], arguments[1], arguments[2]});
}

void Host::replied(napi_env raw, Reply& reply) {
  const Napi::Env env(raw);
  port_->expect(env_, -1);
  const auto found = entries_.find(reply.worker);
  if (found == entries_.end()) return;
  const napi_value fault = reply.fault ? napi_value(objectOf(env, reply.fault)) : napi_value(env.Undefined());
  const napi_value description = reply.description == nullptr ? napi_value(env.Undefined()) : napi_value(objectOf(env, *reply.description));
  found->second.onReply.Call({Napi::Number::New(env, reply.ticket), fault, description, objectOf(env, reply.memory)});
}

}  // namespace mien::npu
