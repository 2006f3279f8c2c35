import { type Effects, emit, type Message } from '@emporium/bus';
import { sensorData, temperatureAlert } from '@emporium/contracts';
import { afterCommit, type HandlerContext } from '@emporium/store';
import type { Insertable } from 'kysely';
import { v7 as uuid } from 'uuid';
import { newSensor, type Observation, observe, type Rules, type Sensor } from '../domain/excursion.ts';
import { checkReading, type Flag, type Reading, type TimeLimits } from '../domain/reading.ts';
import { countAlerts, countReadings } from '../metrics.ts';
import { addAlerts } from '../store/alerts.ts';
import { flagReadings } from '../store/flagged.ts';
import { handleBatch } from '../store/handlers.ts';
import { lockSensors, saveSensors } from '../store/sensors.ts';
import type { AlertTable, Tables } from '../store/tables.ts';
import { addToWindows } from '../store/windows.ts';

export interface SensorDataOptions extends Rules, TimeLimits {
  readonly windowSeconds: number;
}

type ReadingMessage = Message<typeof sensorData>;

interface Counted {
  readonly message: ReadingMessage;
  readonly reading: Reading;
}

/** Adds the readings to their windows, and checks the readings of each sensor for excursions in the order of their time. */
export const onSensorData = (options: SensorDataOptions) =>
  handleBatch(sensorData, async (messages, context) => {
    const { counted, flagged } = checkAll(messages, options, context.now);
    const alerts = await detectExcursions(counted, options, context);
    await addAlerts(context.tx, [...alerts.values()]);
    await flagReadings(context.tx, flagged, context.now);
    // Last, since all processes update the same few rows and wait there for each other's commit.
    const readings = counted.map(({ reading }) => reading);
    await addToWindows(context.tx, readings, options.windowSeconds);
    const withFlags = new Set(flagged.map(({ message }) => message)).size;
    afterCommit(context.tx, () => {
      countReadings('taken', messages.length - withFlags);
      countReadings('flagged', withFlags);
      countAlerts(alerts.size);
    });
    return messages.map((message) => effectsOf(message, alerts.get(message)));
  });

const checkAll = (messages: readonly ReadingMessage[], limits: TimeLimits, now: Date) => {
  const counted: Counted[] = [];
  const flagged: { message: ReadingMessage; data: ReadingMessage['data']; flag: Flag }[] = [];
  for (const message of messages) {
    const { reading, flags } = checkReading(message.data, now.getTime() / 1_000, limits);
    if (reading !== undefined) counted.push({ message, reading });
    for (const flag of flags) flagged.push({ message, data: message.data, flag });
  }
  return { counted, flagged };
};

const detectExcursions = async (
  counted: readonly Counted[],
  rules: Rules,
  { tx, now }: HandlerContext<Tables>,
): Promise<Map<ReadingMessage, Insertable<AlertTable>>> => {
  const inOrder = counted.toSorted((one, other) => one.reading.timestamp - other.reading.timestamp);
  const alerts = new Map<ReadingMessage, Insertable<AlertTable>>();
  const [first] = inOrder;
  if (first === undefined) return alerts;

  const ids = [...new Set(inOrder.map(({ reading }) => reading.sensorId))];
  const before = await lockSensors(tx, ids, first.reading.timestamp, now);
  const after = new Map<number, Sensor>(before);
  for (const { message, reading } of inOrder) {
    const id = reading.sensorId;
    const { sensor, alert } = observe(after.get(id) ?? newSensor, reading, rules);
    after.set(id, sensor);
    if (alert !== undefined) alerts.set(message, rowOf(reading, alert, now));
  }
  const changes = ids.map((id) => ({
    id,
    before: before.get(id) ?? newSensor,
    after: after.get(id) ?? newSensor,
  }));
  await saveSensors(tx, changes, now);
  return alerts;
};

const rowOf = (
  { sensorId, location, timestamp, temperature }: Reading,
  { reason, usual }: NonNullable<Observation['alert']>,
  now: Date,
): Insertable<AlertTable> => ({
  id: uuid(),
  sensor_id: sensorId,
  location,
  reason,
  temperature,
  usual: usual === undefined ? null : Math.round(usual * 10) / 10,
  at: new Date(timestamp * 1_000),
  raised_at: now,
});

const effectsOf = ({ key, time }: ReadingMessage, alert: Insertable<AlertTable> | undefined): Effects => {
  if (alert === undefined) return undefined;
  const { id: alertId, location, reason, temperature, usual } = alert;
  const data = { alertId, sensorId: key, location, reason, temperature };
  return emit(temperatureAlert, usual === null || usual === undefined ? data : { ...data, usual }, {
    id: alertId,
    time,
  });
};
