#include "json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace mien::sim {
namespace {

constexpr int kMaxDepth = 64;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Json document() {
    Json value = parse(0);
    skipSpace();
    if (at_ != text_.size()) fail("nothing more");
    return value;
  }

 private:
  [[noreturn]] void fail(const char* wanted) const {
    throw std::runtime_error("not JSON: expected " + std::string(wanted) + " at offset " + std::to_string(at_));
  }

  void skipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }

  bool take(char wanted) {
    skipSpace();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }

  Json parse(int depth) {
    if (depth > kMaxDepth) fail("less depth");
    Json value;
    if (take('{')) {
      value.kind = Json::Kind::kObject;
      if (take('}')) return value;
      do {
        if (!take('"')) fail("a name");
        std::string name = string();
        if (!take(':')) fail("':'");
        value.members.emplace_back(std::move(name), parse(depth + 1));
      } while (take(','));
      if (!take('}')) fail("'}'");
      return value;
    }
    if (take('[')) {
      value.kind = Json::Kind::kList;
      if (take(']')) return value;
      do value.items.push_back(parse(depth + 1));
      while (take(','));
      if (!take(']')) fail("']'");
      return value;
    }
    if (take('"')) {
      value.kind = Json::Kind::kText;
      value.text = string();
      return value;
    }
    if (word("null")) return value;
    if (word("true") || word("false")) {
      value.kind = Json::Kind::kBool;
      value.truth = text_[at_ - 2] == 'u';
      return value;
    }
    // from_chars takes `inf` and `nan` too, which JSON has not.
    if (at_ >= text_.size() || !(text_[at_] == '-' || (text_[at_] >= '0' && text_[at_] <= '9'))) fail("a value");
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value.number);
    if (!std::isfinite(value.number) || error != std::errc() || end == text_.data() + at_) fail("a value");
    at_ = static_cast<size_t>(end - text_.data());
    value.kind = Json::Kind::kNumber;
    return value;
  }

  uint32_t hex() {
    uint32_t code = 0;
    if (at_ + 4 > text_.size()) fail("four hex digits");
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) fail("four hex digits");
    at_ += 4;
    return code;
  }

  void escape(std::string& out) {
    if (at_ >= text_.size()) fail("an escape");
    const char kind = text_[at_++];
    switch (kind) {
      case 'b': out += '\b'; return;
      case 'f': out += '\f'; return;
      case 'n': out += '\n'; return;
      case 'r': out += '\r'; return;
      case 't': out += '\t'; return;
      case '"':
      case '\\':
      case '/': out += kind; return;
      case 'u': break;
      default: fail("an escape");
    }
    uint32_t code = hex();
    if (code >= 0xd800 && code < 0xdc00 && word("\\u")) code = 0x10000 + ((code - 0xd800) << 10) + (hex() - 0xdc00);
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
      } else {
        out += static_cast<char>(0xf0 | (code >> 18 & 7));
        out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
      }
      out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
  }

  std::string string() {
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) fail("the end of a string");
      const char next = text_[at_++];
      if (next == '"') return out;
      if (next == '\\') escape(out);
      else out += next;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

Json parseJson(std::string_view text) { return Parser(text).document(); }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char next : text) {
    if (next == '"' || next == '\\') {
      out += '\\';
      out += next;
    } else if (static_cast<unsigned char>(next) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", next);
      out += code;
    } else {
      out += next;
    }
  }
  return out + '"';
}

}  // namespace mien::sim
