export { asyncapi, publishersOf } from './asyncapi.ts';
export { exampleData, exampleMessage } from './examples.ts';
export { type PublishedSchema, partsOf, publishedSchema, type Schema } from './published-schema.ts';
