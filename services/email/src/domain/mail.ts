import { greeting } from './greeting.ts';
import { type Html, html } from './html.ts';
import { plainText } from './plain-text.ts';

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
  /** Of the recipient, to greet them by; left out of a mail to an address that nobody has confirmed. */
  readonly name?: string;
  readonly blocks: readonly Block[];
}

/** Longest texts, in characters: what is put into a mail may come from anywhere. */
const maxSubject = 150;
const maxParagraph = 1_000;
const maxCell = 120;

/**
 * Both forms of a mail from one description. Whatever is in it stays text of bounded length: it becomes no markup, no line and no
 * header of its own.
 */
export const composeMail = ({ template, subject, name, blocks }: Content): Mail => {
  const all: readonly Block[] = [paragraph(greeting(name)), ...blocks, paragraph('Your Emporium')];
  const title = plainText(subject, maxSubject);
  return {
    template,
    subject: title,
    text: `${all.map(asText).join('\n\n')}\n`,
    html: page(title, all.map(asHtml)).html,
  };
};

export const paragraph = (text: string): Block => ({
  kind: 'paragraph',
  text: plainText(text, maxParagraph),
});

export const table = (rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  rows: rows.map((row) => row.map((cell) => plainText(cell, maxCell))),
});

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
