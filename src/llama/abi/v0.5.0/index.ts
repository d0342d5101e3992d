/** llama.cpp v0.5.0's binary interface, as far as Outrider uses it. A new release gets a folder of its own beside this. */
export type { Memory, NativeFunction, Pointer } from '../prototype.js';
export { callAsync } from '../prototype.js';
export * from './constants.js';
export * from './functions.js';
export * from './ggml-functions.js';
export * from './layouts.js';
export * from './llama-functions.js';
