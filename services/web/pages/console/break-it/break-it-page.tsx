import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { failureOf } from '../../shared/failure.ts';
import { type Resource, useResource } from '../../shared/resource.ts';
import type { Subscriptions } from '../subscriptions/subscription.ts';
import './break-it.css';
import { isDevelopment } from './development.ts';
import { FaultCard } from './fault-card.tsx';
import { type Fault, faults, isSetAt, type ProviderFault, requestFor } from './faults.ts';
import { Processes } from './processes.tsx';
import { type Broken, brokenOf, isActive, type MailFault, type Process, type Undo } from './state.ts';
import { TestMessages } from './test-messages.tsx';

const everyMs = 2_000;
const pausedOne = 'loyalty.orders';

/** The faults that a person can press, what to expect of each, and the way back. */
export const BreakItPage = (): JSX.Element => (
  <>
    <h1>Break it</h1>
    {isDevelopment.value === undefined ? <p class="soft">Loading …</p> : null}
    {isDevelopment.value === false ? (
      <p class="notice info">
        This shop deals with the real outside world. Faults can be pressed in development only.
      </p>
    ) : null}
    {isDevelopment.value === true ? <Faults /> : null}
  </>
);

const known = <T,>(of: Resource<T>): T | undefined =>
  of.kind === 'ready' && of.stale === undefined ? of.value : undefined;

const Faults = (): JSX.Element => {
  const provider = useResource<{ faults: readonly ProviderFault[] }>('/simulator/faults', everyMs);
  const mail = useResource<{ faults: readonly MailFault[] }>('/api/mailbox/faults', everyMs);
  const subscriptions = useResource<Subscriptions>('/api/admin/subscriptions', everyMs);
  const processes = useResource<{ processes: readonly Process[] }>('/api/admin/processes', everyMs);
  const message = useSignal('');
  const isBusy = useSignal(false);

  const situation = {
    provider: known(provider.state.value)?.faults,
    mail: known(mail.state.value)?.faults,
    subscriptions: known(subscriptions.state.value)?.subscriptions,
    processes: known(processes.state.value)?.processes,
  };
  const broken = brokenOf(situation, faults);

  const reload = (): void => {
    for (const each of [provider, mail, subscriptions, processes]) each.reload();
  };
  const send = async ({ path, method, body }: Undo): Promise<string> => {
    const failure = failureOf(await request(path, { method, body }));
    message.value = failure;
    reload();
    return failure;
  };
  const toNormal = async (): Promise<void> => {
    isBusy.value = true;
    const failures: string[] = [];
    for (const { undo } of broken) {
      const failure = await send(undo);
      if (failure !== '') failures.push(failure);
    }
    message.value = failures.join(' ');
    isBusy.value = false;
  };
  const pressProvider = (fault: Fault) => (isWanted: boolean) =>
    void send({ method: 'PUT', path: '/simulator/faults', body: requestFor(fault, isWanted) });
  const pressMail = (isWanted: boolean): void => {
    const path = '/api/mailbox/faults';
    void send(
      isWanted ? { method: 'PUT', path, body: { mode: 'refuse', code: 451 } } : { method: 'DELETE', path },
    );
  };
  const pressPause = (isWanted: boolean): void => {
    const path = `/api/admin/subscriptions/${pausedOne}/${isWanted ? 'pause' : 'resume'}`;
    void send({ method: 'POST', path, body: { reason: isWanted ? 'To see what waits' : 'Repaired' } });
  };

  const mailFault = situation.mail?.find((each) => each.recipient === undefined && isActive(each));
  const isPaused = situation.subscriptions?.some(
    ({ name, state }) => name === pausedOne && state === 'paused',
  );
  return (
    <>
      <ToNormal
        isKnown={Object.values(situation).some((part) => part !== undefined)}
        broken={broken}
        isBusy={isBusy.value}
        toNormal={() => void toNormal()}
      />
      <p role="alert">{message.value}</p>
      <h2>The outside world</h2>
      <ul class="faults">
        {faults.map((fault) => {
          const set = situation.provider?.find((each) => isSetAt(fault, each) && isActive(each));
          return (
            <FaultCard
              key={fault.title}
              title={fault.title}
              expect={fault.expect}
              active={set === undefined ? undefined : hitsOf(set)}
              press={situation.provider === undefined ? undefined : pressProvider(fault)}
            />
          );
        })}
        <FaultCard
          title="The mail server says later"
          expect="Mails are answered with 451 and tried again, later each time; orders do not wait for them. After the repair each mail arrives once."
          active={mailFault === undefined ? undefined : hitsOf(mailFault)}
          press={situation.mail === undefined ? undefined : pressMail}
        />
        <FaultCard
          title={`${pausedOne} is paused`}
          expect="Orders complete, and their points are not given yet: the messages wait on the broker. Resume it, and each is handled once."
          active={isPaused === true ? 'paused' : undefined}
          press={situation.subscriptions === undefined ? undefined : pressPause}
        />
      </ul>
      <h2>Messages</h2>
      <TestMessages />
      <h2>Processes</h2>
      <Processes
        of={processes.state.value}
        retry={processes.reload}
        act={({ name }, action) =>
          void send({ method: 'POST', path: `/api/admin/processes/${name}/${action}` })
        }
      />
    </>
  );
};

const hitsOf = ({ hits }: { readonly hits: number }): string =>
  hits === 0 ? 'waiting for a request' : `${hits} ${hits === 1 ? 'request' : 'requests'} so far`;

interface ToNormalProps {
  readonly isKnown: boolean;
  readonly broken: readonly Broken[];
  readonly isBusy: boolean;
  readonly toNormal: () => void;
}

const ToNormal = ({ isKnown, broken, isBusy, toNormal }: ToNormalProps): JSX.Element => (
  <div class={`notice to-normal ${broken.length === 0 ? 'good' : 'warn'}`} role="status">
    <p>
      {!isKnown
        ? 'Loading …'
        : broken.length === 0
          ? 'Everything is normal.'
          : `Not normal: ${broken.map(({ what }) => what).join('; ')}.`}
    </p>
    <button type="button" class="primary" disabled={broken.length === 0 || isBusy} onClick={toNormal}>
      Everything back to normal
    </button>
  </div>
);
