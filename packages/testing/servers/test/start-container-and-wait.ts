// Started by a test as a process of its own, to be killed.
import { label } from '../src/containers/container-guard.ts';
import { startContainer } from '../src/containers/containers.ts';

await startContainer('redis');
process.send?.(`${label.name}=${label.value}`);
setInterval(() => {}, 1_000);
