import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError } from '../api.js';
import { tokensOf } from './answer-fold.js';
import type { Frame } from './frames.js';
import { ChatSession } from './session.js';
import { type ChatStorage, TabStorage } from './storage.js';
import { finishFrame, startFrame, textFrame } from './testing/frames.js';

/** What the server sends: frames, something to wait for, or an error. */
type Step = Frame | Promise<void> | Error | { readonly error: { readonly message: string } };

class FakeApi {
  /** For each question that is going to come. */
  readonly answers: Step[][] = [];
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked at field by field
  readonly bodies: any[] = [];

  async *stream<Event>(path: string, signal: AbortSignal, body?: object): AsyncGenerator<Event, void, void> {
    expect(path).toBe('api/outrider/generate');
    this.bodies.push(body);
    for (const step of this.answers.shift() ?? []) {
      if (step instanceof Promise) await Promise.race([step, aborted(signal)]);
      signal.throwIfAborted();
      if (step instanceof Error) throw step;
      if (!(step instanceof Promise)) yield step as Event;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

const says = (...texts: readonly string[]): Step[] => [startFrame(), textFrame(...texts), finishFrame()];

let api: FakeApi;
let storage: TabStorage;
let session: ChatSession;

beforeEach(() => {
  api = new FakeApi();
  storage = new TabStorage();
  session = sessionOn(storage);
});

function sessionOn(place: ChatStorage): ChatSession {
  let names = 0;
  let time = 0;
  return new ChatSession({ api, storage: place, newId: () => `n${names++}`, clock: () => time++, now: () => 0 });
}

const shown = () => session.chat.value.messages.map(({ role, text }) => `${role}: ${text}`);
const lastId = () => session.chat.value.messages.at(-1)!.id;

describe('a question', () => {
  test('is answered, and both are kept', async () => {
    api.answers.push(says('Hel', 'lo'));
    await session.instruct('Be brief.');
    await session.configure({ mode: 'main', temperature: 0, leniency: 0 });
    await session.send('Hi there');
    expect(shown()).toEqual(['user: Hi there', 'assistant: Hello']);
    expect(api.bodies[0]).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi there' },
      ],
      speculative: { mode: 'main' },
      temperature: 0,
    });
    expect(session.running.value).toBeUndefined();
    expect(session.said.value).toContain('Hello');
    const again = sessionOn(storage);
    await again.restore();
    expect(again.chat.value).toEqual(session.chat.value);
    expect(again.keeper.summaries.value).toMatchObject([{ title: 'Hi there' }]);
    const segments = await again.segmentsOf(again.chat.value.messages[1]!);
    expect(tokensOf(segments).map(({ text }) => text)).toEqual(['Hel', 'lo']);
  });

  test('goes with the conversation, but not with what the model thought', async () => {
    api.answers.push([startFrame({ reasoning: true }), textFrame('hm</think>', 'Yes'), finishFrame()], says('No'));
    await session.send('One');
    // What nobody chose, the server chooses.
    expect(api.bodies[0]).toEqual({ messages: [{ role: 'user', content: 'One' }] });
    await session.send('Two');
    expect(api.bodies[1].messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Yes' },
      { role: 'user', content: 'Two' },
    ]);
  });

  test('waits for nobody else', async () => {
    api.answers.push([new Promise(() => {})]);
    const first = session.send('One');
    await session.send('Two');
    session.stop();
    await first;
    expect(shown()).toEqual(['user: One']);
    expect(api.bodies).toHaveLength(1);
  });
});

