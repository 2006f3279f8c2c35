// node packages/contracts/scripts/compatibility.ts [--write] [--schemas <folder>]; `npm run schemas` writes.
// Fails when a published version of a contract changed incompatibly, when a version has no upcaster, or when a committed schema is
// out of date.
// `--write` writes new versions and compatible changes to the folder, and never an incompatible change.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare } from './compare.ts';
import { loadShop } from './load-shop.ts';
import { readPublished, writePublished } from './schema-files.ts';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, schemas: { type: 'string' } },
});
const shop = await loadShop();
const folder = values.schemas ?? fileURLToPath(new URL('../schemas', import.meta.url));
const comparison = compare(shop, readPublished(folder));

for (const line of comparison.incompatible) console.error(line);
if (values.write) {
  writePublished(folder, comparison);
  for (const line of comparison.outdated) console.log(`${line}: written`);
} else {
  for (const line of comparison.outdated) {
    console.error(`${line}; run npm run schemas in packages/contracts, and commit the result`);
  }
}
const failures = comparison.incompatible.length + (values.write ? 0 : comparison.outdated.length);
if (failures === 0)
  console.log(`${shop.contracts.length} contracts are compatible with the published schemas.`);
process.exitCode = failures === 0 ? 0 : 1;
