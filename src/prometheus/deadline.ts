/** What `act` came to, and what ended its signal, if anything did before it was done. */
export interface Ended<T> {
  value: T;
  endedBy?: 'caller' | 'deadline';
}

/**
 * Acts with a signal that ends with the caller's or after `timeoutMs`. Nothing of it is left afterwards: with
 * `AbortSignal.any` each query of the last seconds would make the next one slower.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  caller: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<Ended<T>> {
  const ended = new AbortController();
  let endedBy: Ended<T>['endedBy'];
  const end = (by: 'caller' | 'deadline') => {
    endedBy ??= by;
    ended.abort();
  };
  const onAbort = () => end('caller');
  const timer = setTimeout(() => end('deadline'), timeoutMs);
  caller.addEventListener('abort', onAbort);
  if (caller.aborted) onAbort();
  try {
    const value = await act(ended.signal);
    return { value, ...(endedBy && { endedBy }) };
  } finally {
    clearTimeout(timer);
    caller.removeEventListener('abort', onAbort);
  }
}
