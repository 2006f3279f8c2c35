import { truncatedBodyBytes } from '@emporium/bus';
import type { MqttMessage } from './subscriber.ts';

/** Where devices, and those who look after them, read what was refused. No filter of ours may match it. */
export const deadLetterTopic = 'dead-letters/sensor_data';

/**
 * A dead letter for the side that the message came from, as JSON: MQTT 3.1.1 has no properties that a reason could be in. `payload` is
 * base64, and only the beginning of one over 64 KiB.
 */
export const mqttDeadLetter = ({ topic, payload }: MqttMessage, reason: string): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      reason,
      topic,
      bytes: payload.byteLength,
      payload: Buffer.from(payload.subarray(0, truncatedBodyBytes)).toString('base64'),
    }),
  );
