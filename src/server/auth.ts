import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether a request carries one of the keys, as `Authorization: Bearer` or `X-Api-Key`; true where there are none. */
export function hasKey(headers: Headers, keys: readonly string[]): boolean {
  if (keys.length === 0) return true;
  const bearer = /^bearer\s+(.+)$/i.exec(headers.get('authorization') ?? '')?.[1]?.trim();
  const given = [bearer, headers.get('x-api-key')?.trim()].filter((key) => key !== undefined);
  return given.some((key) => isOneOf(key, keys));
}

/** Digests have one length and every key is compared, so that the time tells nothing of a key. */
function isOneOf(given: string, keys: readonly string[]): boolean {
  const digest = sha256(given);
  return keys.map((key) => timingSafeEqual(sha256(key), digest)).includes(true);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
