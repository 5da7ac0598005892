/** What happened in one run of a plugin: counted where it happens, read by its status. */
export interface TrafficStats {
  delivered: number;
  dropped: number;
  faults: number;
  vetoed: number;
  late: number;
}

export function createStats(): TrafficStats {
  return { delivered: 0, dropped: 0, faults: 0, vetoed: 0, late: 0 };
}
