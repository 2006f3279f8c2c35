import { expect, test } from 'vitest';
import { html } from './html.ts';

test('escapes values, but not nested templates', () => {
  const cells = ['<b>', `"a" & 'b'`].map((text) => html`<td title="${text}">${text}</td>`);
  expect(html`<tr>${cells}</tr>${7}`.html).toBe(
    '<tr><td title="&lt;b&gt;">&lt;b&gt;</td><td title="&quot;a&quot; &amp; &#39;b&#39;">&quot;a&quot; &amp; &#39;b&#39;</td></tr>7',
  );
});
