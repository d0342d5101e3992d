import type { EngineService } from '../../engine/service.js';
import { ReasoningSplitter } from '../../text/reasoning.js';
import { chatOf } from '../chat-fields.js';
import type { ChatBody } from '../chat-request.js';
import { beginsInReasoning } from '../reasoning.js';

/** What keeps reasoning apart from the answer of one choice; without the wish, or the tags, nothing is. */
export type SplitterFactory = () => ReasoningSplitter | undefined;

export async function splitterFor(
  body: ChatBody,
  service: Pick<EngineService, 'description' | 'render'>,
): Promise<SplitterFactory> {
  if (body.reasoning_format === 'none') return () => undefined;
  const opened = await beginsInReasoning(chatOf(body), service);
  return () => new ReasoningSplitter(opened);
}
