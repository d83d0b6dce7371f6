import { readFileSync } from 'node:fs';

/** What a process took while it was watched. */
export interface ProcessCost {
  /** CPU of all its threads, in the program and in the kernel. */
  cpuMs: number;
  /** The most memory it ever held, from its start on. */
  peakMegabytes: number;
  /** What it held after one, two and three thirds of the time. */
  megabytes: number[];
  /** CPU in each third of the time. */
  cpuMsOfThirds: number[];
}

interface Sample {
  cpuMs: number;
  peakMegabytes: number;
  megabytes: number;
}

const LOOK_MS = 100;
/** Ticks in /proc are this long on every Linux. */
const TICK_MS = 10;

/** Looks at a process until asked what it took; one that has ended took what was seen last. */
export function watchCost(pid: number): () => ProcessCost {
  const samples = [sampleOf(pid)];
  const timer = setInterval(() => {
    try {
      samples.push(sampleOf(pid));
    } catch {
      clearInterval(timer);
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    const at = (share: number) => samples[Math.round(share * (samples.length - 1))] as Sample;
    const thirds = [0, 1 / 3, 2 / 3, 1].map(at);
    const ends = thirds.slice(1);
    return {
      cpuMs: at(1).cpuMs - at(0).cpuMs,
      peakMegabytes: at(1).peakMegabytes,
      megabytes: ends.map(({ megabytes }) => megabytes),
      cpuMsOfThirds: ends.map(({ cpuMs }, index) => cpuMs - (thirds[index]?.cpuMs ?? 0)),
    };
  };
}

function sampleOf(pid: number): Sample {
  // User and system time stand 14th and 15th; the 2nd, a name in brackets, may have spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    peakMegabytes: megabytesIn(status, 'VmHWM'),
    megabytes: megabytesIn(status, 'VmRSS'),
  };
}

function megabytesIn(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  // A process that has ended and was not waited for yet has no memory left to tell of.
  if (kilobytes === undefined) throw new Error('the process has ended');
  return Number(kilobytes) / 1_024;
}
