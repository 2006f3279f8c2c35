/**
 * An aggregate as two pure functions: what a command leads to, and what an event changes. Time and ids are passed in with
 * the command.
 */
export interface Decider<State, Command, Event, Refusal> {
  readonly initial: State;
  /** The events that follow, none when there is nothing to do, or the business reason why not. */
  readonly decide: (command: Command, state: State) => readonly Event[] | Refused<Refusal>;
  readonly evolve: (state: State, event: Event) => State;
}

/** A business refusal: a value, never thrown. */
export interface Refused<Refusal> {
  readonly refused: Refusal;
}

export const refuse = <Refusal>(refused: Refusal): Refused<Refusal> => ({ refused });

export const isRefused = <Event, Refusal>(
  decision: readonly Event[] | Refused<Refusal>,
): decision is Refused<Refusal> => 'refused' in decision;

/** The state after these events. */
export const fold = <State, Event>(
  { initial, evolve }: Pick<Decider<State, never, Event, never>, 'initial' | 'evolve'>,
  events: readonly Event[],
): State => events.reduce(evolve, initial);
