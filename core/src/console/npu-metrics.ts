/** The NPU's part of /metrics. What cannot be read has no value. */
import { Gauge, type Registry } from 'prom-client';
import type { NpuReading, NpuTelemetry } from '../device/npu-reading.ts';

export function addNpuMetrics(npu: NpuTelemetry, registers: Registry[]): void {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[], set: (gauge: Gauge<L>, reading: NpuReading) => void): void => {
    new Gauge<L>({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        const reading = await npu.read();
        this.reset();
        // Without labels it is 0 after a reset; what is not known is not told.
        if (labelNames.length === 0) this.remove();
        set(this, reading);
      },
    });
  };
  gauge('mien_npu_load_ratio', 'Load of each core, 0 to 1.', ['core'], (self, { loadPercent = [] }) => {
    for (const [core, load] of loadPercent.entries()) self.set({ core: String(core) }, load / 100);
  });
  gauge('mien_npu_frequency_hertz', 'Clock of the NPU.', [], (self, { frequencyHz }) => {
    if (frequencyHz !== undefined) self.set(frequencyHz);
  });
  gauge('mien_npu_temperature_celsius', 'Temperature of the NPU.', [], (self, { temperatureC }) => {
    if (temperatureC !== undefined) self.set(temperatureC);
  });
  gauge('mien_npu_info', 'Versions of driver and runtime, and the governor.', ['driver', 'runtime', 'governor'], (self, reading) => {
    const { driver, runtime, governor } = reading;
    if (driver ?? runtime ?? governor) self.set({ driver: driver ?? '', runtime: runtime ?? '', governor: governor ?? '' }, 1);
  });
}
