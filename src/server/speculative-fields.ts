/** How a request of any dialect chooses its speculation: `speculative: {n_max: 8}` or flat, `"speculative.n_max": 8`. */
import { z } from 'zod';
import { MODES, VERIFICATION_RULES } from '../engine/events.js';
import { DRAFTER_KINDS } from '../engine/request.js';
import type { ServiceRequest } from '../engine/service.js';
import { given } from '../given.js';
import { expected, integerField, numberField, optional } from './fields.js';
import { type ModelName, modeOf } from './model-names.js';

const shape = {
  mode: optional(z.enum(MODES, { error: expected(`one of ${MODES.join(', ')}`) })),
  n_min: integerField(0),
  n_max: integerField(0),
  p_min: numberField,
  leniency: numberField,
  drafters: optional(z.array(z.enum(DRAFTER_KINDS), { error: expected(`a list of ${DRAFTER_KINDS.join(', ')}`) })),
  verification: optional(z.enum(VERIFICATION_RULES, { error: expected(`one of ${VERIFICATION_RULES.join(', ')}`) })),
};

const nestedSchema = z.strictObject(shape);

/** Fields to spread into the schema of a request. */
export const speculativeFields = {
  speculative: optional(nestedSchema),
  'speculative.mode': shape.mode,
  'speculative.n_min': shape.n_min,
  'speculative.n_max': shape.n_max,
  'speculative.p_min': shape.p_min,
  'speculative.leniency': shape.leniency,
  'speculative.drafters': shape.drafters,
  'speculative.verification': shape.verification,
};

const schema = z.object(speculativeFields);

/** The engine's fields; of a key that is given both ways, the flat one counts, and a mode rather than the model's. */
export function speculationFrom(
  fields: z.output<typeof schema>,
  model: Pick<ModelName, 'mode' | 'writer'>,
): Pick<ServiceRequest, 'mode' | 'writer' | 'draft' | 'verification'> {
  const nested: Partial<z.output<typeof nestedSchema>> = fields.speculative ?? {};
  const value = <Name extends keyof typeof shape>(name: Name) =>
    (fields[`speculative.${name}`] ?? nested[name]) as z.output<(typeof shape)[Name]>;
  const draft = given({
    min: value('n_min'),
    max: value('n_max'),
    minConfidence: value('p_min'),
    leniency: value('leniency'),
    drafters: value('drafters'),
  });
  return {
    ...modeOf(model, value('mode')),
    ...given({ verification: value('verification') }),
    ...(Object.keys(draft).length > 0 && { draft }),
  };
}
