import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineWrapper } from './line-wrapper.js';
import { Output } from './output.js';
import { SideBySide } from './side-by-side.js';
import { painter } from './terminal.js';
import { screen } from './testing/screen.js';
import { RecordingSink } from './testing/text-sink.js';

const WIDTH = 18;
const CURSOR_UP = new RegExp(`${'\x1b'}\\[(\\d+)A`, 'g');
/** Two columns of `WIDTH` cells. */
const COLUMNS = 2 * WIDTH + 4;

function opened(rows = 10, now = ticking()) {
  const sink = new RecordingSink({ isTTY: true });
  const view = new SideBySide(new Output(sink, 'it'), { columns: COLUMNS, rows, paint: painter(true), now });
  return { sink, view };
}

/** Each look at this clock is later by more than lines wait to be drawn again. */
function ticking(): () => number {
  let time = 0;
  return () => {
    time += 100;
    return time;
  };
}

test('both texts stand beside each other while they are written', async () => {
  const { sink, view } = opened();
  await view.begin({ main: 'main: large', draft: 'draft: small and with a long name' });
  await view.add('main', 'the quick brown fox');
  await view.add('draft', 'the');
  expect(screen(sink.text).slice(2)).toEqual(['the quick brown    │ the', 'fox                │', '']);
  await view.add('draft', ' slow\tfox\x1b[31m');
  await view.end('draft');
  await view.add('main', ' jumps');
  await view.end('main');
  expect(screen(sink.text)).toEqual([
    'main: large        │ draft: small and…',
    '───────────────────┼───────────────────',
    'the quick brown    │ the slow',
    'fox jumps          │ fox\\x1b[31m',
    '',
  ]);
});

test('a side that is far ahead waits below the screen for the other one', async () => {
  const { sink, view } = opened(5);
  await view.add('draft', Array.from({ length: 9 }, (_, i) => `line ${i}\n`).join(''));
  expect(screen(sink.text)).toHaveLength(4);
  await view.end('draft');
  await view.add('main', 'one\ntwo\n');
  expect(screen(sink.text).slice(0, 2)).toEqual(['one                │ line 0', 'two                │ line 1']);
  await view.end('main');
  expect(screen(sink.text)).toHaveLength(10);
});

test('lines that still change are drawn again only now and then', async () => {
  let time = 0;
  const { sink, view } = opened(10, () => time);
  await view.add('main', 'a');
  await view.add('main', 'b');
  expect(screen(sink.text)[0]).toMatch(/^a /);
  time = 50;
  await view.add('main', 'c');
  expect(screen(sink.text)[0]).toMatch(/^abc /);
});

test('whatever comes in which order: at the end both texts are there, and the cursor never left the screen', async () => {
  const step = fc.tuple(
    fc.constantFrom('main' as const, 'draft' as const),
    fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step), fc.integer({ min: 3, max: 8 }), async (steps, rows) => {
      const { sink, view } = opened(rows);
      const whole = { main: new LineWrapper(WIDTH), draft: new LineWrapper(WIDTH) };
      for (const [side, text] of steps) {
        whole[side].push(text);
        await view.add(side, text);
      }
      await view.end('main');
      await view.end('draft');
      const ups = [...sink.text.matchAll(CURSOR_UP)].map(([, count]) => Number(count));
      expect(Math.max(0, ...ups)).toBeLessThan(rows);
      const shown = screen(sink.text).slice(0, -1);
      const count = Math.max(whole.main.lines.length, whole.draft.lines.length);
      expect(shown).toHaveLength(count);
      for (const [i, line] of shown.entries()) {
        expect(line.slice(0, WIDTH).trimEnd()).toBe((whole.main.lines[i] ?? '').trimEnd());
        expect(line.slice(WIDTH + 3)).toBe((whole.draft.lines[i] ?? '').trimEnd());
      }
    }),
  );
});
