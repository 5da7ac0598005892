// Light, contrast and sharpness of a tensor, on its luma (BT.601 weights, 0..1), recovered by undoing the normalisation.

struct Sums {  // sixteen partial sums, so that the compiler may add in vectors
  float value[16] = {};
  float square[16] = {};
};

inline void addRow(const float* from, int n, float offset, Sums& sums) {
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int k = 0; k < 16; k++) {
      const float v = from[i + k] - offset;
      sums.value[k] += v;
      sums.square[k] += v * v;
    }
  }
  for (; i < n; i++) {
    const float v = from[i] - offset;
    sums.value[0] += v;
    sums.square[0] += v * v;
  }
}

struct Moments {
  double mean, variance;
};

inline Moments momentsOf(const Sums& sums, double count) {
  double value = 0, square = 0;
  for (int k = 0; k < 16; k++) {
    value += double(sums.value[k]);
    square += double(sums.square[k]);
  }
  const double mean = value / count;
  return {mean, larger(square / count - mean * mean, 0)};
}

template <typename T>
Measures measureTensor(const Tensor& tensor, Scratch& scratch) {
  static const float weight[3] = {0.299f / 255, 0.587f / 255, 0.114f / 255};
  const int width = tensor.width;
  const int height = tensor.height;
  const size_t area = size_t(width) * size_t(height);
  // One row more than the image: the Laplacian of the current row is written there.
  float* luma = static_cast<float*>(scratch.reserve(Scratch::luma, (area + size_t(width)) * sizeof(float)));
  float factor[3];  // in the order of the tensor's channels
  float offset = 0;
  for (int c = 0; c < 3; c++) {
    factor[tensor.bgr ? 2 - c : c] = weight[c] / tensor.gain[c];
    offset -= tensor.bias[c] * weight[c] / tensor.gain[c];
  }
  const T* data = static_cast<const T*>(tensor.data);
  const size_t step = tensor.nhwc ? 3 : 1;
  const size_t plane = tensor.nhwc ? 1 : area;
  if (tensor.nhwc) {
    for (size_t i = 0; i < area; i++) {
      luma[i] = float(data[3 * i]) * factor[0] + float(data[3 * i + 1]) * factor[1] + float(data[3 * i + 2]) * factor[2] + offset;
    }
  } else {
    for (size_t i = 0; i < area; i++) {
      luma[i] = float(data[i * step]) * factor[0] + float(data[i + plane]) * factor[1] + float(data[i + 2 * plane]) * factor[2] + offset;
    }
  }
  Sums light;
  // Moments around the first pixel: a flat image then has no rounding in its variance.
  const float origin = luma[0];
  for (int y = 0; y < height; y++) addRow(luma + size_t(y) * size_t(width), width, origin, light);
  const Moments level = momentsOf(light, double(area));
  Measures result = {level.mean + double(origin), __builtin_sqrt(level.variance), 0};
  if (width < 3 || height < 3) return result;
  Sums edges;
  float* __restrict edge = luma + area;
  for (int y = 1; y < height - 1; y++) {
    const float* row = luma + size_t(y) * size_t(width) + 1;
    for (int i = 0; i < width - 2; i++) edge[i] = row[i - width] + row[i + width] + row[i - 1] + row[i + 1] - 4 * row[i];
    addRow(edge, width - 2, 0, edges);
  }
  const Moments detail = momentsOf(edges, double(width - 2) * double(height - 2));
  result.sharpness = detail.variance / (level.variance + 1e-4);
  return result;
}

Measures measure(const Tensor& tensor, Scratch& scratch) {
  switch (tensor.dtype) {
    case Dtype::f32: return measureTensor<float>(tensor, scratch);
    case Dtype::u8: return measureTensor<uint8_t>(tensor, scratch);
    case Dtype::i8: return measureTensor<int8_t>(tensor, scratch);
  }
  return {0, 0, 0};
}
