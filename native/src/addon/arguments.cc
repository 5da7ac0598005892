#include "arguments.h"

#include <cmath>
#include <cstdio>

namespace mien {
namespace {

// Keep in step with native/src/plan.ts.
enum Slot {
  slotWidth, slotHeight, slotFormat, slotRange, slotMatrix,
  slotOutWidth = slotMatrix + 6, slotOutHeight, slotLayout, slotDtype, slotOrder, slotMean,
  slotScale = slotMean + 3, slotQuantScale = slotScale + 3, slotZeroPoint, slotBorder, slotLevel, slotCount,
};

enum Format { rgb, rgba, gray, nv12, i420, yuyv, formats };

template <typename... Args>
[[noreturn]] void refuse(bool type, const char* format, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, format, args...);
  throw Refusal{type, text};
}

int readSide(double value, const char* what) {
  if (!(value >= 1 && value <= kMaxSide) || value != std::floor(value)) {
    refuse(false, "%s must be a whole number from 1 to %d, not %g", what, kMaxSide, value);
  }
  return int(value);
}

int readChoice(double value, int choices, const char* what) {
  if (!(value >= 0 && value < choices) || value != std::floor(value)) refuse(true, "unknown %s", what);
  return int(value);
}

Part partOf(const uint8_t* data, ptrdiff_t stride, int step, int channel) { return {data, stride, step, 1, {0, 0, 0, 0}, channel}; }

Part packed(const uint8_t* data, ptrdiff_t stride, int step) { return {data, stride, step, step, {0, 1, 2, 3}, 0}; }

/// Describes the planes and answers how many bytes they cover. Chroma of odd sizes is rounded up, as ffmpeg does.
size_t describePlanes(int format, const uint8_t* data, int width, int height, WarpJob& job) {
  const ptrdiff_t w = width, h = height, halfW = (w + 1) / 2, halfH = (h + 1) / 2;
  job.planes = format >= nv12 ? 2 : 1;
  Plane& first = job.plane[0];
  Plane& chroma = job.plane[1];
  first = {{}, 1, 1, width, height, 1, 1, 1, 1, 0};
  chroma = {{}, 1, 2, int(halfW), int(halfH), 2, 2, 1, 1, 128};
  first.part[0] = partOf(data, w, 1, 0);
  switch (format) {
    case rgb:
    case rgba:
      first.channels = format == rgb ? 3 : 4;
      first.part[0] = packed(data, w * first.channels, first.channels);
      return size_t(w * h * first.channels);
    case gray:
      return size_t(w * h);
    case nv12:
      chroma.part[0] = packed(data + w * h, halfW * 2, 2);
      return size_t(w * h + 2 * halfW * halfH);
    case i420:
      chroma.parts = 2;
      chroma.part[0] = partOf(data + w * h, halfW, 1, 0);
      chroma.part[1] = partOf(data + w * h + halfW * halfH, halfW, 1, 1);
      return size_t(w * h + 2 * halfW * halfH);
    default:  // yuyv: rows of whole Y U Y V groups
      first.part[0] = partOf(data, halfW * 4, 2, 0);
      chroma.height = height;
      chroma.subY = 1;
      chroma.part[0] = {data, halfW * 4, 4, 2, {1, 3, 0, 0}, 0};
      return size_t(4 * halfW * h);
  }
}

/// Box factors from the lengths of the matrix rows: how far one output step reaches along an axis of the plane. (Computed here and not in
/// the kernels, which may fuse multiplications: every build must take the same decision.)
int boxOf(const double* row, int sub) {
  const double reach = std::sqrt(row[0] * row[0] + row[1] * row[1]) / sub;
  return reach < 2 ? 1 : int(reach);
}

Colour colourOf(bool full) {
  const double y = full ? 1 : 255.0 / 219;
  const double c = full ? 1 : 255.0 / 224;
  return {float(y), full ? 0.0f : 16.0f, float(1.402 * c), float(0.344136 * c), float(0.714136 * c), float(1.772 * c)};
}

const double* planOf(const View& plan) {
  if (plan.type != napi_float64_array || plan.length < slotCount) refuse(true, "the plan must be a Float64Array of %d numbers", slotCount);
  return static_cast<const double*>(plan.data);
}

}  // namespace

View readView(napi_env env, napi_value value, const char* what) {
  bool is = false;
  View view{};
  napi_value buffer;
  size_t offset;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is ||
      napi_get_typedarray_info(env, value, &view.type, &view.length, &view.data, &buffer, &offset) != napi_ok) {
    refuse(true, "%s must be a typed array", what);
  }
  if (view.data == nullptr) view.length = 0;
  return view;
}

