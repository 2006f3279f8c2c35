// npm run format [-- <path>…]: formats files and sorts their imports.
import { run } from './run.ts';

const { code } = await run('biome', ['check', '--write', '--linter-enabled=false', ...process.argv.slice(2)]);
process.exitCode = code;
