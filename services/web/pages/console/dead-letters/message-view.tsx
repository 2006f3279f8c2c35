import type { ComponentChildren, JSX } from 'preact';
import { query, setQuery } from '../../shared/router.ts';
import { bytesOf, hexDump, textOf } from './bytes.ts';
import type { DeadLetterDetails } from './dead-letter.ts';
import { lineOf, readJson } from './json-lines.ts';
import { fieldsIn } from './reason-field.ts';

const views = ['json', 'raw', 'hex'] as const;
type View = (typeof views)[number];
const names: Readonly<Record<View, string>> = { json: 'JSON', raw: 'Raw', hex: 'Bytes' };

/** Bounds what a page draws. */
const maxShown = 65_536;

/** The message as it failed last: its envelope, and its bytes in the way that can be read. */
export const MessageView = ({ deadLetter }: { readonly deadLetter: DeadLetterDetails }): JSX.Element => {
  const { body, bytes: base64 = '' } = deadLetter;
  const bytes = bytesOf(base64);
  const text = textOf(bytes);
  const possible = views.filter((each) =>
    each === 'json' ? body.encoding === 'json' : each === 'hex' || text !== undefined,
  );
  const wanted = query.value.get('view');
  const view = possible.find((each) => each === wanted) ?? possible[0] ?? 'hex';
  return (
    <section aria-labelledby="message">
      <h2 id="message">The message</h2>
      {body.encoding === 'json' ? <Envelope content={body.content} /> : <p>It is not JSON.</p>}
      <fieldset class="actions" aria-label="How it is shown">
        {possible.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === view}
            onClick={() => setQuery({ view: each })}
          >
            {names[each]}
          </button>
        ))}
      </fieldset>
      {view === 'json' ? <PrettyJson deadLetter={deadLetter} /> : null}
      {view === 'raw' ? <Plain text={text ?? ''} of={bytes.length} /> : null}
      {view === 'hex' ? (
        <Plain
          text={hexDump(bytes.subarray(0, maxShown / 4))}
          of={bytes.length > maxShown / 4 ? bytes.length : 0}
        />
      ) : null}
    </section>
  );
};

const Plain = ({ text, of }: { readonly text: string; readonly of: number }): JSX.Element => (
  <>
    <Scrolled label="The bytes">{text === '' ? 'It is empty.' : text.slice(0, maxShown)}</Scrolled>
    {text.length > maxShown || (of > 0 && text.length * 4 < of) ? (
      <p class="soft small">The rest of {of} bytes is left out.</p>
    ) : null}
  </>
);

/** A region that is scrolled with the keyboard too. */
const Scrolled = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also with the keyboard
  <section class="bytes" aria-label={label} tabIndex={0}>
    <pre dir="ltr">{children}</pre>
  </section>
);

const attributes = [
  'id',
  'type',
  'source',
  'subject',
  'time',
  'sequence',
  'correlationid',
  'causationid',
  'traceparent',
  'hops',
  'expiry',
  'dataschema',
];

/** What CloudEvents puts around the data. */
const Envelope = ({ content }: { readonly content: unknown }): JSX.Element | null => {
  if (typeof content !== 'object' || content === null || !('specversion' in content)) return null;
  const found = Object.entries(content).filter(([name]) => attributes.includes(name));
  return (
    <details class="envelope">
      <summary>Envelope</summary>
      <dl class="facts">
        {found.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code dir="auto">{typeof value === 'string' ? value : JSON.stringify(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
};

/** With the field that was refused. */
const PrettyJson = ({
  deadLetter: { body, reason },
}: {
  readonly deadLetter: DeadLetterDetails;
}): JSX.Element => {
  const text = JSON.stringify(body.content, null, 2).slice(0, maxShown);
  const fields = fieldsIn(reason.message);
  const read = fields.length === 0 ? undefined : readJson(text);
  const wrong = new Set(read?.kind === 'valid' ? fields.map((field) => lineOf(field, read.lines)) : []);
  return (
    <Scrolled label="The message as JSON">
      {text.split('\n').map((line, index) => (
        <span key={index}>
          {wrong.has(index + 1) ? <mark>{line}</mark> : line}
          {'\n'}
        </span>
      ))}
    </Scrolled>
  );
};
