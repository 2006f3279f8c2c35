import { readFileSync } from 'node:fs';

/** What the client of Celery 5.7.0 wrote to Redis, by what was asked of it; `record.py` records it. */
export const golden: ReadonlyMap<string, Buffer> = new Map(
  readFileSync(new URL('./celery-5.7.0.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name = '', text = ''] = line.split('\t');
      return [name, Buffer.from(text)] as const;
    }),
);

interface Wire {
  readonly body: string;
  readonly headers: object;
  readonly properties: object;
}

/** The message of one user, with changes, as bytes. */
export const changed = (change: (wire: Wire) => object): Buffer =>
  Buffer.from(JSON.stringify(change(JSON.parse(String(golden.get('object'))) as Wire))); // as it was recorded

/** The body with other arguments. */
export const withBody = (body: unknown): Buffer =>
  changed((wire) => ({ ...wire, body: Buffer.from(JSON.stringify(body)).toString('base64') }));
