import type { Address } from './addresses.ts';
import { escaped, page } from './admin/pages.ts';

export interface HomePage {
  /** As the browser sees it: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Of the configured services. */
  readonly addresses: readonly Address[];
}

/** The page at `/api`: links, and commands to try. */
export const homePage = ({ origin, addresses }: HomePage): string => {
  const services = new Set(addresses.map(({ service }) => service));
  const isDevelopment = services.has('mailbox') || services.has('provider-simulator');
  const links: readonly [string, string, boolean][] = [
    ['/api/products', 'Products', services.has('inventory')],
    ['/docs/', 'Documentation of the API, to try it out', true],
    ['/openapi.json', 'The same as one OpenAPI document', true],
    ['/docs/events', 'Events and commands between the services', true],
    ['/docs/asyncapi.json', 'The same as an AsyncAPI document', true],
    ['/reset-password', 'Set a new password', services.has('user-registration')],
    ['/admin', 'Administration: sign in', services.has('user-registration')],
    ['/api/mails', 'Mails that the shop has sent (mailbox, development only)', services.has('mailbox')],
    ['/api/sensors/locations', 'Temperatures of the warehouses', services.has('sensor-analytics')],
    ['/status', 'How the shop is: every service, and what waits', true],
  ];
  return page(`
    <p>The API of an event-driven shop. <a href="/">The shop</a> and its <a href="/console">console</a> are made from it.</p>
    <nav aria-label="Where to go"><ul>${links
      .filter(([, , isThere]) => isThere)
      .map(([href, text]) => `<li><a href="${href}">${text}</a></li>`)
      .join('')}</ul></nav>
    <h2>Try it</h2>
    <pre tabindex="0"><code>${escaped(commands(origin))}</code></pre>
    ${isDevelopment ? credentials : ''}
    <h2>Addresses</h2>
    <table>
      <thead><tr><th scope="col">Address</th><th scope="col">Service</th><th scope="col">For</th></tr></thead>
      <tbody>${addresses
        .map(
          ({ path, service, access }) =>
            `<tr><td><code>${escaped(path)}</code></td><td>${escaped(service)}</td><td>${audience[access]}</td></tr>`,
        )
        .join('')}</tbody>
    </table>`);
};

const audience: Readonly<Record<Address['access'], string>> = {
  public: 'everybody',
  user: 'customers',
  administrator: 'administrators',
};

const credentials = `<h2>Signing in (development)</h2>
    <p>The administrator is <code>admin@emporium.example</code>. Its password was made at the first start: it is
      <code>adminPassword</code> in <code>.data/secrets.json</code> for <code>npm run demo</code>, and
      <code>ADMIN_PASSWORD</code> in <code>.env</code> for Docker Compose. Customers register themselves, as above.</p>`;

const commands = (origin: string): string => `# What there is to buy
curl '${origin}/api/products'

# Register, and log in
curl -X POST '${origin}/api/users' -H 'content-type: application/json' \\
  -d '{"email":"me@shop.example","name":"Me","password":"a long enough password"}'
TOKEN=$(curl -s -X POST '${origin}/api/sessions' -H 'content-type: application/json' \\
  -d '{"email":"me@shop.example","password":"a long enough password"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

# Place an order, with a sku of the list above, and watch it
curl -X POST '${origin}/api/orders' -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d '{"lines":[{"sku":"MUG-1","quantity":1}],"paymentToken":"tok_ok"}'
curl '${origin}/api/orders' -H "authorization: Bearer $TOKEN"`;
