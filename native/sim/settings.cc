#include "settings.h"

#include <cmath>
#include <functional>
#include <stdexcept>

#include "json.h"

namespace mien::sim {
namespace {

using Kind = Json::Kind;

[[noreturn]] void refuse(const std::string& at, const std::string& wanted) { throw std::runtime_error(at + " must be " + wanted); }

double number(const Json& json, const std::string& at, double low, double high) {
  if (json.kind != Kind::kNumber || json.number < low || json.number > high) {
    refuse(at, "a number from " + std::to_string(int64_t(low)) + " to " + std::to_string(int64_t(high)));
  }
  return json.number;
}

int64_t integer(const Json& json, const std::string& at, double low, double high) {
  const double value = number(json, at, low, high);
  if (value != std::floor(value)) refuse(at, "a whole number");
  return static_cast<int64_t>(value);
}

const std::string& text(const Json& json, const std::string& at) {
  if (json.kind != Kind::kText) refuse(at, "a text");
  return json.text;
}

const std::string& oneOf(const Json& json, const std::string& at, std::initializer_list<std::string_view> known) {
  std::string all;
  for (const std::string_view name : known) {
    if (json.kind == Kind::kText && json.text == name) return json.text;
    all += (all.empty() ? "" : ", ") + std::string(name);
  }
  refuse(at, "one of " + all);
}

/// Calls the reader of every member; a member without one is refused.
void members(const Json& json, const std::string& at, const std::map<std::string_view, std::function<void(const Json&, const std::string&)>>& readers) {
  if (json.kind != Kind::kObject) refuse(at, "an object");
  for (const auto& [name, value] : json.members) {
    const auto reader = readers.find(name);
    if (reader == readers.end()) {
      std::string known;
      for (const auto& [key, _] : readers) known += (known.empty() ? "" : ", ") + std::string(key);
      throw std::runtime_error(at + " has no key " + quoted(name) + "; there are " + known);
    }
    reader->second(value, at + "." + name);
  }
}

template <typename Read>
void list(const Json& json, const std::string& at, Read read) {
  if (json.kind != Kind::kList) refuse(at, "a list");
  for (size_t i = 0; i < json.items.size(); ++i) read(json.items[i], at + "[" + std::to_string(i) + "]");
}

std::array<double, kCores> perCore(const Json& json, const std::string& at) {
  constexpr double kLongest = 60e6;
  std::array<double, kCores> out{};
  if (json.kind == Kind::kNumber) {
    out.fill(number(json, at, 0, kLongest));
    return out;
  }
  if (json.kind != Kind::kList || json.items.size() != kCores) refuse(at, "a number, or a list of one per core (3)");
  for (int core = 0; core < kCores; ++core) out[core] = number(json.items[core], at, 0, kLongest);
  return out;
}

TensorSettings tensor(const Json& json, const std::string& where) {
  TensorSettings out;
  members(json, where,
          {{"name", [&](const Json& value, const std::string& at) { out.name = text(value, at); }},
           {"dims",
            [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& dim, const std::string& each) { out.dims.push_back(integer(dim, each, 1, 1 << 24)); });
              if (out.dims.empty() || out.dims.size() > 4) refuse(at, "a list of 1 to 4 numbers");
            }},
           {"type", [&](const Json& value, const std::string& at) { out.type = oneOf(value, at, {"i8", "u8", "f16", "f32"}); }},
           {"layout", [&](const Json& value, const std::string& at) { out.layout = oneOf(value, at, {"plain", "nc1hwc2"}); }},
           {"zp", [&](const Json& value, const std::string& at) { out.zeroPoint = integer(value, at, -128, 255); }},
           {"scale", [&](const Json& value, const std::string& at) { out.scale = number(value, at, 0, 1e6); }},
           {"base", [&](const Json& value, const std::string& at) { out.base = number(value, at, -1e6, 1e6); }},
           {"wStride", [&](const Json& value, const std::string& at) { out.strideWidth = integer(value, at, 0, 1 << 16); }}});
  return out;
}

void answer(const Json& json, const std::string& where, Answers& into) {
  std::string hash;
  std::vector<std::vector<float>> outputs;
  members(json, where,
          {{"inputHash",
            [&](const Json& value, const std::string& at) {
              hash = text(value, at);
              if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos) refuse(at, "a SHA-256 in 64 small hex digits");
            }},
           {"outputs", [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& one, const std::string& each) {
                auto& numbers = outputs.emplace_back();
                list(one, each, [&](const Json& item, const std::string& last) { numbers.push_back(static_cast<float>(number(item, last, -1e30, 1e30))); });
              });
            }}});
  if (hash.empty() || outputs.empty()) refuse(where, "an object with inputHash and outputs");
  into[hash] = std::move(outputs);
}

