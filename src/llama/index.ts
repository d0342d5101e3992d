export type { NativeFunction, Pointer } from './abi/v0.5.0/index.js';
export { type BackendOptions, inspectLibraries, type LlamaBackend, type ModelOutline, openBackend } from './backend.js';
export type { GgufArray, GgufFile, GgufTensor, GgufType, GgufValue } from './gguf.js';
export type { FillRow, GgufChanges, GgufEntry, GgufTensorPlan } from './gguf-write.js';
export type { Candidate, LibraryReport, Location } from './locate.js';
export type { LogLevel, LogSink } from './log.js';
export type { LlamaModel } from './model.js';
export { type NativeCandidates, NativeChain, type NativeChainOptions, type NativeStep } from './native-chain.js';
export type { FileType } from './quantize.js';
