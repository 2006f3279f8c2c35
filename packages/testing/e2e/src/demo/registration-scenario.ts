import { eventually } from '../eventually.ts';
import type { Scenario } from './scenario.ts';

/** Another system registers a user, who chooses a password through the link in a mail. */
export const registeredElsewhere: Scenario = async ({ client, reporter, run, sendRegistration }) => {
  reporter.section('Another system registers a user in its own format');
  const email = `hedy.${run}@example.com`;
  const line = { user_id: Date.now(), email, name: 'Hedy' };
  const way = await sendRegistration(line);
  await sendRegistration(line);
  reporter.info(`${JSON.stringify(line)}, twice, ${way}`);
  const mails = await eventually(
    'both mails arrive',
    () => client.mails(email),
    (all) => all.length >= 2,
  );
  for (const { subject } of mails.toReversed()) reporter.info(`✉ ${subject}`);
  const link = mails.map(({ text }) => /https?:\/\/\S+\/reset-password#token=\S+/.exec(text)?.[0]);
  const token = link.find((each) => each !== undefined)?.split('#token=')[1] ?? '';
  const password = 'spread spectrum';
  const { status } = await client.setPassword(token, password);
  reporter.check('the link in the mail sets a password', status === 204, String(status));
  await client.login({ email, password });
  const again = await client.setPassword(token, 'a second password');
  reporter.check('the link works once', again.status !== 204, String(again.status));
  const all = await client.mails(email);
  const welcomes = all.filter(({ subject }) => subject.includes('Welcome'));
  reporter.check(
    'and the line that came twice made one user',
    welcomes.length === 1,
    `${welcomes.length} welcome mails`,
  );
};
