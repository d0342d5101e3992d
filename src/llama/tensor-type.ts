import { type Functions, GGML_TYPE } from './abi/v0.5.0/index.js';

/** ggml's number of a type that it knows by this name (`q8_0`). */
export function typeNumber(functions: Functions, name: string): number {
  for (let type = 0; type < GGML_TYPE.COUNT; type++) if (functions.ggml_type_name(type) === name) return type;
  throw new RangeError(`ggml has no tensor type ${name}`);
}
