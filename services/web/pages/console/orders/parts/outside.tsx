import type { ComponentChildren, JSX } from 'preact';
import { Ago, Shown } from '../../../shared/components.tsx';
import { formatMoney } from '../../../shared/format.ts';
import { type Resource, useResource } from '../../../shared/resource.ts';

interface Payments {
  readonly payments: readonly {
    readonly status: string;
    readonly currency?: string;
    readonly held: number;
    readonly captured: number;
    readonly refunded: number;
  }[];
}

interface Ledger {
  readonly authorisations: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason?: string;
    readonly currency: string;
    readonly held: number;
    readonly captured: number;
    readonly refunded: number;
    readonly createdAt: string;
  }[];
}

interface Shipments {
  readonly shipments: readonly {
    readonly status: string;
    readonly trackingNumber?: string;
    readonly deliveredAt?: string;
    readonly reason?: string;
  }[];
}

interface Mails {
  readonly mails: readonly {
    readonly id: string;
    readonly to: readonly string[];
    readonly subject: string;
    readonly text: string;
    readonly receivedAt: string;
    readonly deliveries: number;
  }[];
  readonly total: number;
}

interface PartProps {
  readonly id: string;
}

/** The money by our ledger, and by the payment provider's where that is the simulator. */
export const PaymentSection = ({ id }: PartProps): JSX.Element => {
  const ours = useResource<Payments>(`/api/admin/payments?orderId=${encodeURIComponent(id)}`, 3_000);
  const theirs = useResource<Ledger>(`/simulator/ledger?reference=${encodeURIComponent(id)}`, 3_000);
  const rows = [
    ...ready(ours.state.value)
      .flatMap(({ payments }) => payments)
      .map((payment) => ({ id: 'ours', where: 'ours', ...payment })),
    ...ready(theirs.state.value)
      .flatMap(({ authorisations }) => authorisations)
      .map((line) => ({ where: 'the provider’s', ...line })),
  ];
  return (
    <section aria-labelledby="payment">
      <h2 id="payment">Payment</h2>
      {rows.length === 0 ? null : (
        <div class="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col">Ledger</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Held
                </th>
                <th scope="col" class="number">
                  Captured
                </th>
                <th scope="col" class="number">
                  Refunded
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <MoneyRow key={row.id} {...row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Shown of={ours.state.value} what="the payment" retry={ours.reload}>
        {({ payments }) => (payments.length === 0 ? <p class="soft">We have no payment of it.</p> : null)}
      </Shown>
      <InDevelopment of={theirs.state.value} what="the provider’s ledger" retry={theirs.reload}>
        {({ authorisations }) =>
          authorisations.length === 0 ? <p class="soft">The provider has no payment of it.</p> : null
        }
      </InDevelopment>
    </section>
  );
};

/** What was read, in a list; an empty one while it was not. */
const ready = <T,>(resource: Resource<T>): readonly T[] =>
  resource.kind === 'ready' ? [resource.value] : [];

interface MoneyProps {
  readonly where: string;
  readonly status: string;
  readonly reason?: string;
  readonly currency?: string;
  readonly held: number;
  readonly captured: number;
  readonly refunded: number;
}

const MoneyRow = (props: MoneyProps): JSX.Element => {
  const { where, status, reason, currency = '' } = props;
  const text = (amount: number): string => (currency === '' ? '–' : formatMoney({ amount, currency }));
  return (
    <tr>
      <th scope="row">{where}</th>
      <td>
        {status}
        {reason === undefined ? null : <bdi>: {reason}</bdi>}
      </td>
      <td class="number">{text(props.held)}</td>
      <td class="number">{text(props.captured)}</td>
      <td class="number">{text(props.refunded)}</td>
    </tr>
  );
};

export const ShipmentSection = ({ id }: PartProps): JSX.Element => {
  const { state, reload } = useResource<Shipments>(
    `/api/admin/shipments?orderId=${encodeURIComponent(id)}`,
    3_000,
  );
  return (
    <section aria-labelledby="shipment">
      <h2 id="shipment">Shipment</h2>
      <Shown of={state.value} what="the shipment" retry={reload}>
        {({ shipments: [shipment] }) =>
          shipment === undefined ? (
            <p class="soft">There is none.</p>
          ) : (
            <p>
              {shipment.status}
              {shipment.trackingNumber === undefined ? null : (
                <>
                  , <code>{shipment.trackingNumber}</code>
                </>
              )}
              {shipment.deliveredAt === undefined ? null : (
                <>
                  , delivered <Ago at={shipment.deliveredAt} />
                </>
              )}
              {shipment.reason === undefined ? null : <span dir="auto">: {shipment.reason}</span>}
            </p>
          )
        }
      </Shown>
    </section>
  );
};

/** As many as one page of the mailbox has. */
const newestMails = 200;

/** The mails that name the order, among the newest of the development mailbox. */
export const MailSection = ({ id }: PartProps): JSX.Element => {
  const { state, reload } = useResource<Mails>(`/api/mails?limit=${newestMails}`, 5_000);
  return (
    <section aria-labelledby="mails">
      <h2 id="mails">Mails</h2>
      <InDevelopment of={state.value} what="the mails" retry={reload}>
        {({ mails, total }) => {
          const found = mails.filter(({ text }) => text.includes(id));
          return (
            <>
              {found.length === 0 ? <p class="soft">There are none.</p> : null}
              {found.map(({ id: mailId, subject, to, receivedAt, deliveries, text }) => (
                <details key={mailId}>
                  <summary>
                    <span dir="auto">{subject}</span>{' '}
                    <span class="soft small">
                      to <span dir="auto">{to.join(', ')}</span>, <Ago at={receivedAt} />
                      {deliveries > 1 ? `, received ${deliveries} times` : ''}
                    </span>
                  </summary>
                  <pre class="mail-text" dir="auto">
                    {text}
                  </pre>
                </details>
              ))}
              {total > newestMails ? (
                <p class="soft small">
                  Looked for among the newest {newestMails} of {total}.
                </p>
              ) : null}
            </>
          );
        }}
      </InDevelopment>
    </section>
  );
};

interface InDevelopmentProps<T> {
  readonly of: Resource<T>;
  readonly what: string;
  readonly retry: () => void;
  readonly children: (value: T) => ComponentChildren;
}

/** What only a shop in development has: without it, the gateway does not know the address. */
const InDevelopment = <T,>({ of, what, retry, children }: InDevelopmentProps<T>): JSX.Element =>
  of.kind === 'problem' && of.problem.status === 404 ? (
    <p class="soft small">Only a shop in development shows {what}.</p>
  ) : (
    <Shown of={of} what={what} retry={retry}>
      {children}
    </Shown>
  );
