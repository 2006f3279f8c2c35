// The fields of log lines, for programs that read or write such lines without the rest of this package.

export { scrub } from '@emporium/telemetry';
export { checkLine } from './check-line.ts';
export { baseFields, ecsVersion, errorFields, logFields, release } from './log-fields.ts';
export { createLogFile, rotatedFile } from './log-file.ts';
