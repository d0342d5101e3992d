/** Prompts of plain completions: texts, tokens, both mixed, or several of them. */
import { z } from 'zod';
import type { Prompt } from '../engine/request.js';
import type { EngineService } from '../engine/service.js';
import { expected } from './fields.js';

const token = z.number().int();
/** A text, tokens, or texts and tokens mixed. */
const single = z.union([z.string(), z.array(z.union([z.string(), token]))]);

export const promptField = z.union([z.string(), z.array(z.union([z.string(), token, single]))], {
  error: expected('a string, a list of strings, tokens or a list of lists of tokens'),
});

/** A list with any number in it is one prompt; any other list is a list of prompts. */
export async function promptsOf(
  given: z.output<typeof promptField>,
  service: Pick<EngineService, 'tokenize'>,
): Promise<readonly Prompt[]> {
  if (typeof given === 'string') return [{ text: given }];
  if (given.some((item) => typeof item === 'number')) return [await singlePrompt(given as Mixed, service)];
  return Promise.all(given.map((item) => singlePrompt(item as string | Mixed, service)));
}

type Mixed = readonly (string | number)[];

async function singlePrompt(given: string | Mixed, service: Pick<EngineService, 'tokenize'>): Promise<Prompt> {
  if (typeof given === 'string') return { text: given };
  const stretches = await Promise.all(
    given.map(async (item, index) => {
      if (typeof item === 'number') return [item];
      // Only a text at the very beginning begins the prompt.
      const { tokens } = await service.tokenize({ text: item }, { addSpecial: index === 0, parseSpecial: true });
      return tokens;
    }),
  );
  return { tokens: stretches.flat() };
}
