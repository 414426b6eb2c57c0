/**
 * Memory that is given back before the garbage collector comes to it.
 * Buffers of megabytes fill its budget with next to nothing to collect, and each time it walks the whole heap.
 */

/** Frees the memory of bytes that nobody reads again: they are of length 0 then. Those that share it with others stay. */
export function giveUp({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
