import { shop as registry } from '@emporium/contracts';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';

/** Declares every registered subscription, before anyone publishes. Rejects when the broker does not answer. */
export const applyTopology = async (busUrl: string): Promise<void> => {
  const transport = await createTransport({
    url: busUrl,
    service: 'topology',
    log: pino({ level: 'silent' }),
  });
  try {
    await transport.topology(registry).apply();
  } finally {
    await transport.close();
  }
};
