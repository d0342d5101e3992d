import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decideRoute } from './decide.js';
import { DEFAULT_RULES } from './default-rules.js';
import { factsOfBody } from './recorded-request.js';
import { patternProblem } from './rules.js';

interface Labelled {
  readonly id: number;
  readonly label: 'draft' | 'target';
  readonly request: object;
}

const decide = (body: object) => decideRoute(factsOfBody(body)!, DEFAULT_RULES);

/** What is undecided goes to the target unless the draft model is sure of every token, so only a target's request is right there. */
const isRight = ({ label, request }: Labelled): boolean => {
  const { to } = decide(request);
  return to === label || (to === 'undecided' && label === 'target');
};

describe('labelled requests (test/fixtures/routes.md)', () => {
  const all = readFileSync(new URL('../../test/fixtures/routes.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line): Labelled => JSON.parse(line));
  const shareRight = (requests: readonly Labelled[]) => requests.filter(isRight).length / requests.length;

  // The rules were made on the odd half. Of the even half nobody who makes rules reads a request; only its figure is known.
  test.each([
    ['the even half, which no rule was made for', 0, 0.9],
    ['the odd half, on which the rules were made', 1, 0.95],
  ])('%s', (name, remainder, least) => {
    const half = all.filter(({ id }) => id % 2 === remainder);
    const share = shareRight(half);
    const counts = half.map(({ label, request }) => `${label} -> ${decide(request).to}`);
    const table = [...new Set(counts)].sort().map((kind) => `${kind}: ${counts.filter((one) => one === kind).length}`);
    console.info(`${name}: ${(100 * share).toFixed(1)} % of ${half.length} right (${table.join(', ')})`);
    expect(half.length).toBeGreaterThanOrEqual(40);
    expect(share).toBeGreaterThanOrEqual(least);
  });
});

const user = (content: string, fields: object = {}) => ({ messages: [{ role: 'user', content }], ...fields });
const CARD = 'You are Ilse, a lighthouse keeper. Personality: gruff, curious. Scenario: a storm is coming.';
const told = (content: string, fields: object = {}) => ({
  messages: [
    { role: 'system', content: CARD },
    { role: 'assistant', content: '*Ilse trims the lamp and squints at the sea.* You came at a bad hour.' },
    { role: 'user', content: '"I had no choice," *I say.*' },
    { role: 'system', content },
  ],
  max_tokens: 300,
  ...fields,
});
const HISTORY =
  '<chat_history>\nUSER: How do I prove Fermat in Python code?\nASSISTANT: You cannot, and should not.\n</chat_history>';

describe('housekeeping is for the draft model', () => {
  test.each<[string, object]>([
    ['title', user(`### Task:\nGenerate a short title, 3-5 words with an emoji, that sums the chat up.\n${HISTORY}`)],
    ['title', user('Write a concise title for this conversation:\n\nUser: hi\nAssistant: hello')],
    ['tags', user(`### Task:\nGenerate a few broad tags that classify the main themes of the chat.\n${HISTORY}`)],
    ['follow-ups', user(`### Task:\nSuggest 3 follow-up questions that the user might ask next.\n${HISTORY}`)],
    ['search-query', user(`### Task:\nLook at the chat and decide whether search queries are needed.\n${HISTORY}`)],
    ['emoji', user('Your task is to express how the speaker may look with one fitting emoji. Message: """I won!"""')],
    [
      'autocomplete',
      user('### Task:\nYou are an autocompletion system. Continue the text.\n<type>General</type>\n<text>The</text>'),
    ],
    ['image-prompt', user(`### Task:\nGenerate a detailed prompt for an image generator.\n${HISTORY}`)],
    ['image-prompt', told('Give only a comma-delimited list of keywords that describe the appearance of Ilse.')],
    [
      'chat-summary',
      told('[Pause the role-play. Summarize the most important events in the story so far in 100 words.]'),
    ],
    [
      'expression',
      told('Ignore what came before. Classify the emotion of the last message with one word: joy, anger, fear.'),
    ],
    ['aside', told('Pause your roleplay and say whether this task is done: [find the key]. Only true or false.')],
    ['next-speaker', told('Who should speak next: Ilse, Hanno or Grete? Answer with the name.')],
    ['commit-message', user('Write a commit message for this change:\n\ndiff --git a/a.ts b/a.ts\n-let a\n+const a')],
  ])('%s', (rule, body) => {
    expect(decide(body)).toMatchObject({ to: 'draft', rule });
  });

  test('in a prompt that the front end has rendered, too', () => {
    const prompt = [
      `<|im_start|>system\n${CARD}<|im_end|>`,
      '<|im_start|>user\nHello, is anybody up there?<|im_end|>',
      '<|im_start|>system\n[Pause the roleplay. Summarize the events of the story so far.]<|im_end|>',
      '<|im_start|>assistant\n',
    ].join('\n');
    expect(decide({ prompt, max_length: 200 })).toMatchObject({ to: 'draft', rule: 'chat-summary' });
  });
});

describe('what only looks like it is not', () => {
  test.each<[string, object]>([
    [
      'a question about such a prompt',
      user(`Why does this prompt of mine fail?\n\n### Task:\nGenerate a title.\n${HISTORY.slice(0, 14)}`),
    ],
    [
      'a page with a heading and a chat',
      user('Create a landing page with a heading, a footer and a chat widget, in React.'),
    ],
    ['a query', user('Write a SQL query for full-text search in the messages of a chat app.')],
    ['a follow-up', user('Write a follow-up letter to a client whose project we delivered late.')],
    ['history', user('Summarize the history of the Hanseatic League and why it declined.')],
    ['emoji in a story', user('Write a story about a lonely robot with one emoji per line.')],
    [
      'a game loop',
      user('Stop the game loop in this script from running twice; only the fix please: `while True: update()`'),
    ],
    ['more work behind praise', user('Great, now write the tests for it in Rust.')],
    ['a greeting with a task', user('Hi, refactor this function to be pure: `let n = 0; const f = () => n++`')],
    ['numbers to find', user('Find the numbers x for which x^2 - 5x + 6 = 0 and show that there are no others.')],
    ['code to translate', user('Translate this Python script to Go.')],
    ['a wish of the player', told('(ooc: can we slow down? Longer replies from now on, please.)')],
    ['a direction', told('[Ilse will now become suspicious. Let it show in her next reply.]')],
    ['an impersonation', told('[Write the next message as the stranger, from his point of view, two sentences.]')],
    ['a question about commits', user('How do I write better commit messages? My team uses conventional commits.')],
    ['a question about titles', user('What makes a chat title good? I build a chat app and my titles are bad.')],
    [
      'an assistant with a name',
      {
        ...user('Compare two job offers for me.'),
        messages: [
          { role: 'system', content: 'Your name is Ada, a chat assistant.' },
          { role: 'user', content: 'Help me decide between two jobs.' },
        ],
        max_tokens: 900,
      },
    ],
    ['a short question that is deep', user('What is consciousness?')],
    ['a turn of a role-play', told('[Continue the last message from where it ends.]')],
  ])('%s', (_, body) => {
    expect(decide(body).to).not.toBe('draft');
  });
});

describe('what is declared', () => {
  const title = user(`### Task:\nGenerate a title for the chat.\n${HISTORY}`);
  test.each<[object, string, string]>([
    [{ ...title, reasoning_effort: 'high' }, 'target', 'high-effort'],
    [{ ...title, reasoning_effort: 'HIGH' }, 'target', 'high-effort'],
    [{ ...title, tools: [{ type: 'function' }] }, 'target', 'structured'],
    [{ ...title, response_format: { type: 'json_schema' } }, 'target', 'structured'],
    [{ ...title, response_format: { type: 'text' }, tools: [], grammar: '' }, 'draft', 'title'],
    [user('Comment: "Never again."\nFeeling:', { max_tokens: 8 }), 'draft', 'few-tokens'],
    [user('Is this fine?', { max_tokens: 8 }), 'undecided', 'one-question'],
    [{ prompt: 'const add = (a, b) =>', max_tokens: 48 }, 'draft', 'completion'],
    [user('Is this fine?', { n_predict: -1 }), 'undecided', 'none'],
    [user('Tell me about owls.', { reasoning_effort: 'low' }), 'draft', 'low-effort'],
    [user('Write a parser for TOML in Rust.', { reasoning_effort: 'low' }), 'target', 'code'],
    [user('Tell me about owls.', { reasoning_effort: 'medium' }), 'undecided', 'none'],
  ])('%j', (body, to, rule) => {
    expect(decide(body)).toMatchObject({ to, rule });
  });
});

describe('small talk and facts', () => {
  test.each([
    'hi',
    'Hello there!',
    'Guten Morgen, wie geht es dir?',
    'thanks, that works now!',
    'What is the capital of Chile?',
    'who wrote Middlemarch',
    'how many grams are in an ounce?',
    'convert 20 miles to km',
    "What's another word for 'happy'?",
    'How do you say thank you in Finnish?',
  ])('%s', (text) => {
    expect(decide(user(text)).to).toBe('draft');
  });

  test.each([
    'Can I take aspirin with my blood pressure pills? Just yes or no.',
    'A shop sells 3 pens for 2 euros. How much do 12 pens and a notebook at 4 euros cost?',
    'Should my landlord pay for this? May I withhold the lease payment?',
  ])('but not %s, however few tokens', (text) => {
    expect(decide(user(text, { max_tokens: 5 })).to).toBe('target');
  });
});

test('every pattern is one, every rule gives its reason, and rules of one name go one way', () => {
  expect(patternProblem(DEFAULT_RULES)).toBeUndefined();
  for (const { name, to, reason } of DEFAULT_RULES) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(reason, name).toMatch(/^[a-z].*[a-z]$/);
    expect(DEFAULT_RULES.filter((other) => other.name === name).map((other) => other.to)).not.toContain(
      to === 'draft' ? 'target' : 'draft',
    );
  }
});

// A pattern that backtracks without bound runs into the test's time limit.
test('no pattern takes long on a text that almost matches', () => {
  const tempting = [
    'write a '.repeat(4000),
    `### Task: ${'generate a concise, '.repeat(2000)}`,
    'can i '.repeat(4000),
    '1 2 how many '.repeat(3000),
    '*'.repeat(20_000),
    `${'thanks a lot, '.repeat(2000)}?`,
    'choose one emotion '.repeat(2000),
    'Hi '.repeat(5000),
  ];
  for (const text of tempting) expect(decide(user(text)).to, text.slice(0, 30)).toBeDefined();
});
