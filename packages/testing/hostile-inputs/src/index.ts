export { type HostileBytes, hostileBytes } from './bytes.ts';
export { type HostileHeader, hostileHeaders } from './headers.ts';
export { type HostileNumber, hostileNumbers } from './numbers.ts';
export { type HostileString, hostileStrings } from './strings.ts';
export { type HostileTime, hostileTimes } from './times.ts';
