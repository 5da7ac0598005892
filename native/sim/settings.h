// What a simulation is told, as JSON: README.md of this folder says which keys there are.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mien::sim {

constexpr int kCores = 3;

struct TensorSettings {
  std::string name;              // empty: as the container says
  std::vector<uint32_t> dims;    // empty: as the container says
  std::string type = "i8";       // i8, u8, f16, f32
  std::string layout = "plain";  // of the native attributes: plain or nc1hwc2
  std::optional<int> zeroPoint;
  std::optional<double> scale;
  double base = 0;          // unscripted outputs lie around it
  uint32_t strideWidth = 0;  // pixels of a row in memory; 0 is the width
};

/// Outputs, in the network's order, of the input whose bytes have this SHA-256.
using Answers = std::map<std::string, std::vector<std::vector<float>>, std::less<>>;

struct ModelSettings {
  std::string match = "*";  // SHA-256 of the file, name in the container, or * for every model
  std::string name;         // what faults call it
  std::optional<std::array<double, kCores>> runUs;
  std::optional<uint32_t> weightBytes, internalBytes;
  std::vector<TensorSettings> inputs, outputs;
  Answers answers;
};

struct FaultSettings {
  std::string kind, model, call;
  int core = -1;  // any
  int output = 0;
  int64_t after = 0, times = INT64_MAX;
  double ms = -1;  // for ever
  int rc = 0;
};

struct Settings {
  std::string version = "2.3.2", chip = "rk3588";
  uint64_t newestFormat = 6;
  std::array<double, kCores> runUs = {3500, 3500, 3500};
  double fusedTwo = 1.1, fusedThree = 1.2;
  bool strict = false;
  std::vector<ModelSettings> models;
  std::vector<FaultSettings> faults;

  /// The description of a model, or nullptr. A hash goes before a name, a name before `*`.
  const ModelSettings* find(std::string_view hash, std::string_view name) const;
};

/// Throws std::runtime_error that names the key and what it should be.
std::shared_ptr<const Settings> parseSettings(std::string_view json);

}  // namespace mien::sim
