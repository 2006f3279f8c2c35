/** A message that a person can send, with what to expect of it. */
export interface TestMessage {
  readonly title: string;
  readonly expect: string;
  /** How often the same bytes are sent. */
  readonly copies: number;
  readonly emailOf: (messageId: string) => string;
}

/** All go to the service that welcomes new users. */
export const receiver = 'email.welcome';

export const testMessages: readonly TestMessage[] = [
  {
    title: 'A message arrives twice',
    expect:
      'The event that a user has registered is sent two times, byte for byte. Both deliveries are acknowledged, and the user gets one mail.',
    copies: 2,
    emailOf: (messageId) => `${messageId}@example.com`,
  },
  {
    title: 'A poison message arrives',
    expect:
      'Its e-mail address is none, so its contract refuses it. It is set aside as a dead letter at once, and the messages behind it go on.',
    copies: 1,
    emailOf: (messageId) => `${messageId}(at)example.com`,
  },
];

/** The body of `POST /api/admin/messages`. */
export const requestOf = ({ emailOf }: TestMessage, messageId: string, now: Date) => ({
  subscription: receiver,
  body: {
    specversion: '1.0',
    id: messageId,
    source: '/emporium/console',
    type: 'user.registered',
    time: now.toISOString(),
    subject: messageId,
    datacontenttype: 'application/json',
    correlationid: messageId,
    data: { userId: messageId, name: 'Barbara', email: emailOf(messageId) },
  },
});

/** A UUIDv7, as the contracts have for ids: it begins with the time in milliseconds. */
export const newMessageId = (now: Date, random: string): string => {
  const time = now.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
};
