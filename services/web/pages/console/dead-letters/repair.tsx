import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { request } from '../../shared/api.ts';
import { bytesOf, textOf } from './bytes.ts';
import { ContractFields } from './contract-fields.tsx';
import type { DeadLetterDetails } from './dead-letter.ts';
import { Diff } from './diff.tsx';
import { JsonEditor } from './json-editor.tsx';
import { lineOf, readJson } from './json-lines.ts';
import { messageOf } from './message-of.ts';
import { usePreview } from './use-preview.ts';

interface RepairProps {
  readonly deadLetter: DeadLetterDetails;
  readonly path: string;
  /** Something was done, by this person or by another. */
  readonly done: () => void;
}

/** Replay, edit and replay, or discard. One copy is sent, whoever clicks how often: the shop refuses a second. */
export const Repair = ({ deadLetter, path, done }: RepairProps): JSX.Element | null => {
  const isEditing = useSignal(false);
  const reason = useSignal('');
  const message = useSignal('');
  const isBusy = useSignal(false);
  const inProgress = useRef(false);
  const { status, replayable, notReplayable, times } = deadLetter;

  const act = async (action: 'replay' | 'discard', body: object): Promise<void> => {
    if (inProgress.current) return; // a double click
    inProgress.current = true;
    isBusy.value = true;
    const answer = await request(`${path}/${action}`, { method: 'POST', body });
    inProgress.current = false;
    isBusy.value = false;
    message.value = answer.kind === 'ok' ? '' : messageOf(answer);
    if (answer.kind === 'ok') isEditing.value = false;
    done();
  };

  if (status !== 'open')
    return message.value === '' ? null : (
      <p class="notice warn" role="alert">
        {message.value}
      </p>
    );
  return (
    <section aria-labelledby="repair" class="card">
      <h2 id="repair">Repair</h2>
      {replayable || notReplayable === undefined ? null : <p class="notice warn">{notReplayable.message}</p>}
      <p class="actions">
        <button
          type="button"
          disabled={!replayable || isBusy.value}
          onClick={() => void act('replay', { times })}
        >
          Replay as it is
        </button>
        <button
          type="button"
          class={isEditing.value ? '' : 'primary'}
          aria-expanded={isEditing.value}
          disabled={notReplayable?.code === 'no-subscription'}
          onClick={() => {
            isEditing.value = !isEditing.value;
          }}
        >
          {isEditing.value ? 'Do not edit' : 'Edit'}
        </button>
      </p>
      {isEditing.value ? (
        <Edit
          deadLetter={deadLetter}
          path={path}
          isBusy={isBusy.value}
          send={(body) => void act('replay', { body, times })}
        />
      ) : null}
      <p role="alert">{message.value === '' ? null : <span class="field-error">{message.value}</span>}</p>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          void act('discard', { reason: reason.value.trim() });
        }}
      >
        <label>
          Why it is not needed
          <input
            value={reason.value}
            maxLength={500}
            dir="auto"
            onInput={({ currentTarget }) => {
              reason.value = currentTarget.value;
            }}
          />
        </label>
        <button type="submit" class="danger" disabled={reason.value.trim() === '' || isBusy.value}>
          Discard
        </button>
      </form>
    </section>
  );
};

interface EditProps {
  readonly deadLetter: DeadLetterDetails;
  readonly path: string;
  readonly isBusy: boolean;
  readonly send: (body: unknown) => void;
}

const Edit = ({ deadLetter, path, isBusy, send }: EditProps): JSX.Element => {
  const text = useSignal(textToEdit(deadLetter));
  const read = readJson(text.value);
  const preview = usePreview(path, text.value);
  const fields = (preview?.errors ?? []).map(({ field, message }) => ({
    field: field.replace(/^body\.?/, ''),
    message,
  }));
  const problems =
    read.kind === 'invalid'
      ? [{ line: read.line, text: `line ${read.line}, column ${read.column}: ${read.message}` }]
      : fields.map(({ field, message }) => ({
          line: lineOf(field, read.lines),
          text: `${field} ${message}`,
        }));
  const isUnchanged = preview !== undefined && preview.changes.length === 0;
  const isSendable = read.kind === 'valid' && preview?.accepted === true && !isUnchanged && !isBusy;
  return (
    <div class="edit">
      <JsonEditor
        text={text.value}
        problems={problems}
        change={(next) => {
          text.value = next;
        }}
      />
      <ContractFields type={deadLetter.type} />
      {preview === undefined || read.kind === 'invalid' ? null : (
        <>
          {preview.refusal === undefined ? null : <p class="notice warn">{preview.refusal.message}</p>}
          <h3>What changes</h3>
          <Diff changes={preview.changes} />
        </>
      )}
      <p class="actions">
        <button
          type="button"
          class="primary"
          disabled={!isSendable}
          onClick={() => {
            if (read.kind === 'valid') send(read.value);
          }}
        >
          Send it edited
        </button>
        <span class="soft small">To {deadLetter.subscription} alone, under the same id, once.</span>
      </p>
    </div>
  );
};

/** Bytes that are no JSON are edited as the text that they are. */
const textToEdit = ({ body, bytes = '' }: DeadLetterDetails): string =>
  body.encoding === 'json' ? JSON.stringify(body.content, null, 2) : (textOf(bytesOf(bytes)) ?? '');
