import { plainText } from './plain-text.ts';

const maxNameLength = 60;

/** A link, an address, a domain or a telephone number: signs that our mail is being used for spam. */
const looksLikeMessage = /[@/\\]|www\.|:\S|[^\s.][.。]\p{L}{2}|\d{4}/iu;

/** The first line of a mail. Users choose their name freely, so one that does not look like a name is left out. */
export const greeting = (name: string | undefined): string => {
  const plain = plainText(name ?? '', maxNameLength);
  const isName = /\p{L}/u.test(plain) && !looksLikeMessage.test(plain.normalize('NFKC'));
  return isName ? `Hello ${plain},` : 'Hello,';
};
