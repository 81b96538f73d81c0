import { browserStorage } from "artesian-ui/storage.ts";

/** Key of the choice, which is `on` or nothing. */
export const NOTICE_KEY = "artesian.chat.notify";

/** Whether the reader wants to hear of mentions while the tab is hidden. */
export function wantsNotice(): boolean {
  return browserStorage.getItem(NOTICE_KEY) !== null;
}