Tensor readTensor(const View& view, const View& planView, const char* what) {
  const double* plan = planOf(planView);
  Tensor tensor{};
  tensor.width = readSide(plan[slotOutWidth], "the tensor's width");
  tensor.height = readSide(plan[slotOutHeight], "the tensor's height");
  tensor.nhwc = readChoice(plan[slotLayout], 2, "layout") == 1;
  tensor.bgr = readChoice(plan[slotOrder], 2, "colour order") == 1;
  const int dtype = readChoice(plan[slotDtype], 3, "dtype");
  tensor.dtype = dtype == 0 ? Dtype::f32 : dtype == 1 ? Dtype::u8 : Dtype::i8;
  static const napi_typedarray_type types[] = {napi_float32_array, napi_uint8_array, napi_int8_array};
  static const char* const names[] = {"Float32Array for dtype f32", "Uint8Array for dtype u8", "Int8Array for dtype i8"};
  if (view.type != types[dtype]) refuse(true, "%s must be a %s", what, names[dtype]);
  const size_t expected = size_t(tensor.width) * size_t(tensor.height) * 3;
  if (view.length != expected) {
    refuse(false, "%s must hold %zu values (%d x %d x 3), not %zu", what, expected, tensor.width, tensor.height, view.length);
  }
  tensor.data = view.data;
  const double quantScale = plan[slotQuantScale];
  const double zeroPoint = plan[slotZeroPoint];
  if (!(quantScale > 0) || !std::isfinite(quantScale)) refuse(false, "quant.scale must be a positive number, not %g", quantScale);
  if (!std::isfinite(zeroPoint) || std::fabs(zeroPoint) > 255) refuse(false, "quant.zeroPoint must be a number from -255 to 255, not %g", zeroPoint);
  for (int c = 0; c < 3; c++) {
    const double mean = plan[slotMean + c];
    const double scale = plan[slotScale + c];
    const double gain = 1 / (scale * quantScale);
    const double bias = zeroPoint - mean * gain;
    // The bounds keep every float the kernels meet finite and the inverse usable.
    if (!(std::fabs(gain) >= 1e-12 && std::fabs(gain) <= 1e12 && std::fabs(bias) <= 1e30)) {
      refuse(false, "mean %g and scale %g of channel %d give no usable normalisation", mean, scale, c);
    }
    tensor.gain[c] = float(gain);
    tensor.bias[c] = float(bias);
  }
  return tensor;
}

WarpJob readWarp(const View& source, const View& out, const View& planView) {
  const double* plan = planOf(planView);
  WarpJob job{};
  job.out = readTensor(out, planView, "the output");
  const int width = readSide(plan[slotWidth], "the source's width");
  const int height = readSide(plan[slotHeight], "the source's height");
  const int format = readChoice(plan[slotFormat], formats, "pixel format");
  const bool full = readChoice(plan[slotRange], 2, "range") == 1;
  if (source.type != napi_uint8_array) refuse(true, "the source's data must be a Uint8Array");
  static const uint8_t kNothing = 0;  // an empty array has no address to count from
  const size_t needed = describePlanes(format, source.data == nullptr ? &kNothing : static_cast<const uint8_t*>(source.data), width, height, job);
  if (source.length < needed) {
    refuse(false, "a source of %d x %d in this format needs %zu bytes, not %zu", width, height, needed, source.length);
  }
  job.colour = colourOf(full);
  job.constantBorder = readChoice(plan[slotBorder], 2, "border") == 1;
  const double level = plan[slotLevel];
  if (!(level >= 0 && level <= 255)) refuse(false, "a constant border must be a level from 0 to 255, not %g", level);
  job.plane[0].fill = uint8_t((job.planes == 2 && !full ? 16 + level * 219 / 255 : level) + 0.5);
  for (int i = 0; i < 6; i++) {
    job.matrix[i] = plan[slotMatrix + i];
    if (!(std::fabs(job.matrix[i]) <= kMaxReach)) refuse(false, "number %d of the matrix must be finite and within +-2^30, not %g", i, job.matrix[i]);
  }
  for (int corner = 0; corner < 4; corner++) {
    const double x = corner & 1 ? job.out.width - 1 : 0;
    const double y = corner & 2 ? job.out.height - 1 : 0;
    for (int axis = 0; axis < 2; axis++) {
      const double* row = job.matrix + 3 * axis;
      if (!(std::fabs(row[0] * x + row[1] * y + row[2]) <= kMaxReach)) refuse(false, "the matrix reaches more than 2^30 pixels away from the source");
    }
  }
  for (Plane& plane : job.plane) {
    plane.boxX = boxOf(job.matrix, plane.subX);
    plane.boxY = boxOf(job.matrix + 3, plane.subY);
  }
  return job;
}

}  // namespace mien
