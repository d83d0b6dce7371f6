import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readCaBundle } from '../api/ca-bundle.ts';
import { durationMs } from '../api/duration.ts';
import type { TlsConfig } from '../prometheus/agent.ts';
import type { PrometheusConfig } from '../prometheus/source.ts';
import { fileTrouble } from './file-trouble.ts';
import { duration } from './run-options.ts';
import type { Loaded } from './template-file.ts';

/** How to reach a Prometheus without a ClusterMetricSource. */
export interface SourceOptions {
  prometheus: string;
  header: Record<string, string>;
  basic?: string;
  bearerFile?: string;
  caFile?: string;
  insecureSkipTlsVerify?: true;
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
    .option('--ca-file <file>', 'certificates in PEM that are trusted in place of the public authorities')
    .option('--insecure-skip-tls-verify', 'trust any certificate, and so anyone in between')
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
  const tls = await tlsOf(options);
  if (!tls.ok) return tls;
  const config: PrometheusConfig = {
    ...(tls.value && { tls: tls.value }),
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

async function tlsOf({
  caFile,
  insecureSkipTlsVerify,
}: SourceOptions): Promise<Loaded<TlsConfig | undefined>> {
  if (caFile !== undefined && insecureSkipTlsVerify) {
    return { ok: false, message: 'give --ca-file or --insecure-skip-tls-verify, not both' };
  }
  if (insecureSkipTlsVerify) return { ok: true, value: { insecureSkipVerify: true } };
  if (caFile === undefined) return { ok: true, value: undefined };
  const text = await readSecret(caFile);
  if (!text.ok) return text;
  const bundle = readCaBundle(text.value);
  return bundle.ok
    ? { ok: true, value: { ca: bundle.pem } }
    : { ok: false, message: `--ca-file ${caFile} ${bundle.message}` };
}

/** Without the line break that many files end with. */
async function readSecret(file: string): Promise<Loaded<string>> {
  try {
    return { ok: true, value: (await readFile(file, 'utf8')).trimEnd() };
  } catch (error) {
    return { ok: false, message: `${file} cannot be read: ${fileTrouble(error)}` };
  }
}

function collectHeader(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([!#$%&'*+.^`|~\w-]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('give NAME=VALUE');
  return { ...before, [name]: value };
}
