import type { JSX } from 'preact';
import { formatDuration, formatExact } from '../../shared/format.ts';
import { setQuery } from '../../shared/router.ts';
import { serviceClass } from '../../shared/service-colour.ts';
import type { Span } from '../../shared/waterfall/span.ts';
import type { TraceAnswer } from './trace.ts';

interface DetailsProps {
  readonly span: Span;
  readonly deadLetters: TraceAnswer['deadLetters'];
}

/** A span's attributes, and where they lead. */
export const SpanDetails = ({ span, deadLetters }: DetailsProps): JSX.Element => {
  const messageId = span.attributes['messaging.message.id'];
  const orderId = orderOf(span);
  const itsDeadLetters = deadLetters.filter((each) => each.messageId === messageId);
  return (
    <section class={`card span-details ${serviceClass(span.service)}`} aria-labelledby="span-name">
      <h3 id="span-name">
        <span class="trace-service">{span.service}</span> {span.name}
      </h3>
      <p>
        {span.kind}, at <time dateTime={span.start}>{formatExact(new Date(span.start))}</time>,{' '}
        {formatDuration(span.offsetMs)} after the start, took {formatDuration(span.durationMs)}
      </p>
      {span.error === undefined ? null : (
        <p class="notice bad" dir="auto">
          {span.error}
        </p>
      )}
      {span.sharedWith === undefined || span.sharedWith === 0 ? null : (
        <p class="notice info">
          {span.sharedWith} messages of other requests were handled in the same transaction.
        </p>
      )}
      {span.parentMissing === true ? (
        <p class="notice warn">The span that it follows from was not recorded, or is not kept any more.</p>
      ) : null}
      <p class="actions">
        <button type="button" onClick={() => setQuery({ zoom: span.spanId })}>
          Zoom to it
        </button>
        {orderId === undefined ? null : (
          <a class="button" href={`/console/orders/${orderId}`}>
            Its order
          </a>
        )}
        {itsDeadLetters.map(({ id }) => (
          <a key={id} class="button" href={`/console/dead-letters/${id}`}>
            Its dead letter
          </a>
        ))}
      </p>
      <div class="scroll-x">
        <table>
          <thead>
            <tr>
              <th scope="col">Attribute</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(span.attributes).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td dir="auto">{typeof value === 'object' ? value.join(', ') : String(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};

/** The saga's order, or the key of a message about an order. */
const orderOf = ({ attributes }: Span): string | undefined => {
  const { 'emporium.saga.id': saga, 'emporium.saga.name': name } = attributes;
  if (typeof saga === 'string' && name === 'fulfilment') return saga;
  const { 'emporium.message.key': key, 'emporium.message.type': type } = attributes;
  const isOfOrder =
    typeof type === 'string' && /^(?:order|payment|shipping|shipment|stock|inventory)\./.test(type);
  return typeof key === 'string' && isOfOrder && /^[0-9a-f-]{36}$/.test(key) ? key : undefined;
};
