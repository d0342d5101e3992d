import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChatTemplate } from './chat-template.js';
import type { ChatMessage } from './messages.js';
import type { TemplateModel } from './template-writer.js';

const fixture = (name: string) =>
  readFileSync(new URL(`../../test/fixtures/templates/${name}`, import.meta.url), 'utf8');
const MARCH = () => new Date(2026, 2, 5);

const PHI_TOKENS = ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>'];

/** A model with the template `source`, the phi-like marks as its control tokens and no built-in format. */
function model(source: string | undefined, changes: Partial<TemplateModel> = {}): TemplateModel {
  return {
    chatTemplate: source,
    applyBuiltinTemplate: () => undefined,
    isControlToken: (text) => PHI_TOKENS.includes(text),
    bosText: '<s>',
    eosText: '</s>',
    ...changes,
  };
}

const open = (name: string, changes: Partial<TemplateModel> = {}) =>
  new ChatTemplate(model(fixture(`${name}.jinja`), { isControlToken: () => true, ...changes }), MARCH);

/** `S U A` becomes a system message "s0", a user's "u1", an assistant's "a2". */
function conversation(roles: string): ChatMessage[] {
  const names: Record<string, string> = { S: 'system', U: 'user', A: 'assistant', D: 'developer', T: 'tool' };
  return roles
    .split(' ')
    .map((letter, index) => ({ role: names[letter]!, content: `${letter.toLowerCase()}${index}` }));
}

const prompt = (template: ChatTemplate, messages: readonly ChatMessage[]) => template.render(messages).prompt;

describe('ChatTemplate', () => {
  it.each([
    ['chatml', '<|endoftext|>', ''],
    ['llama3', '<|begin_of_text|>', '<|eot_id|>'],
    ['mistral', '<s>', '</s>'],
    ['gemma', '<bos>', '<eos>'],
    ['deepseek', '<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>'],
    ['phi', '<s>', '<|endoftext|>'],
    ['strict', '<s>', '</s>'],
    ['embedded', '<s>', '</s>'],
  ])('renders a conversation by the template of %s', (name, bosText, eosText) => {
    const template = open(name, { bosText, eosText });
    const rendered = template.render([
      { role: 'system', content: 'You are kind.' },
      { role: 'user', content: 'Hi!' },
      { role: 'assistant', content: 'Hello.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: ' Two lines:' },
          { type: 'text', text: 'ö😀 ' },
        ],
      },
    ]);
    expect(rendered.prompt).toBe(fixture(`${name}.txt`));
    expect(rendered.templateUsed).toBe('file');
    expect(template.notes).toEqual([]);
  });

  it('passes further variables on', () => {
    const { prompt } = open('chatml').render(conversation('U'), { variables: { enable_thinking: false } });
    expect(prompt).toMatch(/<\|im_start\|>assistant\n<think>\n\n<\/think>\n\n$/);
  });
});

