export { asyncapi, publishersOf } from './asyncapi.ts';
export { exampleData, exampleMessage } from './examples.ts';
export { type Code, fieldRows } from './fields.ts';
export { type FlowGraph, flowGraph, flowMermaid } from './flow.ts';
export { type PublishedSchema, publishedSchema, type Schema } from './published-schema.ts';
