import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { parseLesson } from './pages/console/lessons/parse-lesson.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Writes a compressed copy beside each text file: the service compresses nothing itself. */
const precompress = (): Plugin => ({
  name: 'precompress',
  enforce: 'post',
  generateBundle: {
    // Vite's own steps still write into the files.
    order: 'post',
    async handler(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/\.(?:js|css|html|svg)$/.test(fileName)) continue;
        const source = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
        const br = await promisify(brotliCompress)(source, quality);
        const gz = await promisify(gzip)(source, { level: 9 });
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: br });
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gz });
      }
    },
  },
});

/** A lesson of `docs/lessons` is data for the pages: no browser parses Markdown. */
const lessonsAsData = (): Plugin => ({
  name: 'lessons-as-data',
  enforce: 'pre',
  transform: {
    filter: { id: /\/docs\/lessons\/\d[^/]*\.md$/ },
    handler: (markdown, id) => ({
      code: `export default ${JSON.stringify(parseLesson(basename(id), markdown))}`,
      map: null,
    }),
  },
});

/** Two single-page applications: the shop at `/`, the console at `/console`. */
export default defineConfig({
  root: path('pages'),
  build: {
    outDir: path('dist'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    // Nothing inline: the pages' policy forbids it.
    assetsInlineLimit: 0,
    rollupOptions: { input: { shop: path('pages/index.html'), console: path('pages/console/index.html') } },
  },
  plugins: [lessonsAsData(), precompress()],
});
