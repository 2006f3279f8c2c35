import { scrape } from '@emporium/telemetry';
import { expect, test } from 'vitest';
import { templates } from './domain/compose/compose-mail.ts';
import { countSent } from './metrics.ts';

const values = async (): Promise<ReadonlyMap<string, number>> => {
  const { text } = await scrape();
  const found = [...text.matchAll(/^(emporium_mail\S+(?:\{[^}]*\})?) (\S+)/gm)];
  return new Map(found.map(([, name = '', value]) => [name, Number(value)]));
};

test('the series of all templates are shown before the first mail', async () => {
  const shown = await values();
  for (const template of templates) {
    expect(shown.has(`emporium_mail_delay_seconds_count{emporium_mail_template="${template}"}`)).toBe(true);
    for (const outcome of ['sent', 'failed'])
      expect(
        shown.has(`emporium_mails_total{emporium_mail_template="${template}",emporium_outcome="${outcome}"}`),
      ).toBe(true);
  }
});

test('a mail is counted with its delay', async () => {
  const name = 'emporium_mail_delay_seconds_sum{emporium_mail_template="welcome"}';
  const before = (await values()).get(name) ?? 0;
  countSent('welcome', new Date(Date.now() - 30_000), undefined);
  const after = (await values()).get(name) ?? 0;
  expect(after - before).toBeGreaterThanOrEqual(30);
  expect(after - before).toBeLessThan(60);
});
