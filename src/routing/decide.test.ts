import { expect, test } from 'vitest';
import { decideRoute } from './decide.js';
import type { RequestFacts } from './facts.js';
import { patternProblem, type RouteCondition, type RouteRules } from './rules.js';

const plain: RequestFacts = {
  messages: undefined,
  text: 'Once upon a time',
  maxTokens: undefined,
  effort: undefined,
  structured: false,
};

const chat = (...messages: readonly (readonly [string, string])[]): RequestFacts => ({
  ...plain,
  messages: messages.map(([role, content]) => ({ role, content })),
  text: messages.map(([, content]) => content).join('\n'),
});

const applies = (when: RouteCondition, facts: RequestFacts) =>
  decideRoute(facts, [{ name: 'it', to: 'draft', when }]).rule === 'it';

test('the first rule that applies decides', () => {
  const rules: RouteRules = [
    { name: 'tiny', to: 'draft', reason: 'so few', when: { maxTokensAtMost: 8 } },
    { name: 'rest', to: 'target', when: {} },
  ];
  expect(decideRoute({ ...plain, maxTokens: 8 }, rules)).toEqual({ to: 'draft', rule: 'tiny', reason: 'so few' });
  expect(decideRoute({ ...plain, maxTokens: 9 }, rules)).toMatchObject({ to: 'target', rule: 'rest' });
  expect(decideRoute(plain, rules).reason).not.toBe('');
});

test('without a rule that applies it is undecided', () => {
  expect(decideRoute(plain, [])).toEqual({ to: 'undecided', rule: 'none', reason: 'no rule applies' });
});

test('all conditions must hold', () => {
  const when = { ask: 'once', maxTokensAtMost: 8 };
  expect(applies(when, { ...plain, maxTokens: 8 })).toBe(true);
  expect(applies(when, { ...plain, maxTokens: 9 })).toBe(false);
  expect(applies(when, { ...plain, text: 'Twice', maxTokens: 8 })).toBe(false);
});

test.each<[RouteCondition, Partial<RequestFacts>, boolean]>([
  [{ effort: ['low'] }, { effort: 'low' }, true],
  [{ effort: ['low'] }, { effort: 'Low' }, true],
  [{ effort: ['low'] }, { effort: 'high' }, false],
  [{ effort: ['low'] }, {}, false],
  [{ structured: true }, { structured: true }, true],
  [{ structured: true }, {}, false],
  [{ structured: false }, {}, true],
  [{ chat: false }, {}, true],
  [{ chat: true }, {}, false],
  [{ maxTokensAtMost: 10 }, { maxTokens: 0 }, true],
  [{ maxTokensAtMost: 10 }, {}, false],
  [{ maxTokensAtLeast: 10 }, { maxTokens: 10 }, true],
  [{ maxTokensAtLeast: 10 }, { maxTokens: 9 }, false],
  [{ maxTokensAtLeast: 10 }, {}, false],
  [{ askAtMost: 16 }, {}, true],
  [{ askAtMost: 15 }, {}, false],
  [{ askAtLeast: 17 }, {}, false],
])('%j of %j: %s', (when, facts, expected) => {
  expect(applies(when, { ...plain, ...facts })).toBe(expected);
});

test('a pattern looks where it says, whatever the case', () => {
  const facts = chat(['system', 'Be BRIEF.'], ['user', 'First'], ['assistant', 'Answer'], ['user', 'Last']);
  expect(applies({ system: 'brief' }, facts)).toBe(true);
  expect(applies({ ask: 'brief|first' }, facts)).toBe(false);
  expect(applies({ ask: '^last$' }, facts)).toBe(true);
  expect(applies({ instructions: 'brief[^]*last' }, facts)).toBe(true);
  expect(applies({ instructions: 'answer' }, facts)).toBe(false);
  expect(applies({ text: 'answer' }, facts)).toBe(true);
});

test('of several patterns one is enough', () => {
  expect(applies({ ask: ['twice', 'once'] }, plain)).toBe(true);
  expect(applies({ ask: ['twice', 'thrice'] }, plain)).toBe(false);
});

test('a quiet prompt at the end is what is asked, whoever says it; a prefilled answer is not', () => {
  const quiet = chat(['system', 'Card'], ['user', 'Hi'], ['assistant', 'Ho'], ['system', '[Sum it up.]']);
  expect(applies({ ask: '^\\[sum', system: '^card$' }, quiet)).toBe(true);
  expect(applies({ ask: '^hi$' }, chat(['user', 'Hi'], ['assistant', '{']))).toBe(true);
});

test.each([
  ['ChatML', '<|im_start|>system\nCard<|im_end|>\n<|im_start|>user\nSum it up.<|im_end|>\n<|im_start|>assistant\n'],
  ['Llama 2', '[INST] Hi [/INST] Ho [INST] Sum it up. [/INST]'],
  ['Llama 3', '<|start_header_id|>user<|end_header_id|>\n\nSum it up.<|eot_id|>'],
  ['Gemma', '<start_of_turn>user\nSum it up.<end_of_turn>\n<start_of_turn>model\n'],
  [
    'Alpaca',
    '### Instruction:\nBe Mira.\n\n### Input:\nHi\n\n### Response:\nHo\n\n### Instruction:\nSum it up.\n\n### Response:\n',
  ],
  ['nothing', '<s>Sum it up.'],
  ['Vicuna', 'A chat.\nUSER: Hi\nASSISTANT: Ho\nUSER: Sum it up.\nASSISTANT:'],
])('the last turn of a prompt that is rendered as %s', (_, text) => {
  expect(applies({ ask: '^sum it up' }, { ...plain, text })).toBe(true);
});

test('of a long text patterns see both ends only', () => {
  const long = { ...plain, text: `alpha ${'x'.repeat(5000)} middle ${'x'.repeat(5000)} omega` };
  expect(applies({ ask: 'alpha[^]*omega' }, long)).toBe(true);
  expect(applies({ ask: 'middle' }, long)).toBe(false);
});

test('a pattern that is none is told with its rule', () => {
  const rules: RouteRules = [
    { name: 'fine', to: 'draft', when: { ask: 'a' } },
    { name: 'broken', to: 'draft', when: { system: ['b', '('] } },
  ];
  expect(patternProblem(rules)).toMatch(/^rule 'broken', system: Invalid regular expression/);
  expect(patternProblem(rules.slice(0, 1))).toBeUndefined();
});
