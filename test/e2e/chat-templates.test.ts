/**
 * Chats under the templates that models come with: some refuse what front ends send (llama.cpp#27367, #19851,
 * SillyTavern#5276), some know nothing of tools (lmstudio-bug-tracker#261, llama.cpp#13471), some cannot be read at all
 * (llama-cpp-python#2225, llama.cpp#11866, vllm.cpp#2077). Each is a variant of the embedded target.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import type { ChatMessage } from '../../src/text/messages.js';
import { answer } from './testing/answer.js';
import { loadPair, MAIN } from './testing/pair.js';
import { Variants } from './testing/variants.js';

const TURN = `{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}`;
const HEADER = `{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}`;
const STRICT_TEMPLATE = `{% for message in messages %}
{% if message.role == 'system' and not loop.first %}{{ raise_exception('System message must be first') }}{% endif %}
{% if not loop.first and message.role == messages[loop.index0 - 1].role %}{{ raise_exception('Roles must alternate') }}{% endif %}
${TURN}{% endfor %}${HEADER}`;

const GREEDY = { mode: 'main', maxTokens: 48, sampling: { temperature: 0 } } as const;

let variants: Variants;
beforeAll(async () => {
  variants = await Variants.create();
});
afterAll(() => variants.remove());

/** The embedded target with another template in its file, or none. */
async function loadWith(name: string, template: string | undefined): Promise<Engine> {
  const key = 'tokenizer.chat_template';
  const target = await variants.rewritten(
    MAIN,
    `${name}.gguf`,
    template === undefined ? { remove: [key] } : { set: { [key]: { type: 'string', value: template } } },
  );
  return loadPair({ target });
}

function promptOf(engine: Engine, messages: readonly ChatMessage[]): string {
  return engine.models.target.chat.render(messages).prompt;
}

/** Each content once, in order, and the assistant's header at the end. */
function expectAllOf(prompt: string, contents: readonly string[]): void {
  const places = contents.map((content) => prompt.indexOf(content));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  for (const content of contents) expect(prompt.split(content)).toHaveLength(2);
  expect(prompt.endsWith('<|assistant|>\n')).toBe(true);
}

const ROLES = { S: 'system', D: 'developer', U: 'user', A: 'assistant' } as const;
const CONTENTS = ['Apple', 'Bridge', 'Candle', 'Dragon', 'Engine'];

describe.each([
  ['a template that takes roles in one order only', STRICT_TEMPLATE],
  ['the embedded template', undefined],
])('%s', (_, template) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await (template === undefined ? loadPair() : loadWith('one order', template));
    expect(engine.models.target.chat.used).toBe('file');
  });
  afterAll(() => engine.close());

  it.each(['SUASU', 'UU', 'AU', 'S', 'SSU', 'UAAU', 'DU', 'UDU'])(
    'shows all of %s, the same on each call',
    async (roles) => {
      const messages = [...roles].map((role, i) => ({
        role: ROLES[role as keyof typeof ROLES],
        content: CONTENTS[i]!,
      }));
      const prompt = promptOf(engine, messages);
      expectAllOf(prompt, CONTENTS.slice(0, roles.length));
      expect(promptOf(engine, messages)).toBe(prompt);
      const { finish } = await answer(engine, { ...GREEDY, maxTokens: 4, prompt: { messages } });
      expect(finish.promptTokens).toBe(engine.tokenize({ text: prompt }).tokens.length);
    },
  );
});

