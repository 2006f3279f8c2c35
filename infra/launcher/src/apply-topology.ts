import { shop } from '@emporium/contracts';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';
import { type Brokers, registriesOf } from './brokers.ts';

/** Declares every registered subscription on its broker. Rejects when a broker is not available. */
export const applyTopology = async (brokers: Brokers): Promise<void> => {
  for (const { url, registry } of registriesOf(brokers, shop)) {
    const transport = await createTransport({ url, service: 'topology', log: pino({ level: 'silent' }) });
    try {
      await transport.topology(registry).apply();
    } finally {
      await transport.close();
    }
  }
};
