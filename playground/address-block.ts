import { createServer } from 'node:net';
import { type Hold, tryHold } from './exclusive.ts';

/**
 * 65,536 loopback addresses that belong to one playground, so that several run side by side.
 * Linux answers on all of 127.0.0.0/8 without any set-up.
 */
export interface AddressBlock {
  /** The first two numbers, for example `127.10`: pods get `127.10.0.1` and on. */
  prefix: string;
  /** Where the playground's own servers listen, out of the way of the pods. */
  serverAddress: string;
  release(): Promise<void>;
}

const firstBlock = 10;
const blockCount = 100;

/** Takes a block that no other playground on this machine has. It is given back when this process ends. */
export async function takeAddressBlock(): Promise<AddressBlock> {
  for (let number = firstBlock; number < firstBlock + blockCount; number += 1) {
    const mine: Hold | undefined = await tryHold(`addresses/${number}`);
    if (mine)
      return {
        prefix: `127.${number}`,
        serverAddress: `127.${number}.255.1`,
        release: () => mine.release(),
      };
  }
  throw new Error(
    `All ${blockCount} address blocks (127.${firstBlock}.0.0/16 and on) are taken by other playgrounds: stop some with "npm run playground -- down --name NAME"`,
  );
}

/**
 * A port that is free on `address`. It stays free until it is used: outgoing loopback connections start at
 * 127.0.0.1, and nobody else uses an address of our block.
 */
export function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => {
        if (bound && typeof bound === 'object') resolve(bound.port);
        else reject(new Error(`No port could be bound on ${address}`));
      });
    });
  });
}
