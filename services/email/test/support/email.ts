import { composeMail, paragraph } from '../../src/domain/compose/compose-mail.ts';
import type { Email } from '../../src/smtp/smtp-client.ts';

export const from = { name: 'Emporium', address: 'shop@emporium.example' };

export const email = (changes: Partial<Email> = {}): Email => ({
  mail: composeMail({ template: 'welcome', subject: 'Welcome', name: 'Ada', blocks: [paragraph('Hi.')] }),
  to: { name: 'Ada', address: 'ada@shop.example' },
  messageId: 'event-1@emporium.example',
  date: new Date('2026-11-01T10:00:00Z'),
  correlationId: 'correlation-1',
  ...changes,
});
