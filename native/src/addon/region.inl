// Stage 1: the part of a plane that a block needs, box-reduced, its border filled in, as a patch of packed pixels.
//
// Reduction: with whole factors (boxX, boxY) >= 1 the plane is seen as an image of ceil(width / boxX) x ceil(height / boxY) cells on the
// plane's own grid; a cell is the rounded mean of its samples (the last ones of a row or column may be partial). The border rule is
// applied to cells.

struct Grid {
  int boxX, boxY;        // samples per cell
  int columns, rows;     // cells in the plane
  double a[6];           // output pixel centres to cell centres
};

struct Patch {
  uint8_t* data;
  int stride;            // bytes
  int width, height;     // cells
  long long x, y;        // cell of the plane at the patch's origin; may lie outside the plane
};

inline double larger(double a, double b) { return a > b ? a : b; }
inline double smaller(double a, double b) { return a < b ? a : b; }

Grid gridOf(const Plane& plane, const double* m) {
  Grid grid;
  grid.boxX = plane.boxX;
  grid.boxY = plane.boxY;
  grid.columns = int((plane.width + (long long)plane.boxX - 1) / plane.boxX);
  grid.rows = int((plane.height + (long long)plane.boxY - 1) / plane.boxY);
  const double scale[2] = {double(plane.subX) * plane.boxX, double(plane.subY) * plane.boxY};
  for (int axis = 0; axis < 2; axis++) {
    const double* row = m + 3 * axis;
    grid.a[3 * axis] = row[0] / scale[axis];
    grid.a[3 * axis + 1] = row[1] / scale[axis];
    grid.a[3 * axis + 2] = (row[2] + 0.5) / scale[axis] - 0.5;
  }
  return grid;
}

/// Mirror without repeating the edge (period 2(n-1)), for any distance outside.
inline long long reflect(long long i, long long n) {
  if (i >= 0 && i < n) return i;
  if (n == 1) return 0;
  const long long period = 2 * (n - 1);
  long long folded = i % period;
  if (folded < 0) folded += period;
  return folded < n ? folded : period - folded;
}

void copyCells(const Plane& plane, long long row, long long first, int count, uint8_t* __restrict to) {
  const Part& part = plane.part[0];
  const uint8_t* from = part.data + row * part.stride + first * part.step;
  if (plane.parts == 2) {  // chroma in two memory planes
    const Part& other = plane.part[1];
    const uint8_t* second = other.data + row * other.stride + first;
    for (int i = 0; i < count; i++) {
      to[2 * i] = from[i];
      to[2 * i + 1] = second[i];
    }
  } else if (part.step == plane.channels) {
    std::memcpy(to, from, size_t(count) * size_t(part.step));
  } else {  // yuyv: luma is the even bytes, chroma the odd ones
    const uint8_t* source = from + part.offset[0];
    for (int i = 0; i < count * plane.channels; i++) to[i] = source[2 * i];
  }
}

/// Sums `rows` rows of `bytes` bytes into `sums`, column by column.
template <typename Sum>
inline void sumRows(const uint8_t* from, ptrdiff_t stride, int rows, int bytes, Sum* __restrict sums) {
  for (int i = 0; i < bytes; i++) sums[i] = from[i];
  int r = 1;
  for (; r + 1 < rows; r += 2) {
    const uint8_t* a = from + r * stride;
    const uint8_t* b = a + stride;
    for (int i = 0; i < bytes; i++) sums[i] = Sum(sums[i] + (Sum(a[i]) + Sum(b[i])));
  }
  if (r < rows) {
    const uint8_t* a = from + r * stride;
    for (int i = 0; i < bytes; i++) sums[i] = Sum(sums[i] + a[i]);
  }
}

/// Adds up `box` columns a cell, for `kCount` samples at `offset[]` of every `kStep`; totals come out interleaved. kBox 0: any box.
template <typename Sum, typename Total, int kStep, int kCount, int kBox>
inline void sumColumns(const Sum* sums, const int* offset, int box, int cells, Total* __restrict totals) {
  const int width = kBox ? kBox : box;
  for (int i = 0; i < cells; i++) {
    for (int k = 0; k < kCount; k++) {
      Total total = 0;
      for (int j = 0; j < width; j++) total += sums[j * kStep + (kCount == kStep ? k : offset[k])];
      totals[i * kCount + k] = total;
    }
    sums += width * kStep;
  }
}

