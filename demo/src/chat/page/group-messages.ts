import type { ChatMessage } from "../server/wire.ts";

/** Messages of one author in a row, shown under one name. */
export interface MessageGroup {
  readonly key: string;
  readonly nickname: string;
  /** Tells two people with the same nickname apart. */
  readonly author: string;
  readonly visitor: string | undefined;
  readonly bot: boolean;
  readonly at: number;
  /** Whether a new day begins with this group. */
  readonly newDay: boolean;
  readonly messages: readonly ChatMessage[];
}

/** Pause after which the name and the time are shown again, in milliseconds. */
const PAUSE_MS = 5 * 60_000;

/** The author of a message, as far as the room can tell. */
export function authorOf(message: ChatMessage): string {
  return message.bot === true ? "bot" : `${message.visitor ?? ""} ${message.nickname}`;
}

/** @param breakBefore - The id of a message that begins a new group, for a marker above it. */
export function groupMessages(messages: readonly ChatMessage[], breakBefore: string | undefined): readonly MessageGroup[] {
  const groups: (Omit<MessageGroup, "messages"> & { messages: ChatMessage[] })[] = [];
  let last: ChatMessage | undefined;
  for (const message of messages) {
    const author = authorOf(message);
    const newDay = last === undefined || new Date(last.at).toDateString() !== new Date(message.at).toDateString();
    const group = groups.at(-1);
    if (group === undefined || newDay || group.author !== author || message.at - (last?.at ?? 0) > PAUSE_MS || message.id === breakBefore) {
      groups.push({
        key: message.id,
        nickname: message.nickname,
        author,
        visitor: message.visitor,
        bot: message.bot === true,
        at: message.at,
        newDay,
        messages: [message],
      });
    } else {
      group.messages.push(message);
    }
    last = message;
  }
  return groups;
}

/** The hue of a name or a name tag, in degrees, the same everywhere. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}
