import type { Command } from 'commander';
import { createColors } from 'picocolors';

const DEFAULT_WIDTH = 100;

/** The exit code for bad input and for trouble on the way, of the commands whose other codes are verdicts. */
export const EXIT_ERROR = 3;
/** As shells say it of a program that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

/** A stream of this process as commands write to it. */
export interface Screen {
  isTerminal: boolean;
  width: number;
  colors: ReturnType<typeof createColors>;
  write(text: string): void;
}

export function screenOf(stream: NodeJS.WriteStream): Screen {
  const isTerminal = stream.isTTY === true;
  // https://no-color.org: any value but the empty one.
  const colored = isTerminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  return {
    isTerminal,
    // Of a terminal that does not know its size it is 0.
    width: stream.columns || DEFAULT_WIDTH,
    colors: createColors(colored),
    write: (text) => {
      stream.write(text);
    },
  };
}

/** Makes faults in the arguments end with 3, since 1 and 2 are verdicts here. */
export function exitWithVerdicts(command: Command): Command {
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_ERROR));
}

/** Aborted by the first Ctrl-C or SIGTERM; a second one kills, since its handler is gone. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}
