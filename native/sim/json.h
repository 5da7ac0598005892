// JSON as the simulation's settings and the containers hold it: parsed into a tree, kept in the order of the text.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mien::sim {

struct Json {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kObject };
  Kind kind = Kind::kNull;
  bool truth = false;
  double number = 0;
  std::string text;
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  /// The member of that name, or nullptr.
  const Json* find(std::string_view name) const;
};

/// Throws std::runtime_error that names the offset where the text stops being JSON.
Json parseJson(std::string_view text);

/// `text` between quotes, escaped.
std::string quoted(std::string_view text);

}  // namespace mien::sim
