import { join } from 'node:path';
import { freePort } from './address-block.ts';
import { answersOk, type Part, startPart } from './process.ts';
import { programs } from './system-packages.ts';

export interface ServerPlace {
  /** The playground's folder; a part keeps its data in a folder of its own below. */
  dir: string;
  logsDir: string;
  /** The loopback address that this playground's servers listen on. */
  address: string;
}

/** Starts etcd, where the API server keeps everything. */
export async function startEtcd({ dir, logsDir, address }: ServerPlace): Promise<Part> {
  const [clientPort, peerPort] = [await freePort(address), await freePort(address)];
  const url = `http://${address}:${clientPort}`;
  const peerUrl = `http://${address}:${peerPort}`;
  return startPart({
    name: 'etcd',
    command: programs.etcd,
    args: [
      '--name=playground',
      `--data-dir=${join(dir, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=playground=${peerUrl}`,
      '--log-outputs=stderr',
      '--logger=zap',
      // Elections among one member: the first comes after one timeout.
      '--heartbeat-interval=50',
      '--election-timeout=500',
      // Nothing here has to survive a power cut.
      '--unsafe-no-fsync',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=10m',
    ],
    url,
    logsDir,
    isReady: answersOk(`${url}/health`),
  });
}
