import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../api/duration.ts';
import type { PrometheusConfig } from '../prometheus/source.ts';
import { duration } from './run-options.ts';
import type { Loaded } from './template-file.ts';

/** How to reach a Prometheus without a ClusterMetricSource. */
export interface SourceOptions {
  prometheus: string;
  header: Record<string, string>;
  basic?: string;
  bearerFile?: string;
  timeout: string;
}

export function addSourceOptions(command: Command): Command {
  return command
    .requiredOption('--prometheus <url>', 'base URL of a Prometheus-compatible server')
    .addOption(
      new Option('--header <name=value>', 'a header for its requests; may be repeated')
        .argParser(collectHeader)
        .default({}, 'none'),
    )
    .option('--basic <user:file>', 'user, and the file that holds the password')
    .option('--bearer-file <file>', 'file that holds a bearer token')
    .option('--timeout <duration>', 'the longest that one query may take', duration, '30s');
}

/** The configuration of the adapter; passwords and tokens come from files, so that no list of processes shows them. */
export async function sourceConfig(options: SourceOptions): Promise<Loaded<PrometheusConfig>> {
  const url = URL.parse(options.prometheus);
  if (!url || !/^https?:$/.test(url.protocol)) {
    return { ok: false, message: `--prometheus ${options.prometheus} is not an http or https URL` };
  }
  if (url.username || url.password) {
    return {
      ok: false,
      message: '--prometheus has a user or password in it: give --basic USER:FILE instead',
    };
  }
  const config: PrometheusConfig = {
    address: options.prometheus,
    headers: options.header,
    timeoutMs: durationMs(options.timeout),
    evaluationDelayMs: 0,
  };
  if (options.basic !== undefined && options.bearerFile !== undefined) {
    return { ok: false, message: 'give --basic or --bearer-file, not both' };
  }
  if (options.basic !== undefined) {
    const [, username, file] = /^([^:]+):(.+)$/.exec(options.basic) ?? [];
    if (username === undefined || file === undefined) {
      return { ok: false, message: '--basic is USER:FILE, where FILE holds the password' };
    }
    const password = await readSecret(file);
    return password.ok
      ? { ok: true, value: { ...config, basic: { username, password: password.value } } }
      : password;
  }
  if (options.bearerFile !== undefined) {
    const bearer = await readSecret(options.bearerFile);
    return bearer.ok ? { ok: true, value: { ...config, bearer: bearer.value } } : bearer;
  }
  return { ok: true, value: config };
}

/** Without the line break that many files end with. */
async function readSecret(file: string): Promise<Loaded<string>> {
  try {
    return { ok: true, value: (await readFile(file, 'utf8')).trimEnd() };
  } catch (error) {
    return { ok: false, message: `${file} cannot be read: ${(error as Error).message}` };
  }
}

function collectHeader(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([!#$%&'*+.^`|~\w-]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('give NAME=VALUE');
  return { ...before, [name]: value };
}
