/** Fields that ask for what this server cannot do yet: refused in words, never dropped in silence. */
import { Failure } from './failure.js';

type Body = Readonly<Record<string, unknown>>;

/** Whether the value asks for something. Absent, null and empty values ask for nothing, and so do those named here. */
const ASKS: Readonly<Record<string, (value: unknown, body: Body) => boolean>> = {
  response_format: (format) => typeOf(format) !== 'text',
  tools: (_, { tool_choice }) => tool_choice !== 'none',
  tool_choice: (choice) => choice !== 'none' && choice !== 'auto',
  functions: (_, { function_call }) => function_call !== 'none',
  function_call: (call) => call !== 'none' && call !== 'auto',
  grammar: () => true,
  grammar_string: () => true,
  json_schema: () => true,
  suffix: () => true,
  audio: () => true,
  add_generation_prompt: (value, { continue_final_message }) => value !== true && continue_final_message !== true,
};

/** @throws Failure invalid_request that names the first field that asks for something that is not supported */
export function refuseUnsupported(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  for (const [field, asks] of Object.entries(ASKS)) {
    const value = (body as Body)[field];
    if (isEmpty(value) || !asks(value, body as Body)) continue;
    throw new Failure('invalid_request', `${field}: this server does not support it yet; leave it out`, {
      parameter: field,
    });
  }
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as Body).type : undefined;
}