describe('a history with tools under the embedded template', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadPair();
  });
  afterAll(() => engine.close());

  const USER = { role: 'user', content: 'How many apples?' };
  const CALL = { id: 'call_1', type: 'function', function: { name: 'count', arguments: '{"what":"apples"}' } };
  const RESULT = { role: 'tool', tool_call_id: 'call_1', content: '5' };
  const LAST = { role: 'user', content: 'And pears?' };
  const called = (fields: Partial<ChatMessage>): ChatMessage => ({ role: 'assistant', tool_calls: [CALL], ...fields });

  it.each<[string, readonly ChatMessage[]]>([
    ['content null', [USER, called({ content: null }), RESULT, LAST]],
    ['content missing', [USER, called({}), RESULT, LAST]],
    ['content an empty list', [USER, called({ content: [] }), RESULT, LAST]],
    ['content empty', [USER, called({ content: '' }), RESULT, LAST]],
    ['the result in parts', [USER, called({}), { ...RESULT, content: [{ type: 'text', text: '5' }] }, LAST]],
    [
      'arguments an object',
      [USER, called({ tool_calls: [{ function: { name: 'count', arguments: { what: 'apples' } } }] }), RESULT, LAST],
    ],
    ['a result at the end', [USER, called({ content: null }), RESULT]],
    ['names', [{ ...USER, name: 'Ann' }, called({ name: 'Bot' }), { ...RESULT, name: 'count' }, LAST]],
  ])('%s: everything is shown, in words of the format', async (_, messages) => {
    const prompt = promptOf(engine, messages);
    expect(prompt.match(/5/g)).toHaveLength(1);
    expect(prompt).toContain('"apples"');
    expect(prompt).not.toMatch(/null|None|undefined|\[object Object\]|<\|tool\|>/);
    expect(prompt.endsWith('<|assistant|>\n')).toBe(true);
    const { finish } = await answer(engine, { ...GREEDY, maxTokens: 4, prompt: { messages } });
    expect(finish.completionTokens).toBeGreaterThan(0);
  });

  it('calls in the last message are no text to be gone on with', () => {
    const prompt = promptOf(engine, [USER, called({ content: null })]);
    expect(prompt).toContain('"apples"');
    expect(prompt).toMatch(/<\|end\|>\n<\|assistant\|>\n$/);
  });

  it('an unknown role is the caller’s error', async () => {
    const prompt = { messages: [{ role: 'narrator', content: 'Once' }] };
    await expect(answer(engine, { prompt })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('narrator'),
      details: { parameter: 'messages' },
    });
  });
});

describe('a template that cannot be used', () => {
  const CHAT = { ...GREEDY, prompt: { messages: [{ role: 'user', content: 'Count from 1 to 5.' }] } };
  const TALE = { ...GREEDY, prompt: { text: 'Once upon a time' } };
  let usual: { readonly chat: string; readonly tale: string };
  beforeAll(async () => {
    const engine = await loadPair();
    usual = {
      chat: (await answer(engine, CHAT)).finish.text,
      tale: (await answer(engine, TALE)).finish.text,
    };
    await engine.close();
  });

  it.each<[string, string | undefined, RegExp]>([
    ['cut off', '{{ messages[0', /Unexpected end/],
    ['an unknown filter', '{{ messages | transmogrify }}', /transmogrify/],
    ['endless', '{% for i in range(1000000000) %}{% endfor %}', /more steps/],
    ['of a million characters', `{# ${'x'.repeat(1_000_000)} #}`, /1000006 characters/],
    ['missing', undefined, /has none/],
  ])('%s: it is said in one line, and chats go on in the format of the tokens', async (name, template, reason) => {
    const engine = await loadWith(name, template);
    try {
      const told = engine.models.notes;
      expect(told).toHaveLength(1);
      expect(told[0]).toMatch(reason);
      expect(told[0]).toMatch(/; a built-in format is used instead$/);
      expect(told[0]).not.toContain('\n');
      expect((await answer(engine, TALE)).finish.text).toBe(usual.tale);
      expect((await answer(engine, CHAT)).finish).toMatchObject({ text: usual.chat, reason: 'stop' });
    } finally {
      await engine.close();
    }
  });

  it('with tags for training: it is read as if they were not there', async () => {
    const template = `{% for message in messages %}{% generation %}${TURN}{% endgeneration %}{% endfor %}${HEADER}`;
    const engine = await loadWith('generation', template);
    expect((await answer(engine, CHAT)).finish).toMatchObject({ text: usual.chat, reason: 'stop' });
    await engine.close();
  });

  it('loops on over one conversation only: the request is refused while others are answered', async () => {
    const slow = `{% if messages | length > 4 %}{% for i in range(1000000000) %}{% endfor %}{% endif %}
{% for message in messages %}${TURN}{% endfor %}${HEADER}`;
    const engine = await loadWith('sometimes endless', slow);
    const messages = Array.from({ length: 5 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: 'word' }));
    const [refused, answered] = await Promise.allSettled([
      answer(engine, { ...GREEDY, prompt: { messages } }),
      answer(engine, TALE),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'template_failed' } });
    expect(answered).toMatchObject({ status: 'fulfilled', value: { finish: { text: usual.tale } } });
    await engine.close();
  });
});
