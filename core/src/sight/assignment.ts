/**
 * Pairs rows with columns so that the summed cost of the pairs is least (Hungarian method with potentials, O(rows^2 columns)).
 * `cost` is row-major, rows x columns; a pair that costs `limit` or more is not made: both stay single.
 * Returns for each row its column, or -1.
 */
export function assign(cost: Float64Array, rows: number, columns: number, limit: number): Int32Array {
  const result = new Int32Array(rows).fill(-1);
  if (rows === 0 || columns === 0) return result;
  // One private column per row stands for "single" at the price of the limit, so that a solution always exists.
  const width = columns + rows;
  const at = (row: number, column: number): number => (column < columns ? Math.min(cost[row * columns + column] as number, limit) : limit);

  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(width + 1);
  const rowOf = new Int32Array(width + 1);
  const cameFrom = new Int32Array(width + 1);
  const slack = new Float64Array(width + 1);
  const visited = new Uint8Array(width + 1);
  for (let row = 1; row <= rows; row += 1) {
    rowOf[0] = row;
    let column = 0;
    slack.fill(Number.POSITIVE_INFINITY);
    visited.fill(0);
    while (rowOf[column] !== 0) {
      visited[column] = 1;
      const current = rowOf[column] as number;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let c = 1; c <= width; c += 1) {
        if (visited[c]) continue;
        const reduced = at(current - 1, c - 1) - (rowPotential[current] as number) - (columnPotential[c] as number);
        if (reduced < (slack[c] as number)) {
          slack[c] = reduced;
          cameFrom[c] = column;
        }
        if ((slack[c] as number) < step) {
          step = slack[c] as number;
          next = c;
        }
      }
      for (let c = 0; c <= width; c += 1) {
        if (visited[c]) {
          const owner = rowOf[c] as number;
          rowPotential[owner] = (rowPotential[owner] as number) + step;
          columnPotential[c] = (columnPotential[c] as number) - step;
        } else slack[c] = (slack[c] as number) - step;
      }
      column = next;
    }
    while (column !== 0) {
      const before = cameFrom[column] as number;
      rowOf[column] = rowOf[before] as number;
      column = before;
    }
  }
  for (let c = 1; c <= columns; c += 1) {
    const row = (rowOf[c] as number) - 1;
    if (row >= 0 && (cost[row * columns + c - 1] as number) < limit) result[row] = c - 1;
  }
  return result;
}
