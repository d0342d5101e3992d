import { expect } from 'vitest';
import { openai } from '../../openai/index.js';
import { testServer as serverOf, type TestServerOptions } from '../../testing/app.js';
import { kobold } from '../index.js';

export const GENERATE = '/api/v1/generate';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
export type Json = any;

/** A server with this dialect, and OpenAI's for all other paths. */
export const testServer = (options: TestServerOptions = {}) => serverOf({ dialects: [kobold, openai], ...options });

/** The body of an answer that must have this status. */
export const json = async (response: Response | Promise<Response>, status = 200): Promise<Json> => {
  const answer = await response;
  expect(answer.status, await answer.clone().text()).toBe(status);
  return answer.json();
};
