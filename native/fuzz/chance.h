// The fuzzer's bytes, taken piece by piece; zeros when they are used up.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

class Chance {
 public:
  Chance(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  uint8_t byte() { return as<uint8_t>(); }

  template <typename T>
  T as() {
    T value{};
    const size_t taken = left_ < sizeof value ? left_ : sizeof value;
    std::memcpy(&value, data_, taken);
    data_ += taken;
    left_ -= taken;
    return value;
  }

 private:
  const uint8_t* data_;
  size_t left_;
};
