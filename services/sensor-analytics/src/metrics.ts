import { counter } from '@emporium/telemetry';

/** `taken`: it counts as it is. `flagged`: something is wrong with it, and some of those do not count. `refused`: it is malformed. */
const readings = counter({
  name: 'emporium_readings_total',
  help: 'Sensor readings.',
  labels: ['emporium_outcome'],
});

const alerts = counter({ name: 'emporium_sensor_alerts_total', help: 'Alerts about sensors.' });

export const countReadings = (outcome: 'taken' | 'flagged' | 'refused', count: number): void =>
  readings.add(count, { emporium_outcome: outcome });

export const countAlerts = (count: number): void => alerts.add(count, {});
