import { type Effects, emit, type HandlerContext, handleBatch, type Message } from '@emporium/bus';
import { sensorData, temperatureAlert } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import type { Insertable } from 'kysely';
import { v7 as uuid } from 'uuid';
import { type Observation, observe, type Rules, type Sensor, unheard } from '../domain/excursion.ts';
import { addAlerts } from '../store/alerts.ts';
import { lockSensors, saveSensors } from '../store/sensors.ts';
import type { AlertTable, Tables } from '../store/tables.ts';
import { addToWindows } from '../store/windows.ts';

export interface Watch extends Rules {
  readonly windowSeconds: number;
}

type ReadingMessage = Message<typeof sensorData>;

/** A sensor whose clock is this far ahead counts in its windows, and is not believed when: it would make all others late. */
const aheadSeconds = 3_600;

/** All readings at hand: into their windows, and past each sensor in the order in which they were taken. */
export const onSensorData = (watch: Watch) =>
  handleBatch(
    [sensorData],
    async (messages: readonly ReadingMessage[], context: HandlerContext<Tx<Tables>>) => {
      const alerts = await watchSensors(messages, watch, context);
      await addAlerts(context.tx, [...alerts.values()]);
      // Last: every process adds to the same few rows, and waits there for the commit of another.
      const readings = messages.map(({ data }) => data);
      await addToWindows(context.tx, readings, watch.windowSeconds);
      return messages.map((message) => effectsOf(message, alerts.get(message)));
    },
  );

const watchSensors = async (
  messages: readonly ReadingMessage[],
  rules: Rules,
  { tx, now }: HandlerContext<Tx<Tables>>,
): Promise<Map<ReadingMessage, Insertable<AlertTable>>> => {
  const believable = now.getTime() / 1_000 + aheadSeconds;
  const inOrder = messages
    .filter(({ data }) => data.timestamp <= believable)
    .toSorted((one, other) => one.data.timestamp - other.data.timestamp);
  const alerts = new Map<ReadingMessage, Insertable<AlertTable>>();
  const [first] = inOrder;
  if (first === undefined) return alerts;

  const ids = [...new Set(inOrder.map(({ data }) => data.sensor_id))];
  const before = await lockSensors(tx, ids, first.data.timestamp, now);
  const after = new Map<number, Sensor>(before);
  for (const message of inOrder) {
    const { sensor_id: id } = message.data;
    const { sensor, alert } = observe(after.get(id) ?? unheard, message.data, rules);
    after.set(id, sensor);
    if (alert !== undefined) alerts.set(message, rowOf(message, alert, now));
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
  { data, time }: ReadingMessage,
  { reason, usual }: NonNullable<Observation['alert']>,
  now: Date,
): Insertable<AlertTable> => ({
  id: uuid(),
  sensor_id: data.sensor_id,
  location: data.location,
  reason,
  temperature: data.temperature,
  usual: usual === undefined ? null : Math.round(usual * 10) / 10,
  at: time,
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
