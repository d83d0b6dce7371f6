import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GivenArgument } from '../analysis/arguments.ts';
import { resolveArguments } from '../analysis/arguments.ts';
import { checkRun, checkTemplate } from '../analysis/check-template.ts';
import { placeholdersIn } from '../analysis/placeholders.ts';
import type { AnalysisRunSpec, RunTarget } from '../api/analysis-run.ts';
import { parseDurationMs } from '../api/duration.ts';
import type { SchemaFault } from '../api/kind.ts';
import { faulty, type Loaded, type LoadedTemplate } from './template-file.ts';

/** What a template is run on, where no cluster says it. */
export interface RunOptions {
  arg: GivenArgument[];
  namespace: string;
  workload?: string;
  rollout?: string;
  weight?: number;
  canaryPods?: string;
  stablePods?: string;
  canaryHash?: string;
  stableHash?: string;
  maxDuration?: string;
}

export function addRunOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '-f, --file <file>',
        'YAML file, or folder of such files, with the template and those that it nests; may be repeated, and - is the standard input',
      )
        .argParser((file: string, before: string[] = []) => [...before, file])
        .makeOptionMandatory(),
    )
    .option('--template <name>', 'which template, where there are several that no other nests')
    .addOption(
      new Option('--arg <name=value>', 'an argument of the template; may be repeated')
        .argParser(collectArgument)
        .default([], 'none'),
    )
    .option('--namespace <name>', 'what {{namespace}} stands for', 'default')
    .option('--workload <name>', 'what {{workload.name}} stands for')
    .option('--rollout <name>', 'what {{rollout.name}} stands for')
    .option('--weight <percent>', 'what {{step.weight}} stands for', wholeNumber)
    .option('--canary-pods <regex>', 'what {{canary.pods}} stands for: it matches whole names of pods')
    .option('--stable-pods <regex>', 'what {{stable.pods}} stands for')
    .option('--canary-hash <hash>', 'what {{canary.hash}} stands for')
    .option('--stable-hash <hash>', 'what {{stable.hash}} stands for')
    .option('--max-duration <duration>', 'how long the analysis may take', duration, '1h');
}

/** The spec of a run of this template, checked as admission checks it; or everything that is wrong with it. */
export function runSpec(
  template: LoadedTemplate,
  options: RunOptions,
  windowStart?: string,
): Loaded<AnalysisRunSpec> {
  const { name, ...merged } = template;
  const faults = checkTemplate(merged);
  if (faults.length > 0) return faulty(`the template ${name} has faults`, faults);
  const resolved = resolveArguments(template.args, options.arg);
  if (!resolved.ok) return faulty(`the arguments do not fit the template ${name}`, resolved.faults);
  const spec: AnalysisRunSpec = {
    metrics: template.metrics,
    ...(template.score && { score: template.score }),
    args: resolved.args,
    target: targetOf(options, windowStart),
    ...(options.maxDuration !== undefined && { maxDuration: options.maxDuration }),
  };
  const runFaults = [...checkRun(spec), ...unknownHalves(spec, options)];
  if (runFaults.length > 0)
    return faulty(`the template ${name} cannot be run like this`, runFaults.map(withFlags));
  return { ok: true, value: spec };
}

function targetOf(options: RunOptions, windowStart: string | undefined): RunTarget {
  const { rollout, workload, weight, canaryPods, stablePods, canaryHash = '', stableHash = '' } = options;
  return {
    ...(rollout !== undefined && { rollout }),
    ...(workload !== undefined && { workload }),
    ...(weight !== undefined && { step: { index: 1, weight } }),
    ...((canaryPods !== undefined || canaryHash !== '') && {
      canary: { hash: canaryHash, pods: canaryPods ?? '' },
    }),
    ...((stablePods !== undefined || stableHash !== '') && {
      stable: { hash: stableHash, pods: stablePods ?? '' },
    }),
    ...(windowStart !== undefined && { windowStart }),
  };
}

/**
 * A run knows the pods and the hash of a version together. Here each is a flag, and one that was not given must not
 * silently stand for nothing. (When neither was given, the run has no such version, which `checkRun` tells.)
 */
function unknownHalves({ metrics }: AnalysisRunSpec, options: RunOptions): SchemaFault[] {
  const { canaryPods, canaryHash, stablePods, stableHash } = options;
  const missing = [
    ...(canaryPods === undefined && canaryHash !== undefined ? ['canary.pods'] : []),
    ...(canaryHash === undefined && canaryPods !== undefined ? ['canary.hash'] : []),
    ...(stablePods === undefined && stableHash !== undefined ? ['stable.pods'] : []),
    ...(stableHash === undefined && stablePods !== undefined ? ['stable.hash'] : []),
  ];
  return metrics.flatMap((metric, index) => {
    const used = placeholdersIn(JSON.stringify(metric));
    return missing
      .filter((name) => used.includes(name))
      .map((name) => ({
        path: `spec.metrics[${index}]`,
        message: `{{${name}}} stands for nothing: give --${name.replace('.', '-')}`,
      }));
  });
}

const FLAGS: Record<string, string> = {
  rollout: '--rollout',
  workload: '--workload',
  step: '--weight',
  'step.weight': '--weight',
  canary: '--canary-pods',
  stable: '--stable-pods',
};

/** A field of a run that nobody writes here is a flag. */
function withFlags({ path, message }: SchemaFault): SchemaFault {
  const advised = message.replace(/set spec\.target\.([\w.]+)/, (text, field: string) =>
    FLAGS[field] === undefined ? text : `give ${FLAGS[field]}`,
  );
  return { path, message: advised };
}

function collectArgument(text: string, before: GivenArgument[]): GivenArgument[] {
  const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('give NAME=VALUE');
  return [...before, { name, value }];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 100) throw new InvalidArgumentError('give a whole number from 0 to 100');
  return value;
}

/** A duration as text, checked. */
export function duration(text: string): string {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('give a duration such as 30s or 5m');
  return text;
}