describe('conversations that templates refuse', () => {
  const strict = open('strict', { isControlToken: (text) => PHI_TOKENS.includes(text) });

  it.each([
    ['S U A S U', 's0 u1 a2 s3+u4'],
    ['S U U', 's0 u1+u2'],
    ['A U', 'a0 u1'],
    ['S', 's0'],
    ['S S U', 's0+s1 u2'],
    ['U A A U', 'u0 a1+a2 u3'],
    ['D U D', 'd0 u1+d2'],
    ['U S A', 'u0+s1 a2'],
  ])('tells %s in fewer roles', (roles, expected) => {
    const turns = expected.split(' ').map((turn) => {
      const role = { s: 'system', d: 'system', u: 'user', a: 'assistant' }[turn[0]!];
      return `<|${turn.startsWith('s3') ? 'user' : role}|>\n${turn.split('+').join('\n\n')}<|end|>\n`;
    });
    const rendered = strict.render(conversation(roles));
    expect(rendered.prompt).toBe(`${turns.join('')}<|assistant|>\n`);
    expect(strict.render(conversation(roles))).toEqual(rendered);
  });

  it('says what it changed', () => {
    expect(strict.render(conversation('S U A S U')).notes).toEqual([
      'later system messages are written as user messages',
      'neighbours of one role are joined',
    ]);
    expect(strict.render(conversation('S U A U')).notes).toEqual([]);
  });

  it.each(['chatml', 'llama3', 'mistral', 'gemma', 'deepseek', 'phi', 'strict', 'embedded'])(
    'holds every content once whatever the roles, by the template of %s',
    (name) => {
      const template = open(name);
      for (const roles of ['S U A S U', 'S U U', 'U A U', 'A U', 'S', 'S S U', 'U A A U', 'D U', 'U D U', 'U A T U']) {
        const messages = conversation(roles);
        const text = prompt(template, messages);
        for (const { content } of messages) expect(text.split(content as string)).toHaveLength(2);
      }
    },
  );

  it('keeps the order, except where a template gathers the system messages', () => {
    for (const name of ['chatml', 'llama3', 'mistral', 'gemma', 'phi', 'strict', 'embedded']) {
      const messages = conversation('S U A S U A U');
      const text = prompt(open(name), messages);
      const places = messages.map(({ content }) => text.indexOf(content as string));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  it('extends the prompt of a turn in the next one', () => {
    const messages = conversation('S U A S U A U');
    const turns = [2, 5, 7].map((length) => prompt(strict, messages.slice(0, length)));
    expect(turns[1]!.startsWith(turns[0]!)).toBe(true);
    expect(turns[2]!.startsWith(turns[1]!)).toBe(true);
  });

  it('gives up with the words of the template', () => {
    const never = "{% if messages|length > 3 %}{{ raise_exception('Too\nlong for me') }}{% endif %}";
    const template = new ChatTemplate(model(never + fixture('phi.jinja')));
    expect(() => template.render(conversation('U A U A U'))).toThrow(
      expect.objectContaining({ name: 'TemplateError', failure: 'refused', words: 'Too long for me' }),
    );
  });

  it('says so when a template leaves a message out in every arrangement', () => {
    const deaf = "{% for m in messages %}{% if m.content != 'u2' %}{{ m.content }}{% endif %}{% endfor %}";
    const rendered = new ChatTemplate(model(deaf)).render(conversation('U A U'));
    expect(rendered).toMatchObject({ prompt: 'u0a1', notes: ['the template leaves out a message of role user'] });
  });
});

describe('tools', () => {
  const call = (id: string, args: unknown) => ({
    id,
    type: 'function',
    function: { name: 'add', arguments: args as string },
  });
  const history = (content: NonNullable<ChatMessage['content']> | null | 'absent', args: unknown): ChatMessage[] => [
    { role: 'user', content: 'What is 2 + 3?' },
    { role: 'assistant', ...(content === 'absent' ? {} : { content }), tool_calls: [call('1', args), call('2', args)] },
    { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: '5' }] },
    { role: 'user', content: 'Thanks' },
  ];

  it.each(['chatml', 'llama3', 'mistral', 'gemma', 'deepseek', 'phi', 'strict', 'embedded'])(
    'renders calls and results without traces of null by the template of %s',
    (name) => {
      const template = open(name);
      const expected = prompt(template, history(null, '{"a": 2, "b": 3}'));
      expect(expected).not.toMatch(/null|None|undefined|\[object/);
      expect(expected.match(/\b5\b/g)).toHaveLength(1);
      expect(expected).toContain('add');
      for (const content of ['absent', '', []] as const) {
        expect(prompt(template, history(content, { a: 2, b: 3 }))).toBe(expected);
      }
    },
  );

  it('opens a new assistant turn after calls and after results', () => {
    const messages = history(null, '{}');
    for (const length of [2, 3]) {
      expect(prompt(open('embedded'), messages.slice(0, length))).toMatch(/<\|end\|>\n<\|assistant\|>\n$/);
    }
  });

  it('writes the role of tools as user where its mark is no token of the model', () => {
    const writesAnyRole = "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endfor %}";
    const template = new ChatTemplate(model(writesAnyRole));
    expect(template.notes).toEqual([
      '<|tool|> is no token of this model: tool messages are written as user',
      '<|developer|> is no token of this model: developer messages are written as system',
    ]);
    expect(prompt(template, conversation('D U A T'))).toBe(
      '<|system|>d0<|end|><|user|>u1<|end|><|assistant|>a2<|end|><|user|>t3<|end|>',
    );
  });

  it('shows tools only to templates that mention them', () => {
    const tools = [{ type: 'function', function: { name: 'add' } }];
    const shown = open('chatml').render(conversation('U'), { tools });
    expect(shown.prompt).toContain(JSON.stringify(tools[0]!.function.name));
    expect(open('chatml').render(conversation('U'), { tools: [] })).toEqual(open('chatml').render(conversation('U')));
    expect(() => open('phi').render(conversation('U'), { tools })).toThrow(/cannot show tools/);
  });
});

describe('the last message', () => {
  it('can be continued where it ends, blanks included', () => {
    const messages = [...conversation('S U'), { role: 'assistant', content: 'Once upon ' }];
    for (const name of ['chatml', 'llama3', 'mistral', 'gemma', 'deepseek', 'phi', 'strict', 'embedded']) {
      const { prompt } = open(name).render(messages, { ending: 'continue' });
      expect(prompt.endsWith('Once upon ')).toBe(true);
      expect(prompt).toContain('u1');
    }
    const thinking = [...conversation('U'), { role: 'assistant', content: '<think>a</think>b' }];
    expect(open('deepseek').render(thinking, { ending: 'continue' }).prompt).toMatch(/<think>a<\/think>b$/);
  });

  it('gets a new turn after it unless it is to be continued', () => {
    expect(prompt(open('embedded'), conversation('U A'))).toMatch(/a1<\|end\|>\n<\|assistant\|>\n$/);
  });

  it('must be a plain assistant message to be continued', () => {
    expect(() => open('phi').render(conversation('U'), { ending: 'continue' })).toThrow(/role assistant/);
  });
});

describe('templates that do not work', () => {
  const phi3 = (messages: readonly { role: string; content: string }[]) =>
    `${messages.map(({ role, content }) => `<|${role}|>\n${content}<|end|>\n`).join('')}<|assistant|>\n`;

  const broken: readonly [string, string | undefined, RegExp][] = [
    ['an unknown tag', `{% nonsense %}${fixture('phi.jinja')}`, /cannot be rendered: .*nonsense/i],
    ['an unfinished expression', '{{ messages[0', /cannot be rendered/],
    ['an unknown filter', '{{ messages | nonsense }}', /cannot be rendered: .*nonsense/],
    [
      'a loop of 10^9 steps',
      `{% for i in range(1000000000) %}{% endfor %}${fixture('phi.jinja')}`,
      /not come to an end/,
    ],
    ['a megabyte', 'x'.repeat(1_000_000), /1000000 characters/],
    ['no mention of the messages', 'Hello', /leaves out what the user says/],
    ['nothing in it', ' ', /has none/],
    ['no template at all', undefined, /has none/],
  ];

  it.each(broken)('with %s fall back on a built-in format, and say so', (_, source, words) => {
    const applyBuiltinTemplate: TemplateModel['applyBuiltinTemplate'] = (name, messages) =>
      name === 'phi3' ? phi3(messages) : undefined;
    const template = new ChatTemplate(model(source, { applyBuiltinTemplate }));
    expect(template.used).toBe('builtin');
    expect(template.notes).toEqual([expect.stringMatching(words)]);
    expect(template.notes[0]).toMatch(/; a built-in format is used instead$/);
    expect(prompt(template, conversation('S U T'))).toBe(
      phi3([
        { role: 'system', content: 's0' },
        { role: 'user', content: 'u1' },
        { role: 'user', content: 't2' },
      ]),
    );
  });

  it('are taken by the kernels for what they look like first', () => {
    const named: (string | undefined)[] = [];
    const applyBuiltinTemplate: TemplateModel['applyBuiltinTemplate'] = (name, messages) => {
      named.push(name);
      return phi3(messages);
    };
    const template = new ChatTemplate(model('{{ messages[0', { applyBuiltinTemplate }));
    expect(template.used).toBe('builtin');
    expect(new Set(named)).toEqual(new Set([undefined]));
  });

  it.each(broken)('with %s and no built-in format fall back on ChatML, and say so', (_, source, words) => {
    const template = new ChatTemplate(model(source));
    expect(template.used).toBe('chatml');
    expect(template.notes[0]).toMatch(words);
    expect(template.notes[1]).toBe('<|im_start|>, <|im_end|> of the chat format are no tokens of this model');
    expect(template.render(conversation('S U A U'))).toMatchObject({
      templateUsed: 'chatml',
      prompt:
        '<|im_start|>system\ns0<|im_end|>\n<|im_start|>user\nu1<|im_end|>\n<|im_start|>assistant\na2<|im_end|>\n' +
        '<|im_start|>user\nu3<|im_end|>\n<|im_start|>assistant\n',
    });
  });

  it('take a tag for training as if it were not there', () => {
    const tagged = fixture('phi.jinja').replace(
      "message['content'] + '<|end|>\\n' }}",
      (text) => `${text}{% generation %}{% endgeneration %}`,
    );
    expect(tagged).toContain('{% generation %}');
    const template = new ChatTemplate(model(tagged));
    expect(template).toMatchObject({ used: 'file', notes: [] });
    expect(prompt(template, conversation('S U'))).toBe(prompt(open('phi'), conversation('S U')));
  });
});
