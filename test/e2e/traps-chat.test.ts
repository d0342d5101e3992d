/** Public bug reports of other servers, T-12 to T-14: chats and templates, as clients of the server meet them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/engine/index.js';
import { DRAFT, MAIN } from './testing/pair.js';
import { CONTROL, type Json, TrapServer } from './testing/trap-server.js';
import { Variants } from './testing/variants.js';

const TURN = `{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}`;
const HEADER = `{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}`;
const ONE_ORDER = `{% for message in messages %}
{% if message.role == 'system' and not loop.first %}{{ raise_exception('System message must be first') }}{% endif %}
{% if not loop.first and message.role == messages[loop.index0 - 1].role %}{{ raise_exception('Roles must alternate') }}{% endif %}
${TURN}{% endfor %}${HEADER}`;
const CHAT = '/v1/chat/completions';

let variants: Variants;
const servers: TrapServer[] = [];
beforeAll(async () => {
  variants = await Variants.create();
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await variants.remove();
});

/** A server whose target has another template, or none. */
async function serverWith(
  name: string,
  template: string | undefined,
  options: Partial<EngineOptions> = {},
): Promise<TrapServer> {
  const key = 'tokenizer.chat_template';
  const change = template === undefined ? { remove: [key] } : { set: { [key]: { type: 'string', value: template } } };
  const target = await variants.rewritten(MAIN, `${name}.gguf`, change as Parameters<Variants['rewritten']>[2]);
  const server = await TrapServer.open({ target, drafts: [DRAFT], ...options });
  servers.push(server);
  return server;
}

const ROLES = { S: 'system', D: 'developer', U: 'user', A: 'assistant' } as const;
const CONTENTS = ['Apple', 'Bridge', 'Candle', 'Dragon'];
const messagesOf = (roles: string) =>
  [...roles].map((role, i) => ({ role: ROLES[role as keyof typeof ROLES], content: CONTENTS[i] }));

