// Box reduction: with whole factors (boxX, boxY) >= 1 a plane is seen as an image of ceil(width / boxX) x ceil(height / boxY) cells on the
// plane's own grid; a cell is the rounded mean of its samples (the last ones of a row or column may be partial).

struct Grid {
  int boxX, boxY;        // samples per cell
  int columns, rows;     // cells in the plane
  double a[6];           // output pixel centres to cell centres
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
