// The names of `artesian` in a page without a bundler. The build makes one file of them.
export { connect } from "./connect.ts";
export { ClientError } from "./error.ts";
export { createEventSource } from "./event-source.ts";
export { publish } from "./publish.ts";
export { json } from "./schema.ts";
export { subscribe } from "./subscribe.ts";
