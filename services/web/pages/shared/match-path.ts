/** The parameters of a path of the form `/shop/orders/:id`; undefined when it does not match. */
export const matchPath = (pattern: string, actual: string): Record<string, string> | undefined => {
  const expected = pattern.split('/');
  const given = actual.replace(/(.)\/$/, '$1').split('/');
  if (expected.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) {
      const decoded = decode(value);
      if (value === '' || decoded === undefined) return undefined;
      parameters[part.slice(1)] = decoded;
    } else if (part !== value) return undefined;
  }
  return parameters;
};

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
