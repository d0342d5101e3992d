// @ts-check
/** Prompts of a fixed length, made of the workloads of `outrider bench`. */
import { WORKLOADS } from '../dist/bench/workloads.js';

/** @typedef {{ name: string, prompts: (readonly number[])[] }} TokenWorkload */

/** @param {string} url of an Outrider server @param {string} path @param {object} body @returns {Promise<any>} */
async function ask(url, path, body) {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/**
 * The greedy workloads that draft with the models that are loaded, as tokens.
 * @param {string} url of an Outrider server, which knows the vocabulary and the chat template
 * @returns {Promise<TokenWorkload[]>}
 */
export async function tokenWorkloads(url) {
  const greedy = WORKLOADS.filter(({ temperature, draft }) => temperature === 0 && draft === 'own');
  const tokensOf = async (/** @type {import('../dist/bench/workloads.js').Workload['prompts'][number]} */ prompt) => {
    if ('tokens' in prompt) return prompt.tokens;
    const text = 'text' in prompt ? prompt.text : (await ask(url, '/apply-template', prompt)).prompt;
    return /** @type {readonly number[]} */ ((await ask(url, '/tokenize', { content: text })).tokens);
  };
  return Promise.all(
    greedy.map(async ({ name, prompts }) => ({ name, prompts: await Promise.all(prompts.map(tokensOf)) })),
  );
}

/**
 * Prompts of exactly `length` tokens: each one's own end, and before it, as what was said earlier, the other workloads.
 * @param {readonly TokenWorkload[]} workloads
 * @param {number} length
 * @returns {TokenWorkload[]}
 */
export function ofLength(workloads, length) {
  return workloads.map(({ name, prompts }) => {
    const others = workloads.filter((other) => other.name !== name).flatMap((other) => other.prompts.flat());
    return {
      name,
      prompts: prompts.map((prompt) => {
        const before = length - prompt.length;
        if (before <= 0) return prompt.slice(-length);
        const earlier = Array.from({ length: Math.ceil(before / others.length) }, () => others).flat();
        return [...earlier.slice(-before), ...prompt];
      }),
    };
  });
}

/**
 * What is sent at once, as often as it takes to have each workload in it: requests in the order of the workloads.
 * @param {readonly TokenWorkload[]} workloads
 * @param {number} concurrency
 * @returns {{ name: string, prompts: (readonly number[])[] }[]}
 */
export function groupsOf(workloads, concurrency) {
  const groups = Math.ceil(workloads.length / concurrency);
  return Array.from({ length: groups }, (_, group) => {
    const members = Array.from({ length: concurrency }, (_, i) => {
      const at = group * concurrency + i;
      const { name, prompts } = /** @type {TokenWorkload} */ (workloads[at % workloads.length]);
      const round = Math.floor(at / workloads.length);
      return { name, prompt: /** @type {readonly number[]} */ (prompts[round % prompts.length]) };
    });
    return {
      name: [...new Set(members.map(({ name }) => name))].join(' '),
      prompts: members.map(({ prompt }) => prompt),
    };
  });
}
