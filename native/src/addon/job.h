// Plain data handed from the argument checks to the kernels. Everything here has been checked: kernels trust it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mien {

constexpr int kMaxSide = 16384;      // longest side of a source or an output, in pixels
constexpr double kMaxReach = 1 << 30;  // farthest source coordinate a matrix may ask for
// Outputs are made in blocks of at most kBlock x kBlock pixels. After box reduction an output step is below 2 cells on each axis, so a
// block needs fewer than 4 kBlock + 3 cells a side, whatever the matrix.
constexpr int kBlock = 64;

enum class Dtype { f32, u8, i8 };

/// Bytes of one memory plane: `count` samples at `offset[]` of every `step` bytes go to patch channels `channel` onwards.
struct Part {
  const uint8_t* data;
  ptrdiff_t stride;
  int step;
  int count;
  int offset[4];
  int channel;
};

/// Samples that share one grid (luma; chroma; rgb), possibly spread over two memory planes.
struct Plane {
  Part part[2];
  int parts;
  int channels;         // bytes per pixel of the patch
  int width, height;    // in samples
  int subX, subY;       // luma pixels per sample
  int boxX, boxY;       // samples per cell: 1, or the whole part of how many an output step covers
  uint8_t fill;         // what a constant border reads as
};

/// RGB = luma * (Y - black) + the chroma terms, BT.601.
struct Colour {
  float luma, black, redV, greenU, greenV, blueU;
};

/// A 3-channel tensor; stored value = pixel * gain + bias per channel (r, g, b), rounded and saturated for integers.
struct Tensor {
  void* data;
  int width, height;
  Dtype dtype;
  bool nhwc, bgr;
  float gain[3], bias[3];
};

struct WarpJob {
  Plane plane[2];
  int planes;           // 1: gray or rgb; 2: luma, then chroma
  Colour colour;
  double matrix[6];     // output pixel centres to source pixel centres
  bool constantBorder;
  Tensor out;
};

struct Measures {
  double light, contrast, sharpness;
};

/// Memory of one environment, grown on demand and kept: the kernels allocate nothing else.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  /// At least `bytes` bytes, 64-aligned; the content is undefined. Slots are independent. Throws std::bad_alloc.
  void* reserve(int slot, size_t bytes);

  enum { patch0, patch1, whole, columns, totals, luma, slots };

 private:
  void* block_[slots] = {};
  size_t size_[slots] = {};
};

}  // namespace mien
