import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LlamaBackend, type LlamaModel, openBackend } from '../../src/llama/index.js';
import { comparePair } from '../../src/models/pair.js';
import { ChatTemplate } from '../../src/text/chat-template.js';
import { tokenizePrompt } from '../../src/text/tokenize-prompt.js';

const path = (name: string) => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
const template = (name: string) => readFileSync(new URL(`../fixtures/templates/${name}`, import.meta.url), 'utf8');

let backend: LlamaBackend;
let main: LlamaModel;
let draft: LlamaModel;

beforeAll(async () => {
  backend = await openBackend();
  main = await backend.loadModel(path('main-q8_0.gguf'), { placement: { on: 'cpu' } });
  draft = await backend.loadModel(path('draft-q8_0.gguf'), { placement: { on: 'cpu' } });
});

afterAll(() => backend.close());

function isControlToken(text: string): boolean {
  const [token, ...more] = main.vocabulary.tokenize(text, { addSpecial: false, parseSpecial: true });
  return token !== undefined && more.length === 0 && main.vocabulary.kind(token) === 'control';
}

/** The chat format of main if its file had `source` for a template. */
function chatTemplate(source: string | undefined): ChatTemplate {
  return new ChatTemplate({
    chatTemplate: source,
    applyBuiltinTemplate: (name = source, messages) =>
      name === undefined ? undefined : main.applyBuiltinTemplate(name, messages),
    isControlToken,
    bosText: '<s>',
    eosText: '</s>',
  });
}

const MESSAGES = [
  { role: 'system', content: 'You are kind.' },
  { role: 'user', content: 'Hi!' },
];

describe('the embedded pair', () => {
  it('fits token by token without any difference', () => {
    const report = comparePair(main, draft);
    expect(report).toMatchObject({ verdict: { fits: true }, sharedIds: 4096, equalIds: 4096, metadataDifferences: [] });
    expect(report.masked).toHaveLength(0);
  });

  it('has the chat template of the fixtures', () => {
    expect(main.chatTemplate).toBe(template('embedded.jinja'));
    expect(chatTemplate(main.chatTemplate)).toMatchObject({ used: 'file', notes: [] });
  });

  it('reads the marks of its format as control tokens, after one begin-of-text token', () => {
    const { vocabulary } = main;
    const { prompt } = chatTemplate(main.chatTemplate).render(MESSAGES);
    for (const text of [prompt, `<s>${prompt}`]) {
      const tokens = tokenizePrompt(text, vocabulary);
      const control = tokens
        .filter((token) => vocabulary.kind(token) === 'control')
        .map((token) => vocabulary.text(token));
      expect(control).toEqual(['<s>', '<|system|>', '<|end|>', '<|user|>', '<|end|>', '<|assistant|>']);
      expect(tokens[0]).toBe(vocabulary.special.bos);
    }
  });

  it.each(['{{ messages[0', `{% for i in range(1000000000) %}{% endfor %}`, undefined])(
    'is given its own format by its control tokens where its template were %s',
    (source) => {
      const fallback = chatTemplate(source);
      expect(fallback.used).toBe('builtin');
      expect(fallback.render(MESSAGES).prompt).toBe(chatTemplate(main.chatTemplate).render(MESSAGES).prompt);
    },
  );
});
