import { encodeHeader } from "./reply.ts";

/** Attributes beside the hub's URL in a `Link` field. */
export interface LinkAttributes {
  /** The event id to resume after: that of the newest update when the resource was made. */
  readonly lastEventId?: string | undefined;
  /** The event type of the resource's updates. */
  readonly type?: string | undefined;
  /** The media type of their data. */
  readonly contentType?: string | undefined;
}

/**
 * Makes a `Link` field that tells where a resource's updates come from.
 *
 * @see Mercure, "Hub Discovery"; RFC 8288, 3.
 */
export function hubLink(hubUrl: string, { lastEventId, type, contentType }: LinkAttributes = {}): string {
  let link = `<${hubUrl}>; rel="mercure"`;
  if (lastEventId !== undefined) link += `; last-event-id=${quote(lastEventId)}`;
  if (type !== undefined) link += `; type=${quote(type)}`;
  if (contentType !== undefined) link += `; content-type=${quote(contentType)}`;
  return link;
}

function quote(value: string): string {
  return `"${encodeHeader(value).replace(/["\\]/g, "\\$&")}"`;
}
