import { isIP } from 'node:net';

/**
 * Whether a request with this Host header may be answered. A page of another origin can point a name of its own at this
 * machine (DNS rebinding) and would then be of the server's origin; it cannot do so with an address or with localhost.
 * @param allowed further names, lower case
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  // Browsers always send one; whoever does not is no page.
  if (header === undefined) return true;
  const name = hostName(header);
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0 || allowed.includes(name);
}

/** A Host header without its port, lower case, IPv6 addresses without brackets, without a root dot. */
export function hostName(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header.trim());
  const name = bracketed?.[1] ?? header.trim().replace(/:\d*$/, '');
  return name.toLowerCase().replace(/\.$/, '');
}
