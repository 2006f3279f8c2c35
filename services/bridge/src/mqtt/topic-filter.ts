import { z } from 'zod';
import { deadLetterTopic } from './dead-letter.ts';

const isTopicFilter = (text: string): boolean =>
  text.length > 0 &&
  Buffer.byteLength(text) <= 1_000 &&
  !text.includes('\0') &&
  text
    .split('/')
    .every(
      (level, index, levels) =>
        level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
    );

/** Whether a topic filter of MQTT matches a topic; `#` also matches the level above it. */
export const matchesTopic = (filter: string, topic: string): boolean => {
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
    if (index === levels.length - 1 && wanted.length === index + 2 && wanted[index + 1] === '#') return true;
  }
  return wanted.length === levels.length;
};

/** A topic filter that receives none of our own dead letters. */
export const topicFilter = z
  .string()
  .refine(isTopicFilter, 'must be a topic filter of MQTT, such as sensor_data/#')
  .refine((filter) => !matchesTopic(filter, deadLetterTopic), `must not match ${deadLetterTopic}`)
  .meta({ examples: ['sensor_data/#'] });
