declare module 'snappyjs' {
  /** Data in the block format of Snappy. */
  export function compress(data: Uint8Array): Uint8Array;
  export function uncompress(data: Uint8Array): Uint8Array;
}
