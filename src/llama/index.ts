export type { NativeFunction, Pointer } from './abi/v0.5.0/index.js';
export { type BackendOptions, inspectLibraries, type LlamaBackend, type ModelOutline, openBackend } from './backend.js';
export type { GgufFile, GgufTensor, GgufType, GgufValue } from './gguf.js';
export type { Candidate, LibraryReport, Location } from './locate.js';
export type { LogLevel, LogSink } from './log.js';
export type { LlamaModel } from './model.js';
export { type NativeCandidates, NativeChain, type NativeChainOptions, type NativeStep } from './native-chain.js';
