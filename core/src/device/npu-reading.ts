/** What is told of the NPU beside its models: for /v1/status, /metrics and the console. */

export type NpuSource = 'load' | 'frequency' | 'governor' | 'temperature' | 'driver' | 'runtime';

export interface NpuReading {
  /** Per core, 0 to 100. */
  readonly loadPercent?: readonly number[];
  readonly frequencyHz?: number;
  readonly maxFrequencyHz?: number;
  readonly governor?: string;
  readonly temperatureC?: number;
  /** Of the kernel's driver, as 0.9.8. */
  readonly driver?: string;
  /** Of the vendor's library that is installed, as 2.3.2. */
  readonly runtime?: string;
  readonly absent: ReadonlyArray<{ readonly source: NpuSource; readonly reason: string }>;
}

export interface NpuTelemetry {
  read(): Promise<NpuReading>;
}
