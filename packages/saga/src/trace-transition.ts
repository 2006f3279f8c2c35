import { activeSpan, attribute } from '@emporium/telemetry';
import type { SagaInput, Transition } from './inputs.ts';
import { type SagaState, statusOf } from './state.ts';

interface Traced {
  readonly saga: string;
  readonly id: string;
  readonly input: SagaInput;
  readonly before: SagaState | undefined;
  readonly transition: Transition<unknown>;
}

/** Says on the span of the message, the deadline or the request what it did to a saga, or why it did nothing. */
export const traceTransition = ({ saga, id, input, before, transition }: Traced): void => {
  const span = activeSpan();
  if (span === undefined) return;
  const facts = transition.kind === 'changed' ? transition.facts : [];
  const step = facts.find((fact) => 'step' in fact)?.step ?? stepIn(input);
  const described = {
    [attribute.saga]: saga,
    // Whoever asks for a saga that does not exist may ask for anything.
    [attribute.sagaId]: before === undefined ? undefined : id,
    [attribute.sagaStep]: step,
    [attribute.sagaFrom]: before === undefined ? undefined : statusOf(before),
  };
  if (transition.kind === 'ignored') {
    span.setAttributes(described);
    span.addEvent('saga: ignored', { ...described, [attribute.reason]: transition.reason });
    return;
  }
  const to = statusOf(transition.state);
  span.setAttributes({ ...described, [attribute.sagaTo]: to });
  span.addEvent('saga: changed', {
    ...described,
    [attribute.sagaTo]: to,
    [attribute.sagaInput]: input.kind,
    [attribute.sagaFacts]: facts.map(({ fact }) => fact),
  });
};

/** `<saga>/<step>/<attempt>` */
const stepIn = (input: SagaInput): string | undefined =>
  input.kind === 'reply' ? input.stepId?.split('/')[1] : undefined;
