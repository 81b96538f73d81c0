/** The hub's URL by default, which `artesian token mint` assumes too. */
export const DEFAULT_URL = "http://127.0.0.1:3000/.well-known/mercure";
