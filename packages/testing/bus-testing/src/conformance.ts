import { afterAll, beforeAll, describe, test } from 'vitest';
import { type BrokerSource, type CreateTransport, loadCreate, type RunningBroker } from './broker.ts';
import { type CaseTitle, caseGroups, isIndependent } from './cases.ts';
import { withSetting } from './setting.ts';

export interface Conformance {
  readonly name: string;
  readonly broker: BrokerSource;
  /** Exports `create(url)`: `new URL('./create.ts', import.meta.url)`. What it creates should wait for an absent broker about 2 s. */
  readonly module: URL;
  /** Runs the cases that share nothing at one time: for a broker that makes each of them wait. */
  readonly concurrent?: boolean;
  /** The promises that this transport cannot keep, each with the reason for people to read. */
  readonly skip: readonly Skip[];
}

export interface Skip {
  readonly test: CaseTitle;
  readonly reason: string;
}

/** The promises of `Transport`, as tests. Every transport calls this in its `test/conformance.int.spec.ts`. */
export const testTransport = ({ name, broker, module, concurrent = false, skip }: Conformance): void => {
  const reasons = new Map<string, string>(skip.map(({ test: title, reason }) => [title, reason]));

  describe.skipIf(!broker.available)(broker.title(`${name} transport`), () => {
    let running: RunningBroker;
    let create: CreateTransport;

    beforeAll(async () => {
      create = await loadCreate(module.href);
      running = await broker.start();
    }, 120_000);

    afterAll(() => running?.stop(), 60_000);

    for (const [group, cases] of Object.entries(caseGroups)) {
      describe(group, { concurrent: concurrent && isIndependent(group) }, () => {
        for (const [title, run] of Object.entries(cases)) {
          const reason = reasons.get(title);
          if (reason !== undefined) test(title, ({ skip }) => skip(reason));
          else test(title, (context) => withSetting({ context, running, create, module, run }), 120_000);
        }
      });
    }
  });
};