template <typename Sum, typename Total, int kStep, int kCount>
void sumCells(const Sum* sums, const int* offset, int box, int cells, Total* totals) {
  // Very large boxes are rare: they get one loop for all.
  switch (sizeof(Sum) == 2 ? box : 0) {
    case 1: return sumColumns<Sum, Total, kStep, kCount, 1>(sums, offset, box, cells, totals);
    case 2: return sumColumns<Sum, Total, kStep, kCount, 2>(sums, offset, box, cells, totals);
    case 3: return sumColumns<Sum, Total, kStep, kCount, 3>(sums, offset, box, cells, totals);
    case 4: return sumColumns<Sum, Total, kStep, kCount, 4>(sums, offset, box, cells, totals);
    case 5: return sumColumns<Sum, Total, kStep, kCount, 5>(sums, offset, box, cells, totals);
    case 6: return sumColumns<Sum, Total, kStep, kCount, 6>(sums, offset, box, cells, totals);
    default: return sumColumns<Sum, Total, kStep, kCount, 0>(sums, offset, box, cells, totals);
  }
}

/// Mean of `n` samples from their sum, halves up: floor(sum / n + 1/2). The quarter keeps sums away from the steps of the floor, so that
/// rounding in the last place cannot matter: the result is exact with float to 1,024 samples and with double beyond any source.
template <typename Real, typename Total>
inline void storeMeans(const Total* totals, double n, int cells, int count, int channels, uint8_t* to) {
  const Real inverse = Real(1.0 / n);
  const Real half = Real(0.5 + 0.25 / n);
  if (count == channels) {
    for (int i = 0; i < cells * count; i++) to[i] = uint8_t(int(Real(totals[i]) * inverse + half));
    return;
  }
  for (int i = 0; i < cells; i++) {
    for (int k = 0; k < count; k++) to[i * channels + k] = uint8_t(int(Real(totals[i * count + k]) * inverse + half));
  }
}

template <typename Sum, typename Total>
void boxCells(const Plane& plane, const Grid& grid, long long row, long long first, int count, Sum* sums, Total* totals, uint8_t* to) {
  const long long top = row * grid.boxY;
  const int rows = int(smaller(double(grid.boxY), double(plane.height - top)));
  const long long left = first * grid.boxX;
  const long long right = (long long)smaller(double(left + (long long)count * grid.boxX), double(plane.width));
  const int whole = int((right - left) / grid.boxX);
  const int rest = int((right - left) % grid.boxX);  // columns of the last, partial cell
  for (int p = 0; p < plane.parts; p++) {
    const Part& part = plane.part[p];
    sumRows(part.data + top * part.stride + left * part.step, part.stride, rows, int(right - left) * part.step, sums);
    switch (part.step * 4 + part.count) {
      case 4 + 1: sumCells<Sum, Total, 1, 1>(sums, part.offset, grid.boxX, whole, totals); break;
      case 8 + 1: sumCells<Sum, Total, 2, 1>(sums, part.offset, grid.boxX, whole, totals); break;
      case 8 + 2: sumCells<Sum, Total, 2, 2>(sums, part.offset, grid.boxX, whole, totals); break;
      case 12 + 3: sumCells<Sum, Total, 3, 3>(sums, part.offset, grid.boxX, whole, totals); break;
      case 16 + 2: sumCells<Sum, Total, 4, 2>(sums, part.offset, grid.boxX, whole, totals); break;
      default: sumCells<Sum, Total, 4, 4>(sums, part.offset, grid.boxX, whole, totals); break;
    }
    uint8_t* target = to + part.channel;
    const double n = double(rows) * grid.boxX;
    if (n <= 1024) {
      storeMeans<float>(totals, n, whole, part.count, plane.channels, target);
    } else {
      storeMeans<double>(totals, n, whole, part.count, plane.channels, target);
    }
    for (int k = 0; rest > 0 && k < part.count; k++) {
      Total total = 0;
      for (int j = 0; j < rest; j++) total += sums[(whole * grid.boxX + j) * part.step + part.offset[k]];
      storeMeans<double>(&total, double(rows) * rest, 1, 1, plane.channels, target + whole * plane.channels + k);
    }
  }
}

