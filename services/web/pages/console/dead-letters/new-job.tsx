import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { request } from '../../shared/api.ts';
import { navigate } from '../../shared/router.ts';
import { api, type Job } from './dead-letter.ts';
import { messageOf } from './message-of.ts';

interface NewJobProps {
  readonly filter: Readonly<Record<string, string>>;
  /** How many of them are open. */
  readonly open: number;
  readonly what: string;
}

export const rates = [1, 10, 100, 1_000] as const;

/** Handles all that match in the background: replays them slowly at first, or discards them with a reason. */
export const NewJob = ({ filter, open, what }: NewJobProps): JSX.Element | null => {
  const rate = useSignal('growing');
  const reason = useSignal('');
  const message = useSignal('');
  const isStarting = useRef(false);
  if (open === 0) return null;

  const start = async (action: Job['action']): Promise<void> => {
    if (isStarting.current) return; // a double click
    isStarting.current = true;
    const pace =
      rate.value === 'growing'
        ? { ratePerSecond: 1_000, growing: true }
        : { ratePerSecond: Number(rate.value) };
    const answer = await request<Job>(`${api}/jobs`, {
      method: 'POST',
      body: { action, ...filter, ...pace, ...(action === 'discard' ? { reason: reason.value.trim() } : {}) },
    });
    isStarting.current = false;
    if (answer.kind === 'ok') return navigate(`/console/dead-letters/jobs/${answer.body.id}`);
    message.value = messageOf(answer);
  };

  return (
    <section aria-labelledby="all-of-them" class="card new-job">
      <h2 id="all-of-them">
        All {open} open ones {what}
      </h2>
      <div class="both">
        <div class="filters">
          <div>
            <label for="job-rate">Rate</label>
            <select
              id="job-rate"
              value={rate.value}
              onChange={({ currentTarget }) => {
                rate.value = currentTarget.value;
              }}
            >
              <option value="growing">growing: 1, 10, 100, 1000 a second</option>
              {rates.map((each) => (
                <option key={each} value={String(each)}>
                  {each} a second
                </option>
              ))}
            </select>
          </div>
          <button type="button" class="primary" onClick={() => void start('replay')}>
            Replay all
          </button>
        </div>
        <div class="filters">
          <label>
            Why they are not needed
            <input
              value={reason.value}
              maxLength={500}
              dir="auto"
              onInput={({ currentTarget }) => {
                reason.value = currentTarget.value;
              }}
            />
          </label>
          <button
            type="button"
            class="danger"
            disabled={reason.value.trim() === ''}
            onClick={() => void start('discard')}
          >
            Discard all
          </button>
        </div>
      </div>
      <p class="soft small">It can be paused, stopped, and made faster or slower while it runs.</p>
      <p role="alert">{message.value}</p>
    </section>
  );
};
