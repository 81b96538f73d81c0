// Parts of the client that the command `artesian` also uses. They may change with each version.
export { type Backoff, createBackoff } from "./backoff.ts";
export { sleep } from "./waits.ts";
export { errorOfFailure, errorOfResponse } from "./error.ts";
