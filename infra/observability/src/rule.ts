/** Stores the value of an expression under a name. */
export interface RecordingRule {
  readonly record: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly expr: string;
}

/** `critical`: somebody acts now, day or night. `warning`: within the day. `info`: good to know. */
export type Severity = 'critical' | 'warning' | 'info';

export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** The alert fires while this has a value… */
  readonly expr: string;
  /** …and has had one for this long. */
  readonly for: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** One line with the labels of this case: `{{ $labels.service_name }} is down`. */
  readonly summary: string;
  /** What is the case, for somebody who does not know the system. */
  readonly meaning: string;
  /** What to do, with the commands. */
  readonly action: string;
}
