import { createStreamMessage, settlementOf, type Transport } from '@emporium/bus';
import { translateReading } from '../translations/sensor-reading.ts';
import { deadLetterTopic, mqttDeadLetter } from './dead-letter.ts';
import type { RetainedMessages } from './retained.ts';
import type { MqttMessage, MqttOptions } from './subscriber.ts';

/** A message that is refused, with the reason. */
interface Refused {
  readonly message: MqttMessage;
  readonly reason: string;
}

/**
 * Writes readings of MQTT into the stream, and the others to the dead letters of MQTT. Resolves when the brokers durably own all of
 * them; rejects when that is unknown.
 */
export const handleReadings =
  (stream: Pick<Transport, 'publish'>, retained: RetainedMessages): MqttOptions['handle'] =>
  async (messages, subscriber) => {
    const fresh = await retained.fresh(messages);
    const refused = await publishReadings(stream, fresh);
    for (const { message, reason } of refused)
      await subscriber.publish(deadLetterTopic, mqttDeadLetter(message, reason));
    await retained.record(fresh);
  };

const publishReadings = async (
  stream: Pick<Transport, 'publish'>,
  messages: readonly MqttMessage[],
): Promise<readonly Refused[]> => {
  const refused: Refused[] = [];
  const sources: MqttMessage[] = [];
  const readings = messages.flatMap((message) => {
    const translated = translateReading(message.topic, message.payload);
    if (translated.kind === 'translated') {
      sources.push(message);
      return [createStreamMessage(translated.contract, translated.data)];
    }
    refused.push({ message, reason: translated.reason });
    return [];
  });
  const results = readings.length === 0 ? [] : await stream.publish(readings);
  results.forEach((result, index) => {
    if (result.status === 'accepted') return;
    const message = sources[index];
    if (message === undefined || settlementOf(result.error) !== 'dead-letter') throw result.error;
    refused.push({ message, reason: result.error.message });
  });
  return refused;
};
