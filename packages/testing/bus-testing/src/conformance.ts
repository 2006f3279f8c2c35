import { afterAll, beforeAll, describe, test } from 'vitest';
import { type BrokerSource, type CreateTransport, loadCreate, type RunningBroker } from './broker.ts';
import { runCase } from './case-context.ts';
import { type CaseTitle, caseGroups, isIndependent } from './cases.ts';

export interface Conformance {
  readonly name: string;
  readonly broker: BrokerSource;
  /**
   * A module that exports `create(url)`: `new URL('./create.ts', import.meta.url)`. Its transport should wait about 2 s for a broker
   * that is away.
   */
  readonly module: URL;
  /** Runs the independent cases at one time, for a broker on which each of them waits a lot. */
  readonly concurrent?: boolean;
  /** The cases that this transport cannot pass, each with a reason that the report shows. */
  readonly skip: readonly Skip[];
}

export interface Skip {
  readonly test: CaseTitle;
  readonly reason: string;
}

/** Tests the guarantees of `Transport`. Every transport calls this in its `test/conformance.int.spec.ts`. */
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
          else test(title, (context) => runCase({ context, running, create, module, run }), 120_000);
        }
      });
    }
  });
};
