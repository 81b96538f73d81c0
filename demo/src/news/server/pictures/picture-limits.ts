/** Limits of the pictures. */
export interface PictureLimits {
  /** Largest picture, in bytes. Default 4 MiB. */
  readonly maxBytes: number;
  /** Longest time for a picture, in milliseconds. Default 10,000. */
  readonly timeoutMs: number;
  /** Most pictures that are fetched at a time. Default 6. */
  readonly atOnce: number;
  /** Most pictures that wait for their turn. More are refused. Default 100. */
  readonly waiting: number;
  /** Most bytes of pictures in memory. The least recently used leave first. Default 32 MiB. */
  readonly cacheBytes: number;
  /** How long a failure is remembered, in milliseconds. Default 300,000. */
  readonly failureMs: number;
}

export const PICTURE_LIMITS: PictureLimits = {
  maxBytes: 4 * 2 ** 20,
  timeoutMs: 10_000,
  atOnce: 6,
  waiting: 100,
  cacheBytes: 32 * 2 ** 20,
  failureMs: 300_000,
};
