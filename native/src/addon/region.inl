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

/// Box factors from the lengths of the matrix rows: how far one output pixel reaches along each axis of the plane.
Grid gridOf(const Plane& plane, const double* m) {
  Grid grid;
  const double sub[2] = {double(plane.subX), double(plane.subY)};
  int box[2];
  for (int axis = 0; axis < 2; axis++) {
    const double* row = m + 3 * axis;
    const double reach = __builtin_sqrt(row[0] * row[0] + row[1] * row[1]) / sub[axis];
    box[axis] = reach < 2 ? 1 : int(reach);
    const double scale = sub[axis] * box[axis];
    grid.a[3 * axis] = row[0] / scale;
    grid.a[3 * axis + 1] = row[1] / scale;
    grid.a[3 * axis + 2] = (row[2] + 0.5) / scale - 0.5;
  }
  grid.boxX = box[0];
  grid.boxY = box[1];
  grid.columns = int((plane.width + (long long)box[0] - 1) / box[0]);
  grid.rows = int((plane.height + (long long)box[1] - 1) / box[1]);
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

void copyCells(const Plane& plane, long long row, long long first, int count, uint8_t* to) {
  for (int p = 0; p < plane.parts; p++) {
    const Part& part = plane.part[p];
    const uint8_t* from = part.data + row * part.stride + first * part.step;
    if (part.count == part.step && part.count == plane.channels) {
      std::memcpy(to, from, size_t(count) * size_t(part.step));
      continue;
    }
    for (int k = 0; k < part.count; k++) {
      const uint8_t* source = from + part.offset[k];
      uint8_t* target = to + part.channel + k;
      const int step = part.step;
      const int channels = plane.channels;
      for (int i = 0; i < count; i++) target[i * channels] = source[i * step];
    }
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

template <typename Sum, typename Total, int kStep>
inline void meanColumns(const Sum* sums, int box, int count, double inverse, int channels, uint8_t* to) {
  for (int i = 0; i < count; i++) {
    Total total = 0;
    for (int j = 0; j < box; j++) total += sums[j * kStep];
    sums += box * kStep;
    to[i * channels] = uint8_t(int(double(total) * inverse + 0.5));
  }
}

template <typename Sum, typename Total>
void boxCells(const Plane& plane, const Grid& grid, long long row, long long first, int count, Sum* sums, uint8_t* to) {
  const long long top = row * grid.boxY;
  const int rows = int(smaller(double(grid.boxY), double(plane.height - top)));
  const long long left = first * grid.boxX;
  const long long right = (long long)smaller(double(left + (long long)count * grid.boxX), double(plane.width));
  const int whole = int((right - left) / grid.boxX);
  const int rest = int((right - left) % grid.boxX);  // the last, partial cell
  for (int p = 0; p < plane.parts; p++) {
    const Part& part = plane.part[p];
    sumRows(part.data + top * part.stride + left * part.step, part.stride, rows, int(right - left) * part.step, sums);
    for (int k = 0; k < part.count; k++) {
      const Sum* from = sums + part.offset[k];
      uint8_t* target = to + part.channel + k;
      const double inverse = 1.0 / (double(rows) * grid.boxX);
      switch (part.step) {
        case 1: meanColumns<Sum, Total, 1>(from, grid.boxX, whole, inverse, plane.channels, target); break;
        case 2: meanColumns<Sum, Total, 2>(from, grid.boxX, whole, inverse, plane.channels, target); break;
        case 3: meanColumns<Sum, Total, 3>(from, grid.boxX, whole, inverse, plane.channels, target); break;
        default: meanColumns<Sum, Total, 4>(from, grid.boxX, whole, inverse, plane.channels, target); break;
      }
      if (rest > 0) {
        Total total = 0;
        for (int j = 0; j < rest; j++) total += from[(whole * grid.boxX + j) * part.step];
        target[whole * plane.channels] = uint8_t(int(double(total) * (1.0 / (double(rows) * rest)) + 0.5));
      }
    }
  }
}

/// Cells [first, first + count) of one row, all inside the plane.
void readCells(const Plane& plane, const Grid& grid, long long row, long long first, int count, Scratch& scratch, uint8_t* to) {
  if (grid.boxX == 1 && grid.boxY == 1) return copyCells(plane, row, first, count, to);
  const size_t samples = size_t(smaller(double(count) * grid.boxX, double(plane.width))) * 4;
  void* sums = scratch.reserve(Scratch::columns, samples * sizeof(uint32_t));
  if (grid.boxY <= 256 && grid.boxX <= 256) {
    boxCells<uint16_t, uint32_t>(plane, grid, row, first, count, static_cast<uint16_t*>(sums), to);
  } else {
    boxCells<uint32_t, uint64_t>(plane, grid, row, first, count, static_cast<uint32_t*>(sums), to);
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
