import koffi from 'koffi';
import { CPU_PROCEDURES, type Functions, type Pointer } from './abi/v0.5.0/index.js';
import type { NativeDevice } from './library.js';

/** How long ggml's threads spin for the next pass, in units of some milliseconds. */
const POLL = { spin: 1, sleep: 0 } as const;

/** The processor back end's own functions for threads that outlive a pass. */
export interface PoolProcedures {
  readonly create: (params: object) => Pointer;
  readonly free: (pool: Pointer) => void;
}

/** `undefined` when the back end has none. It is a library that llama.cpp chooses, so its functions are asked for by name. */
export function findPoolProcedures(functions: Functions, devices: readonly NativeDevice[]): PoolProcedures | undefined {
  const cpu = devices.find(({ type }) => type === 'cpu');
  if (!cpu) return undefined;
  const registry = functions.ggml_backend_dev_backend_reg(cpu.handle);
  const procedure = (name: keyof typeof CPU_PROCEDURES) => {
    const address = functions.ggml_backend_reg_get_proc_address(registry, name);
    return address === null ? undefined : koffi.decode(address, CPU_PROCEDURES[name]);
  };
  const [create, free] = [procedure('ggml_threadpool_new'), procedure('ggml_threadpool_free')];
  return create && free && { create, free };
}

/**
 * The threads of one context, which otherwise are started and joined in every pass: a tenth of a pass of the embedded
 * models. Contexts do not share them: ggml puts a pool to sleep when a context changes to another, and a pass that
 * another context has just begun on it would then wait for ever.
 */
export class ThreadPools {
  readonly #functions: Functions;
  readonly #procedures: PoolProcedures | undefined;
  readonly #betweenPasses: keyof typeof POLL;
  readonly #pools = new Map<number, Pointer>();

  constructor(
    functions: Functions,
    procedures: PoolProcedures | undefined,
    betweenPasses: keyof typeof POLL = 'sleep',
  ) {
    this.#betweenPasses = betweenPasses;
    this.#functions = functions;
    this.#procedures = procedures;
  }

  /** Gives a context the threads for passes of `threads` threads. No pass may be running. */
  attach(context: Pointer, threads: number): void {
    const pool = this.#pool(threads);
    if (pool === undefined) this.#functions.llama_detach_threadpool(context);
    else this.#functions.llama_attach_threadpool(context, pool, pool);
  }

  /** Ends the threads. Only after the context is freed: it keeps the addresses of pools that it has left. */
  free(): void {
    for (const pool of this.#pools.values()) this.#procedures?.free(pool);
    this.#pools.clear();
  }

  /** One thread needs no pool: the calling one. */
  #pool(threads: number): Pointer | undefined {
    if (threads === 1 || !this.#procedures) return undefined;
    const known = this.#pools.get(threads);
    if (known !== undefined) return known;
    const params = { ...this.#functions.ggml_threadpool_params_default(threads), poll: POLL[this.#betweenPasses] };
    const pool = this.#procedures.create(params);
    this.#pools.set(threads, pool);
    return pool;
  }
}
