/** An address in native memory. `null` is C's NULL. */
export type Pointer = bigint;

/** Memory that native code may read or write during a call: an address, or a view whose bytes are lent for the call. */
export type Memory = Pointer | NodeJS.TypedArray | ArrayBuffer | null;

/** A C prototype as koffi parses it, with the TypeScript type of the function beside it. */
export type Prototype<Signature extends (...parameters: never[]) => unknown> = string & {
  readonly signature?: Signature;
};

export function prototype<Signature extends (...parameters: never[]) => unknown>(
  definition: string,
): Prototype<Signature> {
  return definition;
}

/** A bound function: called directly it blocks the event loop; `.async` runs it on libuv's pool. */
export type NativeFunction<Signature extends (...parameters: never[]) => unknown> = Signature & {
  async(...parameters: [...Parameters<Signature>, (error: Error | null, result: ReturnType<Signature>) => void]): void;
};

/** The bound functions of a table of prototypes. */
export type Bound<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Prototype<infer Signature> ? NativeFunction<Signature> : never;
};

/** Calls on libuv's pool; the arguments must stay alive and unchanged until the promise settles. */
export function callAsync<Parameters extends unknown[], Result>(
  // biome-ignore lint/suspicious/noExplicitAny: koffi's own callback is loosely typed; the signature below is exact
  native: ((...parameters: Parameters) => Result) & { async(...parameters: any[]): void },
  ...parameters: Parameters
): Promise<Result> {
  return new Promise((resolve, reject) => {
    native.async(...parameters, (error: Error | null, result: Result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
