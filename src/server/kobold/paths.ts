/** KoboldAI's newest interface is also called `latest`. */
export function pathsOf(path: string): readonly [string, ...string[]] {
  return path.startsWith('/api/v1/') ? [path, path.replace('/api/v1/', '/api/latest/')] : [path];
}
