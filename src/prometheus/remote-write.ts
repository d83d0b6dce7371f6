import { PbfWriter } from 'pbf';
import { compress } from 'snappyjs';

/** A series to write: its samples oldest first, `[epoch milliseconds, value]`; `stale` marks its end. */
export interface WrittenSeries {
  labels: Readonly<Record<string, string>>;
  samples: readonly (readonly [number, number | 'stale'])[];
}

/** The wire type of eight bytes in protocol buffers. */
const FIXED_64 = 1;
/** The NaN by which Prometheus knows the end of a series, 0x7ff0000000000002; other NaNs are samples. */
const STALE_LOW = 0x00000002;
const STALE_HIGH = 0x7ff00000;

/**
 * Writes series to a Prometheus that receives remote writes, at `${address}/api/v1/write`.
 * Source: the Prometheus Remote-Write 1.0 specification.
 *
 * @throws when the server does not take them; what it says is in the message
 */
export async function remoteWrite(
  address: string,
  series: readonly WrittenSeries[],
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(`${address}/api/v1/write`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-protobuf',
      'Content-Encoding': 'snappy',
      'X-Prometheus-Remote-Write-Version': '0.1.0',
    },
    // A copy, because what the library answers may lie in a larger buffer.
    body: new Uint8Array(compress(encodeWriteRequest(series))),
    signal,
  });
  const said = await response.text();
  if (!response.ok)
    throw new Error(`Prometheus refused the series (HTTP ${response.status}): ${said.trim()}`);
}

/** The message `WriteRequest` of the protocol, not compressed yet. */
export function encodeWriteRequest(series: readonly WrittenSeries[]): Uint8Array {
  const pbf = new PbfWriter();
  for (const each of series) pbf.writeMessage(1, encodeSeries, each);
  return pbf.finish();
}

function encodeSeries({ labels, samples }: WrittenSeries, pbf: PbfWriter): void {
  // The protocol wants labels sorted by the bytes of their names.
  const sorted = Object.entries(labels).toSorted(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  for (const label of sorted) pbf.writeMessage(1, encodeLabel, label);
  for (const sample of samples) pbf.writeMessage(2, encodeSample, sample);
}

function encodeLabel([name, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeStringField(2, value);
}

function encodeSample([timestamp, value]: WrittenSeries['samples'][number], pbf: PbfWriter): void {
  if (value === 'stale') {
    // JavaScript may change the bits of a NaN, so that this one cannot go as a number.
    pbf.writeTag(1, FIXED_64);
    pbf.writeFixed32(STALE_LOW);
    pbf.writeFixed32(STALE_HIGH);
  } else {
    pbf.writeDoubleField(1, value);
  }
  pbf.writeVarintField(2, timestamp);
}