ModelSettings model(const Json& json, const std::string& where) {
  ModelSettings out;
  members(json, where,
          {{"match", [&](const Json& value, const std::string& at) { out.match = text(value, at); }},
           {"name", [&](const Json& value, const std::string& at) { out.name = text(value, at); }},
           {"runUs", [&](const Json& value, const std::string& at) { out.runUs = perCore(value, at); }},
           {"weightBytes", [&](const Json& value, const std::string& at) { out.weightBytes = integer(value, at, 0, 4e9); }},
           {"internalBytes", [&](const Json& value, const std::string& at) { out.internalBytes = integer(value, at, 0, 4e9); }},
           {"inputs",
            [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& one, const std::string& each) { out.inputs.push_back(tensor(one, each)); });
            }},
           {"outputs",
            [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& one, const std::string& each) { out.outputs.push_back(tensor(one, each)); });
            }},
           {"answers", [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& one, const std::string& each) { answer(one, each, out.answers); });
            }}});
  return out;
}

FaultSettings fault(const Json& json, const std::string& where) {
  FaultSettings out;
  members(json, where,
          {{"kind",
            [&](const Json& value, const std::string& at) {
              out.kind = oneOf(value, at, {"no-device", "out-of-memory", "submit-fails", "silent-failure", "stale-output", "hang", "delay", "wrong-dims", "wrong-rc", "flip"});
            }},
           {"model", [&](const Json& value, const std::string& at) { out.model = text(value, at); }},
           {"call",
            [&](const Json& value, const std::string& at) {
              out.call = oneOf(value, at, {"rknn_init", "rknn_dup_context", "rknn_destroy", "rknn_query", "rknn_set_core_mask", "rknn_create_mem", "rknn_set_io_mem", "rknn_inputs_set", "rknn_run", "rknn_outputs_get"});
            }},
           {"core", [&](const Json& value, const std::string& at) { out.core = integer(value, at, 0, kCores - 1); }},
           {"output", [&](const Json& value, const std::string& at) { out.output = integer(value, at, 0, 63); }},
           {"after", [&](const Json& value, const std::string& at) { out.after = integer(value, at, 0, 1e15); }},
           {"times", [&](const Json& value, const std::string& at) { out.times = integer(value, at, 1, 1e15); }},
           {"ms", [&](const Json& value, const std::string& at) { out.ms = number(value, at, 0, 3.6e6); }},
           {"rc", [&](const Json& value, const std::string& at) { out.rc = integer(value, at, -100, 100); }}});
  if (out.kind.empty()) refuse(where, "an object with a kind");
  if (out.kind == "wrong-rc" && out.call.empty()) refuse(where + ".call", "given: the function that answers rc, such as rknn_run");
  if (out.call.empty() && (out.kind == "hang" || out.kind == "delay")) out.call = "rknn_run";
  if (out.kind == "delay" && out.ms < 0) refuse(where + ".ms", "given");
  return out;
}

}  // namespace

const ModelSettings* Settings::find(std::string_view hash, std::string_view name) const {
  for (const std::string_view key : {hash, name, std::string_view("*")}) {
    for (const ModelSettings& model : models) {
      if (model.match == key) return &model;
    }
  }
  return nullptr;
}

std::shared_ptr<const Settings> parseSettings(std::string_view json) {
  auto out = std::make_shared<Settings>();
  members(parseJson(json), "simulation",
          {{"version", [&](const Json& value, const std::string& at) { out->version = text(value, at); }},
           {"chip", [&](const Json& value, const std::string& at) { out->chip = text(value, at); }},
           {"newestFormat", [&](const Json& value, const std::string& at) { out->newestFormat = integer(value, at, 1, 1000); }},
           {"runUs", [&](const Json& value, const std::string& at) { out->runUs = perCore(value, at); }},
           {"fusedSpeedUp",
            [&](const Json& value, const std::string& where) {
              members(value, where,
                      {{"two", [&](const Json& two, const std::string& at) { out->fusedTwo = number(two, at, 0.1, 2); }},
                       {"three", [&](const Json& three, const std::string& at) { out->fusedThree = number(three, at, 0.1, 3); }}});
            }},
           {"strict",
            [&](const Json& value, const std::string& at) {
              if (value.kind != Kind::kBool) refuse(at, "true or false");
              out->strict = value.truth;
            }},
           {"models",
            [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& one, const std::string& each) { out->models.push_back(model(one, each)); });
            }},
           {"faults", [&](const Json& value, const std::string& at) {
              list(value, at, [&](const Json& one, const std::string& each) { out->faults.push_back(fault(one, each)); });
            }}});
  return out;
}

}  // namespace mien::sim
