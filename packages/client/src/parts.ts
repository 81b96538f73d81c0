// Parts of the client that the command `artesian` also uses. They may change with each version.
export { type Backoff, createBackoff, sleep } from "./backoff.ts";
export { errorOfFailure, errorOfResponse } from "./error.ts";
