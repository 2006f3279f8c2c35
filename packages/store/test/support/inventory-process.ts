import { startInventory } from './inventory-service.ts';

/** The service as a process of its own, for tests that kill it. Tells its parent what happens, and ends with it. */
const say = (level: string) => (facts: object, text: string) =>
  void process.stderr.write(`${level} ${text} ${JSON.stringify(facts)}\n`);

const inventory = await startInventory({
  databaseUrl: process.env['DATABASE_URL'] ?? '',
  busUrl: process.env['BUS_URL'] ?? '',
  log: { info: say('info'), warn: say('warn'), error: say('error') },
  onStep: (step, messageId) => process.send?.({ step, messageId }),
});

process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', async () => {
  await inventory.stop();
  process.exit(0);
});
process.send?.({ step: 'ready' });
