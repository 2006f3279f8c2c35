import { greeting } from './greeting.ts';
import { type Html, html } from './html.ts';
import { plainText } from './plain-text.ts';

export const templates = [
  'welcome',
  'password-reset',
  'first-password',
  'password-changed',
  'order-confirmed',
  'order-cancelled',
  'order-refunded',
  'shipment-dispatched',
  'shipment-delivered',
  'temperature-alert',
  'daily-digest',
] as const;

export type Template = (typeof templates)[number];

/** The content of a mail, without sender and recipient. */
export interface MailContent {
  readonly template: Template;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A part of a mail, rendered both as text and as HTML. */
export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  /** As text the URL, on a line of its own. */
  | { readonly kind: 'link'; readonly text: string; readonly url: string }
  /** All columns but the first are right-aligned. */
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] };

interface MailDescription {
  readonly template: Template;
  readonly subject: string;
  /** The name in the greeting. Left out of mail to an address that is not confirmed. */
  readonly name?: string;
  readonly blocks: readonly Block[];
}

/** Limits in characters, since texts may come from users and third parties. */
const maxSubjectLength = 150;
const maxParagraphLength = 1_000;
const maxCellLength = 120;
const maxUrlLength = 2_000;

/**
 * Renders a mail as text and as HTML. All values are treated as plain text of limited length, so they cannot inject markup,
 * lines or headers.
 */
export const composeMail = ({ template, subject, name, blocks }: MailDescription): MailContent => {
  const all: readonly Block[] = [paragraph(greeting(name)), ...blocks, paragraph('Your Emporium')];
  const title = plainText(subject, maxSubjectLength);
  return {
    template,
    subject: title,
    text: `${all.map(asText).join('\n\n')}\n`,
    html: page(title, all.map(asHtml)).html,
  };
};

export const paragraph = (text: string): Block => ({
  kind: 'paragraph',
  text: plainText(text, maxParagraphLength),
});

/** Only for URLs that the shop has made. */
export const link = (text: string, url: string): Block => ({
  kind: 'link',
  text: plainText(text, maxCellLength),
  url: plainText(url, maxUrlLength),
});

export const table = (rows: readonly (readonly string[])[]): Block => ({
  kind: 'table',
  rows: rows.map((row) => row.map((cell) => plainText(cell, maxCellLength))),
});

const asText = (block: Block): string => {
  if (block.kind === 'paragraph') return block.text;
  if (block.kind === 'link') return block.url;
  const widths = (block.rows[0] ?? []).map((_, column) =>
    Math.max(...block.rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
  return block.rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
};

const asHtml = (block: Block): Html => {
  if (block.kind === 'paragraph') return html`<p>${block.text}</p>`;
  if (block.kind === 'link') return html`<p><a href="${block.url}">${block.text}</a></p>`;
  return html`<table cellpadding="6">${block.rows.map(
    (row) =>
      html`<tr>${row.map((cell, column) => html`<td align="${column === 0 ? 'left' : 'right'}">${cell}</td>`)}</tr>`,
  )}</table>`;
};

const page = (title: string, blocks: readonly Html[]): Html =>
  html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${blocks}</body></html>`;
