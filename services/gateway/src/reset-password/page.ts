import { readFileSync } from 'node:fs';
import type { HttpServer } from '@emporium/service';
import { headersOfPage, page } from '../admin/pages.ts';

const script = readFileSync(new URL('./form.js', import.meta.url), 'utf8');

const html = page(`
    <noscript><p>This page needs JavaScript, which sends the password and the token of your link.</p></noscript>
    <p id="outcome" role="status"></p>
    <form id="set-password" hidden>
      <h2>Set a password</h2>
      <label>New password, 10 characters or more
        <input type="password" name="password" autocomplete="new-password" minlength="10" maxlength="200" required></label>
      <button>Set the password</button>
    </form>
    <form id="request-link" hidden>
      <h2>Get a link to set a password</h2>
      <label>Address <input type="email" name="email" autocomplete="username" maxlength="320" required></label>
      <button>Send a link</button>
    </form>
    <script>${script}</script>`);

const headers = headersOfPage({ script });

/** Where the links in mails lead to: the page that sets a password, or requests a link. */
export const passwordPage = (server: HttpServer): void => {
  server.get('/reset-password', { schema: { hide: true }, config: { access: 'public' } }, (_request, reply) =>
    reply.headers(headers).send(html),
  );
};
