import { describe, expect, test } from 'vitest';
import type { Chat } from '../../engine/request.js';
import { OutriderError } from '../../errors.js';
import { withoutTags } from './instruct-tags.js';

const serviceOf = (render: (chat: Chat) => string, eosText = '</s>') => ({
  render: async (chat: Chat) => render(chat),
  description: { target: { bosText: '<s>', eosText } },
});

const chatml = serviceOf(
  ({ messages }) =>
    `${messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('')}<|im_start|>assistant\n`,
  '<|im_end|>',
);

/** Instructions are part of the user's first turn, begin-of-text is written, and answers begin otherwise than they are repeated. */
const inst = serviceOf(({ messages }) => {
  const turns = messages.map(({ role, content }) => {
    if (role === 'system') return `[INST] <<SYS>>\n${content}\n<</SYS>>\n\n`;
    return role === 'user' ? `[INST] ${content} [/INST]` : ` ${content} </s>`;
  });
  return `<s>${turns.join('').replace('\n\n[INST] ', '\n\n')} <think>`;
});

const picky = serviceOf(({ messages }) => {
  if (messages.some(({ role }) => role === 'system')) throw new OutriderError('template_failed', 'no system role');
  return messages.map(({ role, content }) => `\n${role}: ${content}`).join('');
});

const refuses = serviceOf(() => {
  throw new OutriderError('template_failed', 'not today');
});

const replaced = (prompt: string, service = chatml, memory = '', stop: readonly string[] = []) =>
  withoutTags({ memory, prompt, stop }, service);

const CHATML =
  '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n';

describe('tags become what the template writes', () => {
  test.each([
    [
      'with ends',
      '{{[INPUT]}}Hi{{[INPUT_END]}}{{[OUTPUT]}}Hello{{[OUTPUT_END]}}{{[INPUT]}}Bye{{[INPUT_END]}}{{[OUTPUT]}}',
    ],
    ['without ends', '{{[INPUT]}}Hi{{[OUTPUT]}}Hello{{[INPUT]}}Bye{{[OUTPUT]}}'],
  ])('%s', async (_, prompt) => expect((await replaced(prompt)).prompt).toBe(CHATML));

  test('across memory and prompt', async () => {
    expect(await replaced('{{[INPUT]}}Hi{{[OUTPUT]}}', chatml, '{{[SYSTEM]}}Be kind{{[SYSTEM_END]}}')).toMatchObject({
      memory: '<|im_start|>system\nBe kind',
      prompt: '<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    });
  });

  test('begin-of-text is left to the tokeniser; only the answer to come begins as such', async () => {
    const { memory, prompt } = await replaced('{{[INPUT]}}Hi{{[OUTPUT]}}Hello{{[INPUT]}}Bye{{[OUTPUT]}}', inst);
    expect(memory + prompt).toBe('[INST] Hi [/INST] Hello </s>[INST] Bye [/INST] <think>');
    const instructed = await replaced('{{[INPUT]}}Hi{{[OUTPUT]}}', inst, '{{[SYSTEM]}}Be kind');
    expect(instructed.memory + instructed.prompt).toBe('[INST] <<SYS>>\nBe kind\n<</SYS>>\n\nHi [/INST] <think>');
  });

  test('an answer that is to be gone on with', async () => {
    expect((await replaced('{{[INPUT]}}Hi{{[OUTPUT]}}Hel', inst)).prompt).toBe('[INST] Hi [/INST] <think>Hel');
  });

  test('where the template refuses some turns or all, something that models know', async () => {
    expect((await replaced('{{[SYSTEM]}}a{{[INPUT]}}b{{[OUTPUT]}}', picky)).prompt).toBe(
      '\n### Instruction:\na\nuser: b',
    );
    expect((await replaced('{{[INPUT]}}b{{[OUTPUT]}}', refuses)).prompt).toBe('\n### Instruction:\nb\n### Response:\n');
  });

  test('stop strings, without what ends the text anyway', async () => {
    const stops = async (service: typeof chatml, stop: readonly string[]) =>
      (await replaced('', service, '', stop)).stop;
    expect(await stops(chatml, ['{{[INPUT]}}', '{{[OUTPUT]}}', 'x'])).toEqual([
      '<|im_start|>user',
      '<|im_start|>assistant',
      'x',
    ]);
    expect(await stops(inst, ['{{[INPUT]}}', '{{[OUTPUT_END]}}'])).toEqual(['[INST]']);
  });
});

test('texts without tags are left alone, and nothing is rendered', async () => {
  const texts = { memory: 'a', prompt: 'b {{x}}', stop: [' c '] };
  expect(
    await withoutTags(
      texts,
      serviceOf(() => expect.fail('rendered')),
    ),
  ).toBe(texts);
});

test('an engine that cannot render says so', async () => {
  const dead = serviceOf(() => {
    throw new OutriderError('engine_died', 'it died');
  });
  await expect(replaced('{{[INPUT]}}', dead)).rejects.toMatchObject({ code: 'engine_died' });
});
