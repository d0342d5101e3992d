import fc from 'fast-check';
import { Lexer } from 'marked';
import { describe, expect, test } from 'vitest';
import { MarkdownBlocks, safeAddress, withEntities } from './markdown-blocks.js';

const PIECES = [
  'word',
  ' ',
  '\n',
  '\n\n',
  '# ',
  '- ',
  '1. ',
  '  ',
  '> ',
  '```',
  '```js\n',
  '|a|b|\n|-|-|\n',
  '**',
  '`',
  '<b>',
  '===\n',
  '---\n',
] as const;

describe('a text that grows', () => {
  test('has the blocks that it has when it is read at once', () => {
    const pieces = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(pieces, (texts) => {
        const growing = new MarkdownBlocks();
        let text = '';
        for (const piece of texts) {
          text += piece;
          growing.read(text);
        }
        const kinds = (blocks: readonly { readonly type: string; readonly raw: string }[]) =>
          blocks.filter(({ type }) => type !== 'space').map(({ type, raw }) => [type, raw.trim()]);
        expect(kinds(growing.read(text))).toEqual(kinds(new Lexer({ gfm: true }).lex(text)));
      }),
      { numRuns: 300, examples: [[['===\n', '1. ', '\n', '- ', 'word']]] },
    );
  });

  test('keeps the blocks that are certain', () => {
    const growing = new MarkdownBlocks();
    const [first] = growing.read('a\n\nb\n\nc\n\nd');
    expect(growing.read('a\n\nb\n\nc\n\nd\n\ne')[0]).toBe(first);
  });

  test('is read again from its beginning where it is another text', () => {
    const growing = new MarkdownBlocks();
    growing.read('a\n\nb\n\nc\n\nd');
    expect(growing.read('x')).toMatchObject([{ type: 'paragraph', text: 'x' }]);
  });
});

test('nesting without end is a paragraph', () => {
  expect(new MarkdownBlocks().read('> '.repeat(20_000))).toHaveLength(1);
});

test.each([
  ['https://example.com/a?b', true],
  ['HTTP://example.com', true],
  ['mailto:a@example.com', true],
  ['javascript:alert(1)', false],
  ['java\nscript:alert(1)', false],
  [' https://example.com', false],
  ['data:text/html,x', false],
  ['/v1/models', false],
  ['//example.com', false],
  ['https://a b', false],
])('%j may be followed: %j', (href, safe) => {
  expect(safeAddress(href)).toBe(safe ? href : undefined);
});

test('entities are characters', () => {
  expect(withEntities('a &lt;b&gt; &amp;amp; &#39;&#x1F98A; &unknown; &#0; &#x110000;')).toBe(
    "a <b> &amp; '🦊 &unknown; &#0; &#x110000;",
  );
});
