import { connect, type Live } from "artesian-client";

/** Publishes updates, which wait while the server is away. */
export type Publisher = Pick<Live, "publish" | "close">;

/** Opens no stream: the page's own connection has one. */
export function openPublisher(url: string): Publisher {
  return connect(url);
}
