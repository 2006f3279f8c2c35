import { currentContext, Fault, newContext, spanOf, withContext } from '@emporium/bus';
import { attribute, failSpanAs, SpanKind } from '@emporium/telemetry';

/**
 * The span of handing one mail to the mail server, without its recipient. A failure is recorded by its code: the server may quote
 * anything.
 */
export const inMailSpan = async (url: string, template: string, send: () => Promise<void>): Promise<void> => {
  const { span, context } = spanOf('send mail', currentContext() ?? newContext(), { kind: SpanKind.CLIENT });
  const { hostname, port } = new URL(url);
  span.setAttributes({
    [attribute.template]: template,
    [attribute.peer]: 'the mail server',
    [attribute.serverAddress]: hostname,
    [attribute.serverPort]: port === '' ? undefined : Number(port),
  });
  try {
    await withContext(context, send);
  } catch (error) {
    failSpanAs(span, error instanceof Fault ? error.code : 'email.not_sent');
    throw error;
  } finally {
    span.end();
  }
};
