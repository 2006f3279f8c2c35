import { createHash } from 'node:crypto';

/** The sign-in form; `next` is the page that was requested. */
export const signInPage = ({ next, message = '' }: { next: string; message?: string | undefined }): string =>
  page(`
    <p role="alert">${escaped(message)}</p>
    <form method="post" action="/admin/session">
      <input type="hidden" name="next" value="${escaped(next)}">
      <label>Address <input type="email" name="email" autocomplete="username" required autofocus></label>
      <label>Password <input type="password" name="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>`);

/** Links to the pages for administrators. */
export const startPage = (paths: readonly string[]): string =>
  page(`
    <ul>${paths.map((path) => `<li><a href="${escaped(path)}">${escaped(path)}</a></li>`).join('')}</ul>
    <form method="post" action="/admin/session/end"><button>Sign out</button></form>`);

const style = [
  ':root{color-scheme:light dark}',
  'body{font:1rem/1.5 system-ui;margin:3rem auto;max-width:50rem;padding:0 1rem}',
  'form{max-width:20rem}label,button{display:block;margin:1rem 0}input{box-sizing:border-box;width:100%}',
  'pre{border:1px solid;overflow-x:auto;padding:1rem}',
  'dl{display:grid;gap:0 1rem;grid-template-columns:max-content 1fr}dd{margin:0}',
  'table{border-collapse:collapse}th,td{padding:.25rem 1rem .25rem 0;text-align:left}',
].join('');

/** What a page has besides its content. */
interface PageExtras {
  readonly title?: string;
  /** CSS after that of all pages; see `headersOfPage`. */
  readonly style?: string;
  /** After so many seconds the browser loads the page again. */
  readonly refresh?: number | undefined;
}

/** A complete HTML page around this content. */
export const page = (
  content: string,
  { title = 'Emporium', style: own = '', refresh }: PageExtras = {},
): string => `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">${refresh === undefined ? '' : `\n  <meta http-equiv="refresh" content="${refresh}">`}
  <title>${escaped(title)}</title>
  <style>${style}${own}</style>
  <body>
    <main>
    <h1>${escaped(title)}</h1>${content}
    </main>
  </body>
</html>
`;

interface PageSources {
  readonly script?: string;
  /** Given to `page`, too. */
  readonly style?: string;
}

/** A page with an inline script sends forms with it, as JSON to this shop, and in no other way. */
export const headersOfPage = ({ script, style: own = '' }: PageSources = {}) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${sourceOf(style + own)}`,
    ...(script === undefined ? [] : [`script-src ${sourceOf(script)}`, "connect-src 'self'"]),
    `form-action ${script === undefined ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
});

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const pageHeaders = headersOfPage();

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
