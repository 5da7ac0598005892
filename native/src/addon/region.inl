// Stage 1: the part of a plane that a block needs, box-reduced, its border filled in, as a patch of packed pixels.
// The border rule is applied to cells.

struct Patch {
  uint8_t* data;
  int stride;            // bytes
  int width, height;     // cells
  long long x, y;        // cell of the plane at the patch's origin; may lie outside the plane
};

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

/// Fills a patch that mirrors the plane more often than it holds it: the plane is reduced once, then folded into the patch.
void foldPlane(const Plane& plane, const Grid& grid, const Patch& patch, Scratch& scratch) {
  const size_t channels = size_t(plane.channels);
  const size_t stride = size_t(grid.columns) * channels;
  uint8_t* whole = static_cast<uint8_t*>(scratch.reserve(Scratch::whole, stride * size_t(grid.rows)));
  for (int row = 0; row < grid.rows; row++) readCells(plane, grid, row, 0, grid.columns, scratch, whole + size_t(row) * stride);
  for (int j = 0; j < patch.height; j++) {
    const uint8_t* from = whole + size_t(reflect(patch.y + j, grid.rows)) * stride;
    uint8_t* to = patch.data + j * patch.stride;
    for (int i = 0; i < patch.width; i++, to += channels) std::memcpy(to, from + size_t(reflect(patch.x + i, grid.columns)) * channels, channels);
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
  const bool inside = patch.x >= 0 && patch.y >= 0 && patch.x + patch.width <= grid.columns && patch.y + patch.height <= grid.rows;
  if (!inside && !constant && (long long)grid.columns * grid.rows <= (long long)patch.width * patch.height) {
    foldPlane(plane, grid, patch, scratch);
    return patch;
  }
  for (int j = 0; j < patch.height; j++) {
    const long long row = patch.y + j;
    if (row >= 0 && row < grid.rows) {
      readRow(plane, grid, constant, patch, row, scratch, patch.data + j * patch.stride);
    } else if (constant) {
      std::memset(patch.data + j * patch.stride, plane.fill, size_t(patch.stride));
    }
  }
  if (constant || inside) return patch;
  for (int j = 0; j < patch.height; j++) {
    long long row = patch.y + j;
    if (row >= 0 && row < grid.rows) continue;
    row = reflect(row, grid.rows);
    const long long present = row - patch.y;
    uint8_t* target = patch.data + j * patch.stride;
    if (present >= 0 && present < patch.height) {
      std::memcpy(target, patch.data + present * patch.stride, size_t(patch.stride));
    } else {
      readRow(plane, grid, constant, patch, row, scratch, target);
    }
  }
  return patch;
}
