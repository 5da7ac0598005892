#include "container.h"

#include <cctype>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "../src/addon/npu/abi.h"
#include "json.h"

namespace mien::sim {
namespace {

constexpr size_t kHeader = 64;

uint64_t littleEndian(const uint8_t* at) {
  uint64_t out = 0;
  for (int i = 7; i >= 0; --i) out = out << 8 | at[i];
  return out;
}

std::string upper(std::string text) {
  for (char& next : text) next = static_cast<char>(std::toupper(static_cast<unsigned char>(next)));
  return text;
}

double numberOf(const Json& json, const char* key) {
  const Json* found = json.find(key);
  return found && found->kind == Json::Kind::kNumber ? found->number : -1;
}

const std::vector<Json>& listOf(const Json& json, const char* key) {
  // Never destroyed: a thread may still be in here when the process ends.
  static const auto& kNone = *new std::vector<Json>;
  const Json* found = json.find(key);
  return found && found->kind == Json::Kind::kList ? found->items : kNone;
}

NamedTensor tensorOf(const Json& about, double id) {
  for (const Json& tensor : listOf(about, "norm_tensor")) {
    if (numberOf(tensor, "tensor_id") != id) continue;
    NamedTensor out;
    const Json* url = tensor.find("url");
    if (url) out.name = url->text;
    for (const Json& dim : listOf(tensor, "size")) {
      if (dim.kind != Json::Kind::kNumber || dim.number < 1 || dim.number > 1 << 24) throw std::runtime_error("a tensor has a wrong size");
      out.dims.push_back(static_cast<uint32_t>(dim.number));
    }
    return out;
  }
  throw std::runtime_error("the graph names a tensor that is not there");
}

Refusal checkTarget(const Json& about, const std::string& chip) {
  std::string targets;
  for (const Json& target : listOf(about, "target_platform")) {
    if (target.text == chip) return {};
    targets += (targets.empty() ? "" : ",") + upper(target.text);
  }
  return {npu::kModelInvalid, "This rknn model is for " + targets + ", but current platform is " + upper(chip)};
}

}  // namespace

Container readContainer(const uint8_t* data, size_t size, const Settings& settings, Refusal& refusal) {
  Container out;
  if (size < kHeader) {
    refusal = {npu::kModelInvalid, "parseRKNN: rknn model is too small!"};
    return out;
  }
  if (std::memcmp(data, "RKNN\0\0\0\0", 8) != 0) {
    refusal = {npu::kModelInvalid, "parseRKNN: invalid RKNN_MAGIC!"};
    return out;
  }
  const uint64_t format = littleEndian(data + 8), main = littleEndian(data + 16);
  if (format > settings.newestFormat) {
    refusal = {npu::kFail, "Invalid RKNN model version " + std::to_string(format)};
    return out;
  }
  const auto tooShort = [&](uint64_t wanted) -> Refusal {
    return {npu::kModelInvalid, "parseRKNN: exportDataSize large then model size: " + std::to_string(wanted) + " vs " + std::to_string(size) + "!"};
  };
  if (main > size - kHeader || size - kHeader - main < 8) {
    refusal = tooShort(main);
    return out;
  }
  const uint64_t json = littleEndian(data + kHeader + main), rest = size - kHeader - main - 8;
  if (json > rest) {
    refusal = tooShort(json);
    return out;
  }
  try {
    const Json about = parseJson({reinterpret_cast<const char*>(data) + kHeader + main + 8, json});
    refusal = checkTarget(about, settings.chip);
    if (refusal.rc != 0) return out;
    if (const Json* name = about.find("name")) out.name = name->text;
    out.mainBytes = static_cast<uint32_t>(main);
    for (const Json& edge : listOf(about, "graph")) {
      const Json* left = edge.find("left");
      if (left) (left->text == "input" ? out.inputs : out.outputs).push_back(tensorOf(about, numberOf(edge, "right_tensor_id")));
    }
  } catch (const std::exception& error) {
    refusal = {npu::kModelInvalid, std::string("Invalid RKNN format! ") + error.what()};
  }
  return out;
}

}  // namespace mien::sim
