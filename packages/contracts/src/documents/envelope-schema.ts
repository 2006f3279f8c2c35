const text = { type: 'string', minLength: 1, maxLength: 1_000 };
const time = { type: 'string', format: 'date-time' };
const count = { type: 'integer', minimum: 0 };

/** The CloudEvents attributes of every message, and what we add to them. */
export const envelopeSchema = {
  type: 'object',
  title: 'Envelope',
  description:
    'CloudEvents 1.0 in structured JSON mode, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md',
  required: ['specversion', 'id', 'source', 'type', 'time', 'subject', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: {
      ...text,
      description:
        'A UUIDv7. A subscription handles a message of one id once, in whichever version it comes first',
    },
    source: { ...text, description: '/emporium/<service>' },
    type: { ...text, description: 'The name of the contract, from version 2 on with the version' },
    time: { ...time, description: 'When it happened, or was sent' },
    subject: { ...text, description: 'The value of the key: messages of one key keep their order' },
    datacontenttype: text,
    dataschema: text,
    correlationid: { ...text, description: 'The same for all messages that follow from one request' },
    causationid: { ...text, description: 'The id of the message that this one follows from' },
    traceparent: { ...text, description: 'W3C trace context' },
    tracestate: text,
    hops: {
      ...count,
      description: 'How many messages lie between this one and a request, a timer or a person',
    },
    sequence: { ...count, description: 'The version of the aggregate that the event is about' },
    expiry: { ...time, description: 'Of a command: it is not executed after this time' },
    stepid: { ...text, description: 'The step of a saga that a command or its reply belongs to' },
    data: {},
  },
} as const;