/// Cells [first, first + count) of one row, all inside the plane.
void readCells(const Plane& plane, const Grid& grid, long long row, long long first, int count, Scratch& scratch, uint8_t* to) {
  if (grid.boxX == 1 && grid.boxY == 1) return copyCells(plane, row, first, count, to);
  const size_t samples = size_t(smaller(double(count) * grid.boxX, double(plane.width))) * 4;
  void* sums = scratch.reserve(Scratch::columns, samples * sizeof(uint32_t));
  void* totals = scratch.reserve(Scratch::totals, size_t(count) * 4 * sizeof(uint64_t));
  if (grid.boxY <= 256 && grid.boxX <= 256) {
    boxCells(plane, grid, row, first, count, static_cast<uint16_t*>(sums), static_cast<uint32_t*>(totals), to);
  } else {
    boxCells(plane, grid, row, first, count, static_cast<uint32_t*>(sums), static_cast<uint64_t*>(totals), to);
  }
}

void readRow(const Plane& plane, const Grid& grid, bool constant, const Patch& patch, long long row, Scratch& scratch, uint8_t* to) {
  const int channels = plane.channels;
  const int lo = int(smaller(larger(double(-patch.x), 0), patch.width));
  const int hi = int(larger(smaller(double(grid.columns - patch.x), patch.width), lo));
  if (hi > lo) readCells(plane, grid, row, patch.x + lo, hi - lo, scratch, to + lo * channels);
  for (int i = 0; i < patch.width; i++) {
    if (i == lo && hi > lo) i = hi;
    if (i == patch.width) break;
    uint8_t* cell = to + i * channels;
    if (constant) {
      std::memset(cell, plane.fill, size_t(channels));
      continue;
    }
    const long long column = reflect(patch.x + i, grid.columns);
    const long long inside = column - patch.x;
    if (inside >= lo && inside < hi) {
      std::memcpy(cell, to + inside * channels, size_t(channels));
    } else {
      readCells(plane, grid, row, column, 1, scratch, cell);
    }
  }
}

/// Fills the patch that an output block [x, x + width) x [y, y + height) needs.
Patch readPatch(const Plane& plane, const Grid& grid, bool constant, int x, int y, int width, int height, Scratch& scratch, int slot) {
  double from[2], to[2];
  for (int axis = 0; axis < 2; axis++) {
    const double* a = grid.a + 3 * axis;
    const double base = a[0] * x + a[1] * y + a[2];
    const double alongX = a[0] * (width - 1);
    const double alongY = a[1] * (height - 1);
    from[axis] = __builtin_floor(base + smaller(alongX, 0) + smaller(alongY, 0));
    to[axis] = __builtin_floor(base + larger(alongX, 0) + larger(alongY, 0)) + 1;
  }
  Patch patch;
  patch.x = (long long)from[0];
  patch.y = (long long)from[1];
  patch.width = int(to[0] - from[0]) + 1;
  patch.height = int(to[1] - from[1]) + 1;
  patch.stride = patch.width * plane.channels;
  // Eight bytes more: the sampler reads whole words.
  patch.data = static_cast<uint8_t*>(scratch.reserve(slot, size_t(patch.stride) * size_t(patch.height) + 8));
  for (int j = 0; j < patch.height; j++) {
    const long long row = patch.y + j;
    if (row >= 0 && row < grid.rows) {
      readRow(plane, grid, constant, patch, row, scratch, patch.data + j * patch.stride);
    } else if (constant) {
      std::memset(patch.data + j * patch.stride, plane.fill, size_t(patch.stride));
    }
  }
  if (constant) return patch;
  for (int j = 0; j < patch.height; j++) {
    long long row = patch.y + j;
    if (row >= 0 && row < grid.rows) continue;
    row = reflect(row, grid.rows);
    const long long inside = row - patch.y;
    uint8_t* target = patch.data + j * patch.stride;
    if (inside >= 0 && inside < patch.height) {
      std::memcpy(target, patch.data + inside * patch.stride, size_t(patch.stride));
    } else {
      readRow(plane, grid, constant, patch, row, scratch, target);
    }
  }
  return patch;
}
