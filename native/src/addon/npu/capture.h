// What the runtime writes to stderr, kept apart per thread: the C library's `stderr` is replaced by a stream that asks which thread writes.
#pragma once
#include <cstddef>
#include <string>

namespace mien::npu {

/// Replaces `stderr` once per process; call it before the runtime is loaded. Whatever no Capture wants is written on at once.
void installCapture();

/// While it lives, what this thread writes to `stderr` is kept (the first kLength bytes; the rest is written on). Written on at the end
/// unless taken. The innermost of a thread gets the words. Allocates nothing until taken.
class Capture {
 public:
  Capture();
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  std::string take();
  /// Among what was kept is a line of the level "error".
  bool saysError() const;
  /// Keeps what fits of `size` bytes; returns how many.
  size_t keep(const char* bytes, size_t size);

 private:
  static constexpr size_t kLength = 8192;
  Capture* const previous_;
  size_t length_ = 0;
  char text_[kLength];
};

}  // namespace mien::npu
