// Stage 2: bilinear sampling of a patch along one output row of a block. Written as short loops over fixed arrays, which the compiler
// turns into vector code for every instruction set; only the loads are one by one (a gather is no faster, measured).

typedef float Lane[kBlock];

struct Taps {
  uint32_t word[4][kBlock];  // top-left on, in reading order; one word holds both taps of a row where a pixel has one or two bytes
  Lane wx, wy;
};

/// `n` is a multiple of 16; positions beyond the block's width are clamped into the patch like all others.
template <int kChannels>
inline void loadTaps(const Patch& patch, float x, float y, float dx, float dy, int n, Taps& taps) {
  int offset[kBlock];
  const int lastX = patch.width - 2;
  const int lastY = patch.height - 2;
  for (int i = 0; i < n; i++) {
    const float px = x + float(i) * dx;
    const float py = y + float(i) * dy;
    int ix = int(px);
    int iy = int(py);
    ix = ix < 0 ? 0 : ix;
    iy = iy < 0 ? 0 : iy;
    ix = ix > lastX ? lastX : ix;
    iy = iy > lastY ? lastY : iy;
    taps.wx[i] = px - float(ix);
    taps.wy[i] = py - float(iy);
    offset[i] = iy * patch.stride + ix * kChannels;
  }
  const uint8_t* upper = patch.data;
  const uint8_t* lower = patch.data + patch.stride;
  for (int i = 0; i < n; i++) {
    if (kChannels <= 2) {
      std::memcpy(&taps.word[0][i], upper + offset[i], 4);
      std::memcpy(&taps.word[2][i], lower + offset[i], 4);
    } else {
      std::memcpy(&taps.word[0][i], upper + offset[i], 4);
      std::memcpy(&taps.word[1][i], upper + offset[i] + kChannels, 4);
      std::memcpy(&taps.word[2][i], lower + offset[i], 4);
      std::memcpy(&taps.word[3][i], lower + offset[i] + kChannels, 4);
    }
  }
}

inline float blend(float p00, float p01, float p10, float p11, float wx, float wy) {
  const float upper = p00 + wx * (p01 - p00);
  const float lower = p10 + wx * (p11 - p10);
  return upper + wy * (lower - upper);
}

inline float byteOf(uint32_t word, int shift) { return float(int((word >> shift) & 255u)); }

/// One channel of the row: 0 <= channel < kChannels.
template <int kChannels, int kChannel>
inline void blendChannel(const Taps& taps, int n, Lane& __restrict to) {
  constexpr int shift = 8 * kChannel;
  for (int i = 0; i < n; i++) {
    if (kChannels <= 2) {
      constexpr int second = shift + 8 * (kChannels <= 2 ? kChannels : 0);
      to[i] = blend(byteOf(taps.word[0][i], shift), byteOf(taps.word[0][i], second), byteOf(taps.word[2][i], shift),
                    byteOf(taps.word[2][i], second), taps.wx[i], taps.wy[i]);
    } else {
      to[i] = blend(byteOf(taps.word[0][i], shift), byteOf(taps.word[1][i], shift), byteOf(taps.word[2][i], shift),
                    byteOf(taps.word[3][i], shift), taps.wx[i], taps.wy[i]);
    }
  }
}

/// Samples row `y` of a block starting at output column `x` into `channel[]`, as plane values 0..255.
void sampleRow(int channels, const Grid& grid, const Patch& patch, int x, int y, int n, Taps& taps, Lane* channel) {
  const double* a = grid.a;
  const float px = float(a[0] * x + a[1] * y + a[2] - double(patch.x));
  const float py = float(a[3] * x + a[4] * y + a[5] - double(patch.y));
  const float dx = float(a[0]);
  const float dy = float(a[3]);
  switch (channels) {
    case 1:
      loadTaps<1>(patch, px, py, dx, dy, n, taps);
      blendChannel<1, 0>(taps, n, channel[0]);
      break;
    case 2:
      loadTaps<2>(patch, px, py, dx, dy, n, taps);
      blendChannel<2, 0>(taps, n, channel[0]);
      blendChannel<2, 1>(taps, n, channel[1]);
      break;
    case 3:
      loadTaps<3>(patch, px, py, dx, dy, n, taps);
      blendChannel<3, 0>(taps, n, channel[0]);
      blendChannel<3, 1>(taps, n, channel[1]);
      blendChannel<3, 2>(taps, n, channel[2]);
      break;
    default:  // alpha is not sampled
      loadTaps<4>(patch, px, py, dx, dy, n, taps);
      blendChannel<4, 0>(taps, n, channel[0]);
      blendChannel<4, 1>(taps, n, channel[1]);
      blendChannel<4, 2>(taps, n, channel[2]);
      break;
  }
}
