/** The logger that the bus writes to. A pino logger fits. */
export interface Log {
  /** What goes well, message by message; a logger may do without. */
  debug?(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}
