/** Text that is already HTML and is not escaped again. */
export interface Html {
  readonly html: string;
}

type Value = string | number | Html | readonly Html[];

/** A template literal whose values are escaped, except those that are `Html` themselves. */
export const html = (texts: TemplateStringsArray, ...values: readonly Value[]): Html => ({
  html: texts.reduce((before, text, index) => `${before}${render(values[index - 1])}${text}`),
});

const render = (value: Value | undefined): string => {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => entities[character] ?? '');
  return 'html' in value ? value.html : value.map((each) => each.html).join('');
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
