// Stage 3: colour, then normalisation, layout and type, for one output row of a block.

inline float level(float v) {
  v = v > 0.0f ? v : 0.0f;
  return v < 255.0f ? v : 255.0f;
}

/// In place: luma, U, V to red, green, blue, each clamped to 0..255.
inline void toRgb(const Colour& c, int n, Lane* channel) {
  float* __restrict first = channel[0];
  float* __restrict second = channel[1];
  float* __restrict third = channel[2];
  for (int i = 0; i < n; i++) {
    const float y = (first[i] - c.black) * c.luma;
    const float u = second[i] - 128.0f;
    const float v = third[i] - 128.0f;
    first[i] = level(y + c.redV * v);
    second[i] = level(y - c.greenU * u - c.greenV * v);
    third[i] = level(y + c.blueU * u);
  }
}

template <typename T>
struct Quantised;
template <>
struct Quantised<uint8_t> { static constexpr float low = 0, high = 255; };
template <>
struct Quantised<int8_t> { static constexpr float low = -128, high = 127; };

template <typename T>
inline T stored(float v) {
  // Halves go up, as Math.round does; the shift keeps the truncation on the positive side.
  v = v > Quantised<T>::low ? v : Quantised<T>::low;
  v = v < Quantised<T>::high ? v : Quantised<T>::high;
  return T(int(v + 1024.5f) - 1024);
}
template <>
inline float stored<float>(float v) { return v; }

template <typename T>
void storeRow(const Tensor& out, int x, int y, int n, const Lane* channel) {
  const int first = out.bgr ? 2 : 0;
  const int third = 2 - first;
  const float* red = channel[0];
  const float* green = channel[1];
  const float* blue = channel[2];
  if (out.nhwc) {
    T* __restrict to = static_cast<T*>(out.data) + (ptrdiff_t(y) * out.width + x) * 3;
    T row[3][kBlock];
    for (int i = 0; i < kBlock; i++) row[first][i] = stored<T>(red[i] * out.gain[0] + out.bias[0]);
    for (int i = 0; i < kBlock; i++) row[1][i] = stored<T>(green[i] * out.gain[1] + out.bias[1]);
    for (int i = 0; i < kBlock; i++) row[third][i] = stored<T>(blue[i] * out.gain[2] + out.bias[2]);
    for (int i = 0; i < n; i++) {
      to[3 * i] = row[0][i];
      to[3 * i + 1] = row[1][i];
      to[3 * i + 2] = row[2][i];
    }
    return;
  }
  const ptrdiff_t area = ptrdiff_t(out.width) * out.height;
  T* base = static_cast<T*>(out.data) + ptrdiff_t(y) * out.width + x;
  const int target[3] = {first, 1, third};
  for (int c = 0; c < 3; c++) {
    const float gain = out.gain[c];
    const float bias = out.bias[c];
    const float* from = channel[c];
    T* __restrict to = base + target[c] * area;
    for (int i = 0; i < n; i++) to[i] = stored<T>(from[i] * gain + bias);
  }
}
