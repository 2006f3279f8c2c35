// Not by `import`, which reads every export: that of WebSocket loads Node's whole HTTP client, 4 MB a process.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** The reason phrase of an HTTP status, such as `Not Found`. */
export const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Error';
