/**
 * The names of OpenTelemetry's semantic conventions, version 1.45, that the shop uses. Those for messaging are still in development
 * there and may change, hence constants of our own. Names under `emporium.` are ours: the conventions have none for them.
 * https://opentelemetry.io/docs/specs/semconv
 */
export const attribute = {
  errorType: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',

  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  httpResend: 'http.request.resend_count',
  urlScheme: 'url.scheme',

  databaseSystem: 'db.system.name',
  databaseNamespace: 'db.namespace',
  databaseOperation: 'db.operation.name',
  databaseBatchSize: 'db.operation.batch.size',

  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  subscription: 'messaging.destination.subscription.name',
  messageId: 'messaging.message.id',
  messageBodySize: 'messaging.message.body.size',

  correlationId: 'emporium.correlation_id',
  messageType: 'emporium.message.type',
  messageKey: 'emporium.message.key',
  attempt: 'emporium.attempt',
  /** How a delivery ended: `ack`, `retry` or `dead-letter`. */
  settlement: 'emporium.settlement',
  delayMs: 'emporium.delay_ms',
  reason: 'emporium.reason',
  /** What began this span: absent for a message or a request, else `replay`, `deadline`, `schedule` or `backfill`. */
  trigger: 'emporium.trigger',
  deadLetterId: 'emporium.dead_letter.id',
  saga: 'emporium.saga.name',
  sagaId: 'emporium.saga.id',
  sagaStep: 'emporium.saga.step',
  sagaFrom: 'emporium.saga.from',
  sagaTo: 'emporium.saga.to',
  /** What came to the saga: `reply`, `deadline`, `cancel`, or what a person did. */
  sagaInput: 'emporium.saga.input',
  sagaFacts: 'emporium.saga.facts',
  task: 'emporium.task.name',
  taskId: 'emporium.task.id',
  template: 'emporium.mail.template',
  peer: 'service.peer.name',
} as const;
