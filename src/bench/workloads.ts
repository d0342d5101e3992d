import type { Prompt } from '../engine/index.js';

/**
 * What drafts for a workload.
 * - `own`: the draft models that were loaded, and whatever else the engine drafts with.
 * - `hopeless`: a model of the draft's cost that knows nothing.
 * - `garbled`: the draft model, whose tokens are noise in every other stretch of 50 tokens (garbling-drafter.ts).
 */
export type WorkloadDraft = 'own' | 'hopeless' | 'garbled';

/**
 * A kind of text. Its prompts are asked one after another, and the tokens of the answer are shared among them: the
 * embedded models write a screenful at most before they ramble, so a long text of one kind takes several requests.
 */
export interface Workload {
  readonly name: string;
  readonly temperature: number;
  readonly prompts: readonly Prompt[];
  readonly draft: WorkloadDraft;
}

/** Tokens of each answer, if all of the workload's answers together are to have so many. */
export function tokensOfEach({ prompts }: Workload, tokens: number): number {
  return Math.ceil(tokens / prompts.length);
}

/** Every workload, in the order in which they run. */
export const WORKLOADS: readonly Workload[] = [
  greedy('counting', ['Count from 1 to 400.']),
  greedy('json', [
    'Invent four people as JSON with the fields name, age, pet and hobby.',
    `Turn this YAML into JSON:\n${records((field, value, i) => `${i === 0 ? '-' : ' '} ${field}: ${value}`, '\n')}`,
  ]),
  greedy('list', [
    'List the letters of the alphabet as a numbered list.',
    'List the numbers from 45 down to 10 as a bullet list.',
    'Give me the multiplication table for 14 up to 12.',
  ]),
  greedy('code', [
    'Write a TypeScript function named findLongest with `words` that returns the longest word in a list. Add a comment.',
    'In Python, write `check_prime(number)`. It checks whether a number is prime.',
    'Please write a TypeScript function named vowels with `label` that counts the vowels in a string.',
    'Write a Python function called `nth_fibonacci` with `value` that returns the n-th Fibonacci number. Add a docstring.',
  ]),
  greedy('copying', [
    'Copy this text:\n\nOmar gave Ella a golden kettle for the party. The cook from Krakow likes pottery and chess. Ruth went to the forest to buy a tablet and 3 kiwi seeds. It was a busy day in Quito, and the rain was shiny.',
    'Copy this text:\n\nIn the evening, George found a dirty coin near the museum. Laura gave Rosa a grey printer for the new house. Oscar wrote a letter to Fatima about the tidy bread. The light bridge stood next to the blue charger.',
    'Copy this text:\n\nPaula gave Vera an orange brush for the journey. There were 75 fish behind the river. Wendy and Felix walked to the bakery and talked about the winter. On Wednesday the builder opened the fresh wallet.',
    'Copy this text:\n\nTara wrote a letter to Victor about the poor father. The fisher from Porto likes reading and tennis. Lucy went to the old bridge to buy a cable and 17 orange seeds. Emil gave Helen a brown folder for the house.',
  ]),
  greedy('renaming', [
    'Rename the function `find_longest` to `station` in this code:\n```python\ndef find_longest(words: list[str]) -> str:\n    best = ""\n    for item in words:\n        if len(item) > len(best):\n            best = item\n    return best\n```',
    'In this code, rename `count` to `river`:\n```typescript\nfunction fact(count: number): number {\n  let result = 1;\n  for (let k = 2; k <= count; k++) {\n    result *= k;\n  }\n  return result;\n}\n```',
    'Change the name of the parameter `names` to `honey`:\n```typescript\nfunction vowels(names: string): number {\n  let result = 0;\n  for (const letter of names.toLowerCase()) {\n    if ("aeiou".includes(letter)) {\n      result += 1;\n    }\n  }\n  return result;\n}\n```',
    'In this code, rename `values` to `silver`:\n```python\ndef count_of(values: list[int], n: int) -> int:\n    result = 0\n    for item in values:\n        if item == n:\n            result += 1\n    return result\n```',
  ]),
  greedy('question', [`Read this text and answer the question.\n\n${people()}\n\nWhat does Diana do for a living?`]),
  greedy('chat', [
    'How do I make a blueberry soup with pumpkin? It should take 20 minutes.',
    'Write a friendly e-mail from George to Vikram. George wishes Vikram a happy birthday.',
    'Tell me all you know about the monkey.',
    'Write a long story about a sparrow named Elena.',
  ]),
  ...[0, 0.8, 1].map(
    (temperature): Workload => ({ name: `prose-${temperature}`, temperature, prompts: [tale()], draft: 'own' }),
  ),
  { name: 'mix', temperature: 0, prompts: [chat('Write a long story about a rabbit named Ivan.')], draft: 'garbled' },
  {
    name: 'hopeless',
    temperature: 0.8,
    prompts: [chat('Write a long story about a fox named Ravi.')],
    draft: 'hopeless',
  },
];

function greedy(name: string, messages: readonly string[]): Workload {
  return { name, temperature: 0, prompts: messages.map(chat), draft: 'own' };
}

function chat(content: string): Prompt {
  return { messages: [{ role: 'user', content }] };
}

function records(line: (field: string, value: string, i: number) => string, separator: string): string {
  const fields = ['pages', 'author', 'year', 'title'];
  const books = [
    ['174', 'Lily Kim', '1939', 'The Happy Sugar'],
    ['810', 'Lucy Clark', '1855', 'The Soft Flower'],
    ['597', 'Tara Adams', '1868', 'The Poor Engine'],
    ['406', 'Noah Ali', '2023', 'The Bright Silver'],
  ];
  return books.map((book) => fields.map((field, i) => line(field, book[i]!, i)).join(separator)).join(separator);
}

/** Some 240 words. */
function people(): string {
  return [
    ['Grace', '57', 'Bogota', 'painter', 'chess'],
    ['Wendy', '31', 'Leeds', 'tailor', 'hiking'],
    ['Karl', '44', 'Ghent', 'baker', 'skiing'],
    ['Nora', '23', 'Dakar', 'pilot', 'pottery'],
    ['Felix', '62', 'York', 'farmer', 'tennis'],
    ['Uma', '38', 'Lima', 'nurse', 'reading'],
    ['Simon', '63', 'Kyoto', 'plumber', 'fishing'],
    ['Diana', '29', 'Denver', 'editor', 'climbing'],
    ['Ravi', '49', 'Chicago', 'cook', 'swimming'],
    ['Elena', '19', 'Oslo', 'actor', 'sewing'],
    ['Tom', '28', 'Paris', 'chemist', 'running'],
    ['Maria', '39', 'Munich', 'teacher', 'football'],
    ['Victor', '52', 'Cairo', 'builder', 'photography'],
    ['Julia', '69', 'Rome', 'doctor', 'gardening'],
    ['Chen', '65', 'Quito', 'waiter', 'singing'],
    ['Vera', '36', 'Delhi', 'dentist', 'drawing'],
    ['Paul', '24', 'Tokyo', 'sailor', 'cooking'],
    ['Sara', '47', 'Geneva', 'judge', 'dancing'],
  ]
    .map(
      ([name, age, city, job, hobby]) =>
        `${name} is ${age} years old and lives in ${city}. ${name} works as a ${job} and likes ${hobby}.`,
    )
    .join(' ');
}

/** The beginning of a tale that leaves everything open. */
function tale(): Prompt {
  return {
    text: "The king said to his daughter: 'I will proclaim a great feast that shall last for three days, and you shall throw a golden apple. Perhaps the unknown man will show himself.' When the feast was announced, the youth went out to the forest, and",
  };
}
