import { tabStorage } from "artesian-ui/storage.ts";

const KEY = "artesian.chat.owner";

/**
 * The secret of the chat's owner, from the link that the demo prints, `/chat/lobby#owner=SECRET`. A
 * browser sends no fragment to a server. The address loses the fragment, and this tab keeps it.
 */
export function ownerSecret(): string | undefined {
  const given = /^#owner=([\w-]{16,})$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    tabStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return tabStorage.getItem(KEY) ?? undefined;
}

/** Drops a secret that the server does not accept: the demo has another after each start. */
export function dropOwnerSecret(): void {
  tabStorage.removeItem(KEY);
}
