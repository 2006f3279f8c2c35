import { escaped } from '../admin/pages.ts';

export const code = (text: string): string => `<code>${escaped(text)}</code>`;

/** To a place of the same page. */
export const link = (id: string, text: string): string => `<a href="#${escaped(id)}">${escaped(text)}</a>`;

export const preformatted = (text: string): string => `<pre tabindex="0"><code>${escaped(text)}</code></pre>`;

/** A section that can be expanded. The summary and the content are HTML. */
export const details = (summary: string, content: string): string =>
  `<details><summary>${summary}</summary>${content}</details>`;

/** The cells are HTML. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => `<table>
      <thead><tr>${head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead>
      <tbody>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</tbody>
    </table>`;
