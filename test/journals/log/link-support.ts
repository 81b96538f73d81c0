import { SocketPlace } from "../../../packages/hub/src/journals/log/processes/socket-place.ts";
import { WriterLink, type WriterLinkOptions } from "../../../packages/hub/src/journals/log/processes/writer-link.ts";
import { FakeStore } from "./fake-store.ts";

/** A link over the fake store. */
export async function openLink(
  directory: string,
  options: Partial<WriterLinkOptions> & { sockets?: SocketPlace } = {},
): Promise<WriterLink> {
  return WriterLink.open({
    sockets: new SocketPlace(directory),
    openStore: ({ isDeposed }) => Promise.resolve(new FakeStore(directory, isDeposed)),
    epoch: undefined,
    absence: () => undefined,
    onFollowing: () => undefined,
    onPlace: () => undefined,
    onFailure: () => undefined,
    ...options,
  });
}
