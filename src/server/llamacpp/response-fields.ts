/**
 * `response_fields`: only these of the answer's fields; `a/b` is the field `b` of `a` and comes out under the whole path.
 * Names of what is not there are passed over. Without names, all of it.
 */
export function chosenFields(answer: object, paths: readonly string[]): object {
  if (paths.length === 0) return answer;
  const chosen: [string, unknown][] = [];
  for (const path of paths) {
    const value = path.split('/').reduce(fieldOf, answer as unknown);
    if (value !== undefined) chosen.push([path, value]);
  }
  return Object.fromEntries(chosen);
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
