/** The services in the order of their colours; neighbours in an order's way look different. */
const services = [
  ...['gateway', 'order', 'inventory', 'payment', 'shipping', 'email', 'bridge', 'loyalty'],
  ...['operations', 'user-registration', 'sensor-analytics', 'web', 'email-worker', 'sensor-simulator'],
];

/** How many colours `tokens.css` has for services. */
const colours = 8;

/** The class that sets `--service` to the colour of a service: always the same one. The name is written beside it. */
export const serviceClass = (service: string): string => {
  const known = services.indexOf(service);
  const index = known === -1 ? hashOf(service) : known;
  return `service-${(index % colours) + 1}`;
};

const hashOf = (text: string): number => [...text].reduce((sum, each) => sum + (each.codePointAt(0) ?? 0), 0);
