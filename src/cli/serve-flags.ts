import type { Command } from 'commander';
import { MODES, type Mode } from '../engine/events.js';
import type { EngineOptions } from '../engine/options.js';
import { given } from '../given.js';
import type { RouteRules } from '../routing/index.js';
import { LOG_LEVELS, type LogLevel } from '../server/logging.js';
import { SERVER_DEFAULTS, type ServerSettings } from '../server/settings.js';
import { addContextShiftFlag, addModelFlags, engineOptionsFrom, type ModelFlags } from './model-flags.js';
import { anyText, integer, listOption, number, oneOf, type Reader, valueOption } from './options.js';

/** KoboldCpp's address: its front ends find it. */
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 5001;

const MEBIBYTE = 2 ** 20;

/** What commander makes of the flags of `serve`; the config file has the same names. */
export interface ServeFlags extends ModelFlags {
  readonly host?: string;
  readonly port?: number;
  readonly mode?: Mode;
  /** In a config file only. */
  readonly routes?: RouteRules;
  readonly parallel?: number;
  readonly queue?: number;
  readonly cacheRam?: number;
  readonly apiKey?: readonly string[];
  readonly apiKeyFile?: string;
  readonly allowedHost?: readonly string[];
  readonly corsOrigin?: readonly string[];
  /** MiB. */
  readonly bodyLimit?: number;
  /** Seconds. */
  readonly stopTimeout?: number;
  readonly inProcess?: boolean;
  /** Seconds. */
  readonly passTimeout?: number;
  readonly loadTimeout?: number;
  readonly metrics?: boolean;
  readonly slots?: boolean;
  readonly logLevel?: LogLevel;
  readonly logText?: boolean;
  readonly config?: string;
  readonly verbose?: boolean;
}

const seconds: Reader<number> = {
  expected: 'a number of seconds, at least 0',
  read: (text) => {
    const value = number.read(text);
    return value !== undefined && value >= 0 ? value : undefined;
  },
};

const atLeastOne = integer({ from: 1 });

export function addServeFlags(command: Command): Command {
  addAddressFlags(command);
  addRequestFlags(command);
  addModelFlags(command);
  addContextShiftFlag(command);
  command.option('--strict', 'with and without drafts the same text, bit for bit, for some speed');
  addOperationFlags(command);
  return command;
}

function addAddressFlags(command: Command): void {
  command.optionsGroup('Address and access:');
  command.addOption(
    valueOption('--host <address>', `where to listen; 0.0.0.0: for other machines too (${DEFAULT_HOST})`, anyText),
  );
  command.addOption(
    valueOption('--port <number>', `0: any free one (${DEFAULT_PORT})`, integer({ from: 0, to: 65_535 })),
  );
  command.addOption(listOption('--api-key <key>', 'clients need one of these keys; also OUTRIDER_API_KEY', anyText));
  command.option('--api-key-file <path>', 'keys, one a line');
  command.addOption(
    listOption('--allowed-host <name>', 'a name, beside localhost and addresses, by which clients may ask', anyText),
  );
  command.addOption(
    listOption(
      '--cors-origin <origin>',
      "pages of these origins only, or of 'localhost' (any, without cookies)",
      anyText,
    ),
  );
}

function addRequestFlags(command: Command): void {
  command.optionsGroup('Requests:');
  command.addOption(
    valueOption(
      `--mode <${MODES.join('|')}>`,
      'of requests that name neither a mode nor a model that stands for one (speculative)',
      oneOf(MODES),
    ),
  );
  command.addOption(valueOption('--parallel <count>', 'requests that run at once; others wait (1)', atLeastOne));
  command.addOption(
    valueOption('--queue <count>', 'requests that may wait; more are told to ask again (64)', integer({ from: 0 })),
  );
  command.addOption(
    valueOption(
      '--cache-ram <MiB>',
      'memory for chats whose slot another took; 0: none (1024, a tenth of the memory at most)',
      integer({ from: 0 }),
    ),
  );
  command.addOption(valueOption('--body-limit <MiB>', 'the largest request (32)', atLeastOne));
  command.addOption(
    valueOption('--stop-timeout <seconds>', 'what running requests have when the server is stopped (10)', seconds),
  );
}

function addOperationFlags(command: Command): void {
  command.optionsGroup('Operation:');
  command.option(
    '--config <path>',
    'flags as JSON, {"port": 8080}; those typed win (outrider.config.json where there is one)',
  );
  command.option('--in-process', 'the engine in this process: a crash of it ends the server');
  command.addOption(
    valueOption(
      '--pass-timeout <seconds>',
      'a pass that takes longer, and 20 times longer than usual, hangs: the engine is started again (300)',
      atLeastOne,
    ),
  );
  command.addOption(
    valueOption(
      '--load-timeout <seconds>',
      'loading that makes no progress for so long hangs: it is begun again (600)',
      atLeastOne,
    ),
  );
  command.option('--no-metrics', '/metrics is off');
  command.option('--no-slots', '/slots is off');
  command.addOption(
    valueOption(`--log-level <${LOG_LEVELS.join('|')}>`, 'what is logged on standard error (info)', oneOf(LOG_LEVELS)),
  );
  command.option('--log-text', 'prompts and answers too are logged');
  command.option('-v, --verbose', 'llama.cpp’s log on standard error');
}

/** What to load for a server. */
export function servedEngine(flags: ServeFlags): EngineOptions {
  return {
    ...engineOptionsFrom(flags),
    ...given({
      routes: flags.routes,
      parallel: flags.parallel,
      queue: flags.queue,
      cacheRamBytes: flags.cacheRam === undefined ? undefined : flags.cacheRam * 2 ** 20,
      strict: flags.strict,
      passTimeoutMs: flags.passTimeout === undefined ? undefined : flags.passTimeout * 1000,
      loadTimeoutMs: flags.loadTimeout === undefined ? undefined : flags.loadTimeout * 1000,
    }),
  };
}

export function settingsFrom(flags: ServeFlags, apiKeys: readonly string[]): ServerSettings {
  return {
    ...SERVER_DEFAULTS,
    apiKeys,
    // Who listens by a name is called so.
    allowedHosts: [...(flags.allowedHost ?? []), ...(flags.host === undefined ? [] : [flags.host])].map((name) =>
      name.toLowerCase(),
    ),
    ...given({
      mode: flags.mode,
      corsOrigins: flags.corsOrigin,
      bodyLimitBytes: flags.bodyLimit === undefined ? undefined : flags.bodyLimit * MEBIBYTE,
      stopMs: flags.stopTimeout === undefined ? undefined : flags.stopTimeout * 1000,
      logText: flags.logText,
      metrics: flags.metrics,
      slots: flags.slots,
    }),
  };
}
