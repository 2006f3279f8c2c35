import { type Effects, emit, type Message } from '@emporium/bus';
import { sensorData, temperatureAlert } from '@emporium/contracts';
import type { HandlerContext } from '@emporium/store';
import type { Insertable } from 'kysely';
import { v7 as uuid } from 'uuid';
import { type Observation, observe, type Rules, type Sensor, unheard } from '../domain/excursion.ts';
import { type Believable, type Flag, judge, type Reading } from '../domain/reading.ts';
import { addAlerts } from '../store/alerts.ts';
import { flagReadings } from '../store/flagged.ts';
import { handleBatch } from '../store/handlers.ts';
import { lockSensors, saveSensors } from '../store/sensors.ts';
import type { AlertTable, Tables } from '../store/tables.ts';
import { addToWindows } from '../store/windows.ts';

export interface Watch extends Rules, Believable {
  readonly windowSeconds: number;
}

type ReadingMessage = Message<typeof sensorData>;

interface Judged {
  readonly message: ReadingMessage;
  readonly reading: Reading;
}

/** All readings at hand that can be believed: into their windows, and past each sensor in the order in which they were taken. */
export const onSensorData = (watch: Watch) =>
  handleBatch(sensorData, async (messages, context) => {
    const { judged, flagged } = judgeAll(messages, watch, context.now);
    const alerts = await watchSensors(judged, watch, context);
    await addAlerts(context.tx, [...alerts.values()]);
    await flagReadings(context.tx, flagged, context.now);
    // Last: every process adds to the same few rows, and waits there for the commit of another.
    const readings = judged.map(({ reading }) => reading);
    await addToWindows(context.tx, readings, watch.windowSeconds);
    return messages.map((message) => effectsOf(message, alerts.get(message)));
  });

const judgeAll = (messages: readonly ReadingMessage[], bounds: Believable, now: Date) => {
  const judged: Judged[] = [];
  const flagged: { data: ReadingMessage['data']; flag: Flag }[] = [];
  for (const message of messages) {
    const { reading, flags } = judge(message.data, now.getTime() / 1_000, bounds);
    if (reading !== undefined) judged.push({ message, reading });
    for (const flag of flags) flagged.push({ data: message.data, flag });
  }
  return { judged, flagged };
};

const watchSensors = async (
  judged: readonly Judged[],
  rules: Rules,
  { tx, now }: HandlerContext<Tables>,
): Promise<Map<ReadingMessage, Insertable<AlertTable>>> => {
  const inOrder = judged.toSorted((one, other) => one.reading.timestamp - other.reading.timestamp);
  const alerts = new Map<ReadingMessage, Insertable<AlertTable>>();
  const [first] = inOrder;
  if (first === undefined) return alerts;

  const ids = [...new Set(inOrder.map(({ reading }) => reading.sensorId))];
  const before = await lockSensors(tx, ids, first.reading.timestamp, now);
  const after = new Map<number, Sensor>(before);
  for (const { message, reading } of inOrder) {
    const id = reading.sensorId;
    const { sensor, alert } = observe(after.get(id) ?? unheard, reading, rules);
    after.set(id, sensor);
    if (alert !== undefined) alerts.set(message, rowOf(reading, alert, now));
  }
  const changes = ids.map((id) => ({
    id,
    before: before.get(id) ?? unheard,
    after: after.get(id) ?? unheard,
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
