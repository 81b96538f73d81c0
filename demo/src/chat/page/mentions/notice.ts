import { browserStorage } from "artesian-ui/storage.ts";
import type { ChatMessage } from "../../server/wire.ts";
import { mentionTexts } from "./texts.ts";
import { NOTICE_KEY } from "./wants-notice.ts";

/** Key of the last message that a tab of this browser has told. */
const TOLD_KEY = "artesian.chat.notified";

/** Most characters of a message in a notification. */
const MAX_TEXT = 200;

/** Whether the browser has notifications for pages. */
export function hasNotices(): boolean {
  return "Notification" in globalThis && isSecureContext;
}

/**
 * Asks the reader for the permission, on a click, or ends the notifications.
 *
 * @returns Whether notifications are on now.
 */
export async function chooseNotices(isWanted: boolean): Promise<boolean> {
  const isOn = isWanted && (await Notification.requestPermission()) === "granted";
  if (isOn) browserStorage.setItem(NOTICE_KEY, "on");
  else browserStorage.removeItem(NOTICE_KEY);
  return isOn;
}

/** Shows a message that mentions the reader. Several tabs tell it once. */
export function showNotice(room: string, { id, nickname, text }: ChatMessage): void {
  if (!hasNotices() || Notification.permission !== "granted" || browserStorage.getItem(TOLD_KEY) === id) return;
  browserStorage.setItem(TOLD_KEY, id);
  try {
    const notice = new Notification(mentionTexts().title(nickname, room), { body: text.slice(0, MAX_TEXT), tag: `artesian chat ${room}` });
    notice.addEventListener("click", () => {
      focus();
      notice.close();
    });
  } catch {
    // Chrome on Android has notifications for service workers only.
  }
}
