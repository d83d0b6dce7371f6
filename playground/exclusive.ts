import { createConnection, createServer, type Socket } from 'node:net';

/** A name that this process alone holds on this machine. */
export interface Hold {
  release(): Promise<void>;
}

/**
 * Takes `name` for this process, or answers undefined when another process holds it.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel lets one process have the name and
 * gives it back the moment that process ends, however it ends. A lock file would outlive a crash, and finding
 * out whether its owner is still alive is a race of its own.
 */
export function tryHold(name: string): Promise<Hold | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      // Whoever waits for the release stays connected until then. Their leaving is no error of ours.
      socket.on('error', () => socket.destroy());
      socket.unref();
      waiting.add(socket);
      socket.on('close', () => waiting.delete(socket));
    });
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(addressOf(name), () =>
      resolve({
        release: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of waiting) socket.destroy();
          }),
      }),
    );
  });
}

/** Takes `name`, waiting for whoever holds it. `onWait` is called once, when there is somebody to wait for. */
export async function hold(name: string, onWait: () => void): Promise<Hold> {
  let waited = false;
  for (;;) {
    const mine = await tryHold(name);
    if (mine) return mine;
    if (!waited) onWait();
    waited = true;
    await releaseOf(name);
  }
}

function releaseOf(name: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(addressOf(name));
    // An error means that the holder has gone between our attempt and our call.
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
}

/** The NUL byte in front is what makes it an abstract address: no file is made. */
function addressOf(name: string): string {
  return `\0assay-playground/${name}`;
}
