/** `14:03 UTC`; with the date on another day than `now`. */
export const clock = (time: string, now: string): string => {
  const [day = '', clockTime = ''] = new Date(time).toISOString().split('T');
  const isToday = now.startsWith(day);
  return `${isToday ? '' : `${day} `}${clockTime.slice(0, 5)} UTC`;
};

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** `3 min`, `2 h 5 min`, `4 d 1 h`: the two largest units. */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const first = units.findIndex(([, size]) => whole >= size);
  const parts: string[] = [];
  let rest = whole;
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
};

/** `email`, `email and order`, `email, order and 3 others`. */
export const listed = (names: readonly string[]): string => {
  const [first = '', second = '', third = ''] = names;
  if (names.length <= 1) return first;
  if (names.length === 2) return `${first} and ${second}`;
  return names.length === 3
    ? `${first}, ${second} and ${third}`
    : `${first}, ${second} and ${names.length - 2} others`;
};

/** `1 task to run`, `12,000 tasks to run`: of a text in the plural. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? what.replace(/\b(message|task|event|step|letter|process)(?:e?s)\b/, '$1') : what}`;
