/** Hands out the addresses of a playground's block to its pods. */
export interface PodAddresses {
  take(): string;
  giveBack(ip: string): void;
}

/** The last 256 addresses are those of the playground's own servers. */
const count = 65_536 - 256;

/** Addresses `prefix`.0.1 and on. One that is given back comes last, so that nobody still calls it. */
export function podAddresses(prefix: string): PodAddresses {
  const taken = new Set<string>();
  let last = 0;
  return {
    take: () => {
      for (let tries = 0; tries < count; tries += 1) {
        last = (last % (count - 1)) + 1;
        const ip = `${prefix}.${Math.floor(last / 256)}.${last % 256}`;
        if (taken.has(ip)) continue;
        taken.add(ip);
        return ip;
      }
      throw new Error(`All ${count - 1} addresses of ${prefix}.0.0/16 are taken by pods`);
    },
    giveBack: (ip) => {
      taken.delete(ip);
    },
  };
}