describe('an answer', () => {
  test('that is stopped stays as far as it came', async () => {
    api.answers.push([startFrame(), textFrame('Hel'), new Promise(() => {}), textFrame('lo')]);
    const sent = session.send('Hi');
    await new Promise((resolve) => setTimeout(resolve));
    session.stop();
    await sent;
    expect(shown()).toEqual(['user: Hi', 'assistant: Hel']);
    expect(session.chat.value.messages[1]?.report?.end).toBe('stopped');
    expect(session.failure.value).toBeUndefined();
  });

  test('that did not begin leaves no trace', async () => {
    api.answers.push([new ApiError('refused', 'No.', 'Ask again.')]);
    await session.send('Hi');
    expect(shown()).toEqual(['user: Hi']);
    expect(session.failure.value?.error.message).toBe('No.');
    api.answers.push(says('Yes'));
    await session.again(lastId());
    expect(shown()).toEqual(['user: Hi', 'assistant: Yes']);
    expect(session.failure.value).toBeUndefined();
  });

  test.each([
    ['breaks off', [], 'The answer broke off.'],
    ['fails', [{ error: { message: 'it broke' } }], 'It broke.'],
    ['is cut off', [new ApiError('unreachable', 'Silence.', '')], 'Silence.'],
  ])('that %s stays as far as it came, and says why', async (_, end: Step[], message) => {
    api.answers.push([startFrame(), textFrame('Hel'), ...end]);
    await session.send('Hi');
    expect(shown()).toEqual(['user: Hi', 'assistant: Hel']);
    expect(session.failure.value?.error.message).toBe(message);
  });

  test('is written again, and forgets what came behind', async () => {
    api.answers.push(says('A'), says('B'), says('C'));
    await session.send('One');
    const first = lastId();
    await session.send('Two');
    await session.again(first);
    expect(shown()).toEqual(['user: One', 'assistant: C']);
    expect(api.bodies[2].messages).toEqual([{ role: 'user', content: 'One' }]);
  });

  test('is not lost where no other comes', async () => {
    api.answers.push(says('A'), [new ApiError('refused', 'No.', 'Ask again.')]);
    await session.send('One');
    await session.again(lastId());
    expect(shown()).toEqual(['user: One', 'assistant: A']);
    expect(session.failure.value?.error.message).toBe('No.');
  });

  test('goes on behind its tokens, or behind its text where someone changed it', async () => {
    api.answers.push(says('Hel'), says('lo'), says('!'));
    await session.send('Hi');
    await session.goOn();
    expect(shown()).toEqual(['user: Hi', 'assistant: Hello']);
    expect(api.bodies[1]).toMatchObject({ messages: [{ content: 'Hi' }], resume: [3] });
    await session.edit(lastId(), 'Bye');
    await session.goOn();
    expect(api.bodies[2].resume).toBe('Bye');
    expect(shown()).toEqual(['user: Hi', 'assistant: Bye!']);
    const segments = await session.segmentsOf(session.chat.value.messages[1]!);
    expect(tokensOf(segments)).toMatchObject([
      { text: 'Bye', origin: 'given' },
      { text: '!', origin: 'plain' },
    ]);
    // What is not all tokens of one writer goes on as text.
    api.answers.push(says('?'));
    await session.goOn();
    expect(api.bodies[3].resume).toBe('Bye!');
  });

  test('that another model goes on with is text to it', async () => {
    api.answers.push(says('Hel'), says('lo'), says('!'));
    await session.send('Hi');
    await session.configure({ mode: 'draft' });
    await session.goOn();
    expect(api.bodies[1].resume).toBe('Hel');
    await session.configure({ mode: 'speculative' });
    await session.goOn();
    expect(api.bodies[2].resume).toBe('Hello');
    const segments = await session.segmentsOf(session.chat.value.messages[1]!);
    expect(tokensOf(segments).map(({ text }) => text)).toEqual(['Hel', 'lo', '!']);
  });

  test('comes into the chat that asked, whichever is open', async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    api.answers.push([startFrame(), textFrame('A'), gate, textFrame('B'), finishFrame()]);
    const asked = session.chat.value.id;
    const sent = session.send('One');
    await new Promise((resolve) => setTimeout(resolve));
    session.begin();
    go();
    await sent;
    expect(shown()).toEqual([]);
    await session.open(asked);
    expect(shown()).toEqual(['user: One', 'assistant: AB']);
  });
});

describe('chats', () => {
  test('are renamed, and keep their names', async () => {
    api.answers.push(says('A'), says('B'));
    await session.send('One');
    await session.rename(session.chat.value.id, '  Foxes ');
    await session.send('Two');
    expect(session.keeper.summaries.value).toMatchObject([{ title: 'Foxes' }]);
  });

  test('are deleted with their tokens; the next one opens', async () => {
    api.answers.push(says('A'), says('B'));
    await session.send('One');
    session.begin();
    await session.send('Two');
    const { id, messages } = session.chat.value;
    await session.remove(id);
    expect(await storage.segments(id, messages[1]!.id)).toEqual([]);
    expect(shown()).toEqual(['user: One', 'assistant: A']);
    await session.remove(session.chat.value.id);
    expect(shown()).toEqual([]);
  });

  test('are gone even while an answer is being written', async () => {
    api.answers.push([startFrame(), textFrame('A'), new Promise(() => {})]);
    const { id } = session.chat.value;
    const sent = session.send('One');
    await new Promise((resolve) => setTimeout(resolve));
    await session.remove(id);
    await sent;
    expect(session.keeper.summaries.value).toEqual([]);
    expect(shown()).toEqual([]);
  });

  test('are taken to another browser', async () => {
    api.answers.push(says('A'));
    await session.send('One');
    const file = await session.export();
    const other = sessionOn(new TabStorage());
    expect(await other.import(file)).toBe(1);
    expect(other.chat.value.messages.map(({ text }) => text)).toEqual(['One', 'A']);
  });

  test('that a browser does not keep go on, and that is said', async () => {
    class FullStorage extends TabStorage {
      override async save(): Promise<void> {
        throw new Error('the disk is full');
      }
    }
    session = sessionOn(new FullStorage());
    api.answers.push(says('A'));
    await session.send('One');
    expect(shown()).toEqual(['user: One', 'assistant: A']);
    expect(session.keeper.problem.value).toContain('the disk is full');
  });
});
