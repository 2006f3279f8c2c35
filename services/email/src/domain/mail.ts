import { type Html, html } from './html.ts';

export type Template =
  | 'welcome'
  | 'order-confirmed'
  | 'order-cancelled'
  | 'shipment-dispatched'
  | 'shipment-delivered'
  | 'temperature-alert'
  | 'daily-digest';

/** What a mail says; to whom, and from whom, is not its business. */
export interface Mail {
  readonly template: Template;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A piece of a mail, which text and HTML show alike. */
export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  /** The columns after the first are numbers, aligned to the right. */
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] };

interface Content {
  readonly template: Template;
  readonly subject: string;
  /** Of the recipient. */
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** Both forms of a mail from one description. Whatever is in it stays text: it becomes no markup, and no line of its own. */
export const composeMail = ({ template, subject, name, blocks }: Content): Mail => {
  const all: readonly Block[] = [paragraph(`Hello ${name},`), ...blocks, paragraph('Your Emporium')];
  return {
    template,
    subject: onOneLine(subject),
    text: `${all.map(asText).join('\n\n')}\n`,
    html: page(onOneLine(subject), all.map(asHtml)).html,
  };
};

export const paragraph = (text: string): Block => ({ kind: 'paragraph', text: onOneLine(text) });

export const table = (rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  rows: rows.map((row) => row.map(onOneLine)),
});

const onOneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();

const asText = (block: Block): string => {
  if (block.kind === 'paragraph') return block.text;
  const widths = (block.rows[0] ?? []).map((_, column) =>
    Math.max(...block.rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
  return block.rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
};

const asHtml = (block: Block): Html =>
  block.kind === 'paragraph'
    ? html`<p>${block.text}</p>`
    : html`<table cellpadding="6">${block.rows.map(
        (row) =>
          html`<tr>${row.map((cell, column) => html`<td align="${column === 0 ? 'left' : 'right'}">${cell}</td>`)}</tr>`,
      )}</table>`;

const page = (title: string, blocks: readonly Html[]): Html =>
  html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${blocks}</body></html>`;