describe('T-12 system message in the middle, two user turns in a row', () => {
  it.each([
    ['a template that takes one order only', ONE_ORDER],
    ['one that takes any', `{% for message in messages %}${TURN}{% endfor %}${HEADER}`],
  ])('%s', async (name, template) => {
    const server = await serverWith(name, template);
    for (const roles of ['SUSU', 'UU', 'AU', 'S', 'SSU', 'UAAU', 'DU']) {
      const messages = messagesOf(roles);
      const { prompt } = await server.ask('/apply-template', { messages });
      const places = CONTENTS.slice(0, roles.length).map((content) => prompt.indexOf(content));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      for (const content of CONTENTS.slice(0, roles.length)) expect(prompt.split(content)).toHaveLength(2);
      expect(prompt.endsWith('<|assistant|>\n')).toBe(true);
      const { usage } = await server.ask(CHAT, { messages, max_tokens: 2, temperature: 0 });
      const { tokens } = await server.ask('/tokenize', { content: prompt, add_special: true });
      expect(usage.prompt_tokens).toBe(tokens.length);
    }
    await server.expectUnharmed();
  });

  it('what a template refuses all the same is the caller’s error, in its own words', async () => {
    const picky = `{% for message in messages %}{% if 'Bridge' in message.content %}{{ raise_exception('No bridges, please') }}{% endif %}${TURN}{% endfor %}${HEADER}`;
    const server = await serverWith('picky', picky);
    const response = await server.post(CHAT, { messages: messagesOf('UAU') });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as Json;
    expect(error).toMatchObject({ param: 'messages', message: expect.stringContaining('No bridges, please') });
    await server.expectUnharmed();
  });

  it('the next turn of such a chat evaluates no more than itself', async () => {
    const server = await serverWith('in order', ONE_ORDER, { strict: false });
    const start = [...messagesOf('SUSU'), { role: 'user', content: `Tell a tale. ${'It was late. '.repeat(30)}` }];
    const first = await server.ask(CHAT, { messages: start, max_tokens: 8, temperature: 0 });
    const reply = { role: 'assistant', content: first.choices[0].message.content };
    const next = [...start, reply, { role: 'user', content: 'Go on.' }];
    const second = await server.ask(CHAT, { messages: next, max_tokens: 2, temperature: 0 });
    expect(second.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(0);
  });
});

describe('T-13 tool history', () => {
  const user = { role: 'user', content: 'How many apples?' };
  const call = { id: 'call_1', type: 'function', function: { name: 'count', arguments: '{"what":"apples"}' } };
  const called = (fields: object) => ({ role: 'assistant', tool_calls: [call], ...fields });
  const result = { role: 'tool', tool_call_id: 'call_1', content: '5' };
  const last = { role: 'user', content: 'And pears?' };
  let server: TrapServer;
  beforeAll(async () => {
    server = await TrapServer.open();
    servers.push(server);
  });

  it.each<[string, readonly object[]]>([
    ['content null', [user, called({ content: null }), result, last]],
    ['content missing', [user, called({}), result, last]],
    ['content an empty list', [user, called({ content: [] }), result, last]],
    ['content empty', [user, called({ content: '' }), result, last]],
    ['the result in parts', [user, called({}), { ...result, content: [{ type: 'text', text: '5' }] }, last]],
    ['two calls', [user, called({ tool_calls: [call, { ...call, id: 'call_2' }] }), result, last]],
    ['a result at the end', [user, called({ content: null }), result]],
  ])('%s', async (_, messages) => {
    const { prompt } = await server.ask('/apply-template', { messages });
    expect(prompt.match(/5/g)).toHaveLength(1);
    expect(prompt).not.toMatch(/null|None|undefined|\[object Object\]|<\|tool\|>/);
    expect(prompt.endsWith('<|assistant|>\n')).toBe(true);
    await server.ask(CHAT, { messages, max_tokens: 4 });
  });

  it('calls in the last message are answered, not gone on with; an unknown role is refused', async () => {
    const { prompt } = await server.ask('/apply-template', { messages: [user, called({ content: null })] });
    expect(prompt).toMatch(/<\|end\|>\n<\|assistant\|>\n$/);
    const response = await server.post(CHAT, { messages: [{ role: 'narrator', content: 'Once' }] });
    expect(response.status).toBe(400);
    await server.expectUnharmed();
  });
});

describe('T-14 a template that cannot be parsed, or none at all', () => {
  it.each<[string, string | undefined]>([
    [
      'tags for training',
      `{% for message in messages %}{% generation %}${TURN}{% endgeneration %}{% endfor %}${HEADER}`,
    ],
    ['cut off', '{{ messages[0'],
    ['an unknown filter', '{{ messages | transmogrify }}'],
    ['missing', undefined],
  ])('%s: plain text and chats are served, and /props has a text', async (name, template) => {
    const server = await serverWith(name, template);
    expect((await server.ask('/v1/completions', CONTROL)).usage.completion_tokens).toBe(CONTROL.max_tokens);
    const messages = [{ role: 'user', content: 'Count from 1 to 5.' }];
    const { choices } = await server.ask(CHAT, { messages, temperature: 0, max_tokens: 100 });
    expect(choices[0].finish_reason).toBe('stop');
    expect((await server.ask('/apply-template', { messages })).prompt).toContain('Count from 1 to 5.');
    const props = (await (await fetch(`${server.url}/props`)).json()) as Json;
    expect(typeof props.chat_template).toBe('string');
  });

  it('endless for one chat: that one is refused, and others are answered meanwhile', async () => {
    const endless = `{% if messages | length > 4 %}{% for i in range(1000000000) %}{% endfor %}{% endif %}{% for message in messages %}${TURN}{% endfor %}${HEADER}`;
    const server = await serverWith('endless', endless);
    const messages = Array.from({ length: 5 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: 'word' }));
    const [refused, control] = await Promise.all([server.post(CHAT, { messages }), server.controlText()]);
    expect(refused.status).toBe(400);
    expect(control).not.toBe('');
    await server.expectUnharmed();
  });
});
