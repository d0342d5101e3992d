/** Fields that ask for what this server cannot do yet: refused in words, never dropped in silence. */
import { Failure } from './failure.js';

type Body = Readonly<Record<string, unknown>>;

/** Whether the value asks for something. Absent, null and empty values ask for nothing, and so do those named here. */
type Asks = Readonly<Record<string, (value: unknown, body: Body) => boolean>>;

const OPENAI: Asks = {
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

/** KoboldCpp's. SillyTavern sends all that concern sampling, with values at which they are off. */
const KOBOLD: Asks = {
  top_a: (value) => value !== 0,
  smoothing_factor: (value) => value !== 0,
  adaptive_target: (value) => !(typeof value === 'number' && value < 0),
  guidance_scale: (value) => value !== 0 && value !== 1,
  // Where guidance is off its prompt may stay.
  negative_prompt: (_, { guidance_scale }) => isEmpty(guidance_scale),
  grammar: () => true,
  grammar_retain_state: (value) => value !== false,
  render_special: (value) => value !== false,
  images: () => true,
};

/** @throws Failure invalid_request that names the first field that asks for something that is not supported */
export function refuseUnsupported(body: unknown): void {
  refuseAsked(body, OPENAI);
}

/** The same for what KoboldCpp's requests may ask for. */
export function refuseUnsupportedByKobold(body: unknown): void {
  refuseAsked(body, KOBOLD);
}

function refuseAsked(body: unknown, fields: Asks): void {
  if (typeof body !== 'object' || body === null) return;
  for (const [field, asks] of Object.entries(fields)) {
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
