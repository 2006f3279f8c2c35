/** What is there already, so that a new service can be told from it. */
export interface Taken {
  /** Folders of services, stand-ins and packages. */
  readonly folders: readonly string[];
  /** Containers of docker-compose.yml. */
  readonly containers: readonly string[];
  /** Addresses of the gateway, such as `/api/orders`. */
  readonly addresses: readonly string[];
}

/** Databases and users that belong to no service, and addresses of the gateway itself. */
const reserved = new Set(['admin', 'bus', 'docs', 'health', 'new', 'topology']);

/** Why this cannot be the name of a new service; undefined when it can. */
export const nameProblem = (name: string, { folders, containers, addresses }: Taken): string | undefined => {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    return `'${name}' is not kebab-case: small letters and digits, with single dashes between them, 40 characters at most`;
  }
  if (folders.includes(name)) return `there already is a package named ${name}`;
  if (containers.includes(name)) return `docker-compose.yml already has a container named ${name}`;
  const isAddress = addresses.some((path) => path === `/api/${name}` || path.startsWith(`/api/${name}/`));
  if (isAddress) return `the address /api/${name} belongs to another service`;
  return reserved.has(name) ? `${name} is reserved` : undefined;
};
