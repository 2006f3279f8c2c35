/** The normal values of a warehouse, to which its sensors revert. */
export interface Climate {
  /** Degrees Celsius. */
  readonly temperature: number;
  /** Relative, in percent. */
  readonly humidity: number;
}

export const climates = {
  London: { temperature: 17, humidity: 62 },
  'New York': { temperature: 20, humidity: 52 },
  Tokyo: { temperature: 22, humidity: 56 },
  Sydney: { temperature: 24, humidity: 58 },
  Dubai: { temperature: 29, humidity: 45 },
} as const satisfies Readonly<Record<string, Climate>>;

export type Location = keyof typeof climates;

export const locations = Object.keys(climates) as [Location, ...Location[]]; // Object.keys loses their type
