import { shop } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { registriesOf } from './brokers.ts';

const namesOf = (registry: typeof shop) => registry.subscriptions.map(({ name }) => name);

test('one broker has the whole registry, so that a prune removes nothing of the streams', () => {
  expect(registriesOf({ busUrl: 'amqp://a', streamUrl: 'amqp://a' }, shop)).toEqual([
    { url: 'amqp://a', registry: shop },
  ]);
});

test('two brokers have a part of the registry each', () => {
  const [bus, stream] = registriesOf({ busUrl: 'amqp://a', streamUrl: 'kafka://b' }, shop);
  expect([bus?.url, stream?.url]).toEqual(['amqp://a', 'kafka://b']);
  const ofStreams = ['sensor-analytics.readings', 'bridge.user-registrations'];
  expect(namesOf(stream?.registry ?? shop)).toEqual(ofStreams);
  expect(namesOf(bus?.registry ?? shop)).toEqual(namesOf(shop).filter((name) => !ofStreams.includes(name)));
});
