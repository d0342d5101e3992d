import { callsAsText, changeRole } from './arrangements.js';
import { JinjaTemplate } from './jinja-template.js';
import type { TemplateMessage } from './messages.js';
import { TemplateError } from './template-error.js';

/** What a template is given beside the messages. */
export interface TemplateContext {
  /** Whether the header of the assistant's next turn comes last. */
  readonly addGenerationPrompt: boolean;
  readonly tools: readonly unknown[];
  /** What a template may ask for beyond the usual, such as `enable_thinking`. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A chat format: messages in, text out. */
export interface TemplateWriter {
  readonly source: 'file' | 'builtin' | 'chatml';
  /** Whether definitions of tools reach the text. */
  readonly showsTools: boolean;
  /** @throws TemplateError */
  write(messages: readonly TemplateMessage[], context: TemplateContext): string;
}

/** What a model brings for its chat format. */
export interface TemplateModel {
  /** The Jinja template of the model's file. */
  readonly chatTemplate: string | undefined;
  /** The kernels' own formats, by name or, without one, by what the file's template looks like. */
  readonly applyBuiltinTemplate: (
    name: string | undefined,
    messages: readonly { readonly role: string; readonly content: string }[],
  ) => string | undefined;
  /** Whether `text` is one control token of the vocabulary. */
  readonly isControlToken: (text: string) => boolean;
  /** The texts of the tokens that begin and end a text; empty where the vocabulary has none. */
  readonly bosText: string;
  readonly eosText: string;
}

/**
 * Writes by the template of the model's file.
 * @throws TemplateError `broken`: there is none, or it cannot be parsed
 */
export function fileWriter(model: TemplateModel, now: () => Date): TemplateWriter {
  const source = model.chatTemplate;
  if (source === undefined || source.trim() === '') throw new TemplateError('broken', 'the model file has none');
  const template = new JinjaTemplate(source);
  // A template that never mentions calls would drop them, and with them what the results that follow answer.
  const showsCalls = source.includes('tool_calls');
  return {
    source: 'file',
    showsTools: source.includes('tools'),
    write: (messages, { addGenerationPrompt, tools, variables }) => {
      const shown = {
        ...variables,
        messages: showsCalls ? messages : callsAsText(messages),
        add_generation_prompt: addGenerationPrompt,
        bos_token: model.bosText,
        eos_token: model.eosText,
        // None rather than an empty list or no variable at all: that is what Transformers gives, and templates test for.
        tools: tools.length > 0 ? tools : null,
      };
      return template.render(shown, now());
    },
  };
}

/** Formats by the control tokens that give them away; the kernels know them under these names. */
const FORMATS: readonly { readonly name: string; readonly marks: readonly string[] }[] = [
  { name: 'chatml', marks: ['<|im_start|>', '<|im_end|>'] },
  { name: 'llama3', marks: ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'] },
  { name: 'gemma', marks: ['<start_of_turn>', '<end_of_turn>'] },
  { name: 'phi3', marks: ['<|user|>', '<|assistant|>', '<|end|>'] },
  { name: 'mistral-v7', marks: ['[INST]', '[/INST]', '[SYSTEM_PROMPT]'] },
  { name: 'mistral-v3', marks: ['[INST]', '[/INST]'] },
  { name: 'deepseek3', marks: ['<｜User｜>', '<｜Assistant｜>'] },
];

/**
 * Writes by a format of the kernels: what they take the file's template for, or else the one whose marks the vocabulary
 * has as control tokens; `undefined` where neither is known.
 */
export function builtinWriter(model: TemplateModel): TemplateWriter | undefined {
  const byMarks = FORMATS.filter(({ marks }) => marks.every((mark) => model.isControlToken(mark)));
  const names = [...(model.chatTemplate === undefined ? [] : [undefined]), ...byMarks.map(({ name }) => name)];
  const probe = [{ role: 'user', content: 'probe' }];
  const index = names.findIndex((name) => model.applyBuiltinTemplate(name, probe)?.includes('probe'));
  if (index < 0) return undefined;
  return {
    source: 'builtin',
    showsTools: false,
    write: (messages) => {
      const text = model.applyBuiltinTemplate(names[index], plainMessages(messages));
      if (text === undefined) throw new TemplateError('broken', 'the built-in format gave no text');
      return text;
    },
  };
}

/** Writes ChatML, the format that most models were shown and many were trained on. */
export const CHATML_WRITER: TemplateWriter = {
  source: 'chatml',
  showsTools: false,
  write: (messages, { addGenerationPrompt }) => {
    const turns = plainMessages(messages).map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`);
    return turns.join('') + (addGenerationPrompt ? '<|im_start|>assistant\n' : '');
  },
};

/** Only the three roles that every format has. */
function plainMessages(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return changeRole(changeRole(callsAsText(messages), 'developer', 'system'), 'tool', 'user');
}
