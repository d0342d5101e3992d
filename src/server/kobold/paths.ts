/** KoboldAI's newest interface is also called `latest`. */
export function pathsOf(path: string): readonly [string, ...string[]] {
  return path.startsWith('/api/v1/') ? [path, path.replace('/api/v1/', '/api/latest/')] : [path];
}

const OWN = ['/api/v1/', '/api/latest/', '/api/extra/', '/sdapi/'];

export function isKobold(path: string): boolean {
  return OWN.some((beginning) => path.startsWith(beginning));
}

/**
 * KoboldCpp looks at the end of a path alone, so its clients' base URL may have any path: `/proxy/api/v1/model` is
 * `/api/v1/model`.
 */
export function withoutPrefix(path: string): string {
  const start = Math.max(...OWN.map((beginning) => path.lastIndexOf(beginning)));
  return start > 0 ? path.slice(start) : path;
}
