import { styleText } from 'node:util';

/** Whether to colour what goes to a stream: as Node itself decides, with the environment as a parameter. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: force, NO_COLOR: never, TERM: kind } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return stream.isTTY === true && (never ?? '') === '' && kind !== 'dumb';
}

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Wraps texts in colours, or leaves them as they are. */
export function painter(colour: boolean): Paint {
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

/**
 * The text with control characters (C0, DEL, C1) spelled out as `\x1b`, save those in `kept`: what a model or a file
 * says must not move the cursor or give orders to the terminal.
 */
export function visible(text: string, kept = ''): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => (kept.includes(control) ? control : spell(control)));
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function spell(control: string): string {
  return SHORT[control] ?? `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
