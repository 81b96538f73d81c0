/** What a page of Echo has seen. */
export interface Seen {
  /** `CHANNEL EVENT PAYLOAD`, as they came. */
  readonly events: string[];
  readonly whispers: string[];
  /** Users in the list of the presence channel, once it was asked for. */
  here: string[] | undefined;
  /** `+USER` and `-USER`. */
  readonly changes: string[];
  /** Each time that a stream opened, and that the browser gave up on one. */
  readonly streams: ("open" | "closed")[];
}

interface Envelope {
  readonly channels: readonly string[];
  readonly event: string;
  readonly payload: unknown;
  readonly socket?: string;
  readonly data?: string;
}

/** Functions in the page. */
export interface EchoPage {
  readonly seen: Seen;
  readonly join: () => Promise<void>;
  readonly authorize: () => Promise<void>;
  /** Publishes to a topic with the cookie. @returns The status. */
  readonly post: (kind: "channel" | "whisper", channel: string, event: string, payload: object) => Promise<number>;
}

declare global {
  // oxlint-disable-next-line no-var -- A property of the page's global object.
  var echo: EchoPage;
}

/** Makes the requests of Echo's Mercure connector, in a page: it is serialized, and needs nothing from outside. */
export function installEcho({
  hub,
  user,
  channels,
}: {
  readonly hub: string;
  readonly user: string;
  readonly channels: readonly string[];
}): void {
  const seen: Seen = { events: [], whispers: [], here: undefined, changes: [], streams: [] };
  const socket = crypto.randomUUID();
  const encode = (name: string): string =>
    encodeURIComponent(name).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const subscriptions = `${new URL(hub).pathname}/subscriptions`;
  const keys = new Map<string, CryptoKey>();
  const lastIds = { main: "", whisper: "" };
  const members = new Map<string, string>();
  let early: Subscription[] | undefined = [];
  let prefix = "";

  interface Subscription {
    readonly match_type: string;
    readonly subscriber: string;
    readonly active: boolean;
    readonly payload?: { readonly user_id: string };
  }

  const topicOf = (kind: "channel" | "whisper", name: string): string => `${prefix}${kind}/${encode(name)}`;
  const guarded = channels.filter((name) => /^(?:private|presence)-/.test(name));
  const present = channels.filter((name) => name.startsWith("presence-"));

  async function authorize(): Promise<void> {
    const answer = await fetch(`/broadcasting/auth?user=${user}`, {
      method: "POST",
      credentials: "include",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ channel_names: channels }),
    });
    const body = (await answer.json()) as {
      readonly topic_prefix: string;
      readonly channel_names: readonly { readonly name: string; readonly jwk?: JsonWebKey }[];
    };
    prefix = body.topic_prefix;
    for (const { name, jwk } of body.channel_names)
      if (jwk !== undefined) keys.set(name, await crypto.subtle.importKey("jwk", jwk, "AES-GCM", false, ["decrypt"]));
  }

  function connect(kind: "main" | "whisper", matches: readonly string[], patterns: readonly string[]): EventSource {
    const url = new URL(hub);
    for (const match of matches) url.searchParams.append("match", match);
    for (const pattern of patterns) url.searchParams.append("match_urlpattern", pattern);
    if (lastIds[kind] !== "") url.searchParams.set("last_event_id", lastIds[kind]);
    const source = new EventSource(url, { withCredentials: true });
    source.addEventListener("open", () => seen.streams.push("open"));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) seen.streams.push("closed");
    });
    return source;
  }

  const bytes = (segment: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(atob(segment.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

  async function open(name: string, jwe: string): Promise<Envelope> {
    const [header = "", , iv = "", text = "", tag = ""] = jwe.split(".");
    const options = { name: "AES-GCM", iv: bytes(iv), additionalData: new TextEncoder().encode(header) };
    const plain = await crypto.subtle.decrypt(options, keys.get(name) as CryptoKey, new Uint8Array([...bytes(text), ...bytes(tag)]));
    return JSON.parse(new TextDecoder().decode(plain)) as Envelope;
  }

  function apply({ match_type: type, subscriber, active, payload }: Subscription): void {
    if (type !== "exact" || (active && payload === undefined)) return;
    const name = active ? payload?.user_id : members.get(subscriber);
    if (name === undefined || active === members.has(subscriber)) return;
    if (active) members.set(subscriber, name);
    else members.delete(subscriber);
    seen.changes.push(`${active ? "+" : "-"}${name}`);
  }

  async function seed(): Promise<void> {
    for (const name of present) {
      const answer = await fetch(`${hub}/subscriptions/exact/${encode(topicOf("channel", name))}`, { credentials: "include" });
      if (!answer.ok) throw new Error(`The list has the status ${answer.status}.`);
      const list = ((await answer.json()) as { readonly subscriptions: readonly Subscription[] }).subscriptions;
      for (const { subscriber, payload } of list) if (payload !== undefined) members.set(subscriber, payload.user_id);
    }
    seen.here = [...members.values()];
    for (const subscription of early ?? []) apply(subscription);
    early = undefined;
  }

  async function join(): Promise<void> {
    await authorize();
    const patterns = present.map((name) => `${subscriptions}/:match_type/${encode(topicOf("channel", name))}/:subscriber`);
    const main = connect(
      "main",
      channels.map((name) => topicOf("channel", name)),
      patterns,
    );
    const show = async (envelope: Envelope): Promise<void> => {
      for (const name of envelope.channels.filter((one) => channels.includes(one))) {
        const { event, payload } = envelope.data === undefined ? envelope : await open(name, envelope.data);
        seen.events.push(`${name} ${event} ${JSON.stringify(payload)}`);
      }
    };
    // One after the other, because decrypting takes a while.
    let queue = Promise.resolve();
    main.addEventListener("message", ({ data, lastEventId }: MessageEvent<string>) => {
      lastIds.main = lastEventId;
      queue = queue.then(() => show(JSON.parse(data) as Envelope));
    });
    main.addEventListener("mercure", ({ data, lastEventId }: MessageEvent<string>) => {
      lastIds.main = lastEventId;
      const subscription = JSON.parse(data) as Subscription;
      if (early === undefined) apply(subscription);
      else early.push(subscription);
    });
    main.addEventListener("open", () => void seed(), { once: true });
    main.addEventListener("error", () => {
      // Echo asks for another cookie and opens the streams again.
      if (main.readyState === EventSource.CLOSED) setTimeout(() => void join(), 500);
    });
    if (guarded.length === 0) return;
    const whispers = connect(
      "whisper",
      guarded.map((name) => topicOf("whisper", name)),
      [],
    );
    whispers.addEventListener("message", ({ data, lastEventId }: MessageEvent<string>) => {
      lastIds.whisper = lastEventId;
      const envelope = JSON.parse(data) as Envelope;
      if (envelope.socket !== socket) seen.whispers.push(`${envelope.channels[0]} ${envelope.event} ${JSON.stringify(envelope.payload)}`);
    });
  }

  globalThis.echo = {
    seen,
    join,
    authorize,
    async post(kind, channel, event, payload) {
      const data = JSON.stringify({ channels: [channel], event, payload, socket });
      const body = new URLSearchParams({ topic: topicOf(kind, channel), data, private: "on" });
      return (await fetch(hub, { method: "POST", credentials: "include", body })).status;
    },
  };
}
