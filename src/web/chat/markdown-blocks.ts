/** Markdown as marked's tokens. A text that grows is read again from its last blocks on, not from its beginning. */
import { Lexer, type Token } from 'marked';

/** A paragraph, list, code block or the like; one that is the same object as before draws the same. */
export type Block = Token;

/** Blocks at the end that what follows may still change: a paragraph becomes a heading, a list goes on behind a blank line. */
const OPEN_BLOCKS = 2;

/** Behind a blank line a block starts afresh. Elsewhere it may turn out to be part of the block before: `1.` of a paragraph. */
const ENDS_IN_BLANK_LINE = /\n[ \t]*\n[ \t]*$/;

export class MarkdownBlocks {
  #text = '';
  /** Blocks that are certain, and the length of their text. */
  #closed: Block[] = [];
  #closedLength = 0;
  #blocks: readonly Block[] = [];

  /** The blocks of the text. Cheap where the text goes on from the one before. */
  read(text: string): readonly Block[] {
    const plain = text.replaceAll('\r\n', '\n');
    if (plain === this.#text) return this.#blocks;
    if (!plain.startsWith(this.#text)) {
      this.#closed = [];
      this.#closedLength = 0;
    }
    this.#text = plain;
    const open = blocksOf(plain.slice(this.#closedLength));
    this.#blocks = [...this.#closed, ...open];
    this.#close(open);
    return this.#blocks;
  }

  #close(open: readonly Block[]): void {
    const solid = open.flatMap(({ type }, index) => (type === 'space' ? [] : [index]));
    const candidates = open.slice(0, solid.at(-OPEN_BLOCKS) ?? 0);
    const last = candidates.findLastIndex(({ raw }) => ENDS_IN_BLANK_LINE.test(raw));
    for (const block of candidates.slice(0, last + 1)) {
      // Where a block's text is not the text itself (tabs, say), reading on behind it could not be trusted.
      if (!this.#text.startsWith(block.raw, this.#closedLength)) return;
      this.#closed.push(block);
      this.#closedLength += block.raw.length;
    }
  }
}

/** All blocks of a text; one that marked cannot read (nested too deep) is one paragraph. */
function blocksOf(text: string): readonly Block[] {
  try {
    return new Lexer({ gfm: true }).lex(text);
  } catch {
    return [{ type: 'paragraph', raw: text, text, tokens: [{ type: 'text', raw: text, text }] }];
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  copy: '©',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  times: '×',
};

/** Text with the entities that models write as the characters that they stand for. */
export function withEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,8}));/gi, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** The address if it is of a kind that is safe to follow; undefined for scripts, data and what is relative to this page. */
export function safeAddress(href: string): string | undefined {
  return /^(https?:\/\/|mailto:)\S+$/i.test(href) ? href : undefined;
}
