import type { Chat } from '../engine/request.js';
import type { EngineService } from '../engine/service.js';
import { opensReasoning } from '../text/reasoning.js';

/** Whether the prompt that a chat becomes has opened the model's reasoning, so that the answer begins inside it. */
export async function beginsInReasoning(
  chat: Chat,
  service: Pick<EngineService, 'description' | 'render'>,
): Promise<boolean> {
  // Only a template that knows the tag can have opened it.
  const mayOpen = service.description.target.chatTemplate?.includes('<think>') ?? false;
  return mayOpen && opensReasoning(await service.render(chat));
}
