import { Command, CommanderError, type Option, type OptionValues } from 'commander';
import { OutriderError } from '../errors.js';
import { addAnswerFlags, addDraftingFlags, wishesFrom } from './run-flags.js';
import { addSamplingFlags } from './sampling-flags.js';

/** What `/set` may change from one answer to the next, by the names of the flags without their dashes. */
export class ChatSettings {
  readonly #options: readonly Option[];
  #values: OptionValues;

  /** @param flags what was asked for on the command line */
  constructor(flags: OptionValues) {
    this.#options = settingCommand().options;
    this.#values = Object.fromEntries(
      this.#options.flatMap((option) => {
        const name = option.attributeName();
        return flags[name] === undefined ? [] : [[name, flags[name]]];
      }),
    );
  }

  get names(): readonly string[] {
    return this.#options.map(nameOf);
  }

  /** What was set, as `name value`. */
  get lines(): readonly string[] {
    return this.#options.flatMap((option) => {
      const value: unknown = this.#values[option.attributeName()];
      return value === undefined ? [] : [`${nameOf(option)} ${shown(value)}`];
    });
  }

  /** All of a request but its prompt and its mode. */
  get wishes(): ReturnType<typeof wishesFrom> {
    return wishesFrom(this.#values);
  }

  /**
   * Without a value it is as if it had never been set. Of a list the value is the only one.
   * @throws OutriderError invalid_argument; nothing changes then
   */
  set(name: string, value: string | undefined): void {
    const option = this.#options.find((one) => nameOf(one) === name || one.short === `-${name}`);
    if (option === undefined) {
      throw new OutriderError('invalid_argument', `/set: there is no '${name}'; it knows ${this.names.join(', ')}`);
    }
    const { [option.attributeName()]: _, ...others } = this.#values;
    const values = value === undefined ? others : { ...others, ...parsed(option, value) };
    wishesFrom(values);
    this.#values = values;
  }
}

function settingCommand(): Command {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addAnswerFlags(command);
  addDraftingFlags(command);
  addSamplingFlags(command);
  return command;
}

/** A switch is on with any word but `off`. */
function parsed(option: Option, value: string): OptionValues {
  const flag = option.long!;
  if (!option.required) return value === 'off' ? {} : { [option.attributeName()]: true };
  try {
    return settingCommand()
      .parse([`${flag}=${value}`], { from: 'user' })
      .opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new OutriderError('invalid_argument', error.message.replace(/^error: /, ''));
  }
}

function nameOf({ long }: Option): string {
  return long!.slice(2);
}

function shown(value: unknown): string {
  if (value instanceof Map) return [...value].map(([token, bias]) => `${token}: ${bias}`).join(', ');
  return Array.isArray(value) ? value.join(', ') : String(value);
}
