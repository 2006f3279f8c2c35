import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { request } from '../../shared/api.ts';
import type { Preview } from './dead-letter.ts';
import { readJson } from './json-lines.ts';

/** While somebody types nothing is asked. */
const quietMs = 350;

/** What the shop says of an edited message: undefined until it has answered for this text. */
export const usePreview = (path: string, text: string): Preview | undefined => {
  const found = useSignal<{ readonly text: string; readonly preview: Preview } | undefined>(undefined);
  useEffect(() => {
    const read = readJson(text);
    if (read.kind === 'invalid') return;
    const left = new AbortController();
    const timer = setTimeout(async () => {
      const options = { method: 'POST', body: { body: read.value }, signal: left.signal } as const;
      const answer = await request<Preview>(`${path}/preview`, options);
      if (left.signal.aborted) return;
      if (answer.kind === 'ok') found.value = { text, preview: answer.body };
      else
        found.value = {
          text,
          preview: failed(
            answer.kind === 'away'
              ? 'The shop does not answer, so the message was not checked.'
              : answer.problem.detail,
          ),
        };
    }, quietMs);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [path, text]);
  return found.value?.text === text ? found.value.preview : undefined;
};

const failed = (message: string): Preview => ({
  accepted: false,
  refusal: { code: 'no-preview', message },
  changes: [],
  errors: [],
});
