import { Marked } from 'marked';

/** A lesson of `docs/lessons`, as the pages show it. */
export interface Lesson {
  /** In its address: `a-decoupled-failure`. */
  readonly name: string;
  readonly number: number;
  readonly title: string;
  /** HTML, as everything below that is called so. */
  readonly introductionHtml: string;
  readonly steps: readonly Step[];
  readonly ending: Section | undefined;
}

export interface Section {
  readonly heading: string;
  readonly html: string;
}

export interface Step extends Section {
  /** The check that sees whether it was done. A step without one is only read. */
  readonly check?: string;
}

const endingHeading = 'What you have seen';

/** Throws an error that names the file when it is not a lesson. */
export const parseLesson = (fileName: string, markdown: string): Lesson => {
  const [, number, name] = /^(\d+)-([a-z-]+)\.md$/.exec(fileName) ?? [];
  const [first = '', ...sections] = markdown.split(/^## /m);
  const [, title, introduction = ''] = /^# (.+)\n([\s\S]*)$/.exec(first) ?? [];
  if (number === undefined || name === undefined || title === undefined)
    throw new Error(`${fileName}: a lesson is called 1-name.md and begins with # and its title`);
  const parsed = sections.map(parseSection);
  return {
    name,
    number: Number(number),
    title,
    introductionHtml: htmlOf(introduction),
    steps: parsed.filter(({ heading }) => heading !== endingHeading),
    ending: parsed.find(({ heading }) => heading === endingHeading),
  };
};

const parseSection = (text: string): Step => {
  const [, heading = '', check, body = ''] =
    /^(.*)\n\s*(?:<!-- check: ([a-z-]+) -->)?([\s\S]*)$/.exec(text) ?? [];
  return { heading, html: htmlOf(body), ...(check === undefined ? {} : { check }) };
};

const markdownToHtml = new Marked({
  renderer: {
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      const address = addressOf(href);
      if (address === undefined) return text;
      // The lesson stays open beside the pages of the console.
      return address.startsWith('/console')
        ? `<a href="${address}">${text}</a>`
        : `<a href="${address}" target="_blank" rel="noreferrer">${text}</a>`;
    },
  },
});

const htmlOf = (markdown: string): string => markdownToHtml.parse(markdown, { async: false });

/** Where a link leads from a page; undefined for files of the repository, which a shop does not serve. */
const addressOf = (href: string): string | undefined => {
  if (href.startsWith('/') || href.startsWith('https://')) return href;
  const [, lesson] = /^(?:\.\/)?\d+-([a-z-]+)\.md$/.exec(href) ?? [];
  return lesson === undefined ? undefined : `/console/lessons/${lesson}`;
};
