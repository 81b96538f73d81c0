// Parts of the client that the command `artesian` is made of too. They may change with each version.
export { type Backoff, createBackoff, sleep } from "./backoff.ts";
export { errorOfFailure, errorOfResponse } from "./error.ts";
