import type { ChatMessage } from "../server/wire.ts";

/** Messages of one author in a row, shown under one name. */
export interface MessageGroup {
  /** Stays the same while messages come and go. */
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

/** The local day of a time. Formatting a date for each message would take longest of all. */
function dayOf(): (at: number) => number {
  let day = Number.NaN;
  let endsAt = Number.NaN;
  return (at) => {
    if (!(at >= day && at < endsAt)) {
      day = new Date(at).setHours(0, 0, 0, 0);
      endsAt = new Date(day).setDate(new Date(day).getDate() + 1);
    }
    return day;
  };
}

/**
 * Makes a function that groups messages. A group that is the same as in the last call is the same
 * object, so that the page need not draw again. `breakBefore` is the id of a message that
 * begins a new group, for a marker above.
 */
export function createGrouping(): (messages: readonly ChatMessage[], breakBefore: string | undefined) => readonly MessageGroup[] {
  let drawn: readonly MessageGroup[] = [];
  return (messages, breakBefore) => {
    const before = new Map(drawn.flatMap((group) => group.messages.map(({ id }) => [id, group])));
    const kept = new Set<MessageGroup>();
    drawn = groupMessages(messages, breakBefore).map((group) => {
      // The first messages of the first group go as new ones come, and earlier ones may be fetched.
      const first = group.messages.find(({ id }) => before.has(id));
      const same = first && before.get(first.id);
      if (same === undefined || kept.has(same)) return group;
      kept.add(same);
      return isSame(same, group) ? same : { ...group, key: same.key };
    });
    return drawn;
  };
}

function isSame(one: MessageGroup, other: MessageGroup): boolean {
  return (
    one.newDay === other.newDay &&
    one.messages.length === other.messages.length &&
    one.messages.every((message, index) => message === other.messages[index])
  );
}

function groupMessages(messages: readonly ChatMessage[], breakBefore: string | undefined): MessageGroup[] {
  const groups: (Omit<MessageGroup, "messages"> & { messages: ChatMessage[] })[] = [];
  const day = dayOf();
  let last: ChatMessage | undefined;
  let lastDay = Number.NaN;
  for (const message of messages) {
    const author = authorOf(message);
    const newDay = day(message.at) !== lastDay;
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
    lastDay = day(message.at);
  }
  return groups;
}

/** The hue of a name or a name tag, in degrees, the same everywhere. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}
