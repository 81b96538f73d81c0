/** An update with the hub's names, as a client sends it. */
export interface WireUpdate {
  readonly topic: string | readonly string[];
  readonly data?: unknown;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  readonly retry?: number | undefined;
  readonly private?: boolean | undefined;
  /** In milliseconds. */
  readonly delay?: number | undefined;
  readonly deliver_at?: string | undefined;
  /** In milliseconds. */
  readonly ttl?: number | undefined;
}

/**
 * Reads the updates of a request: a form, a JSON object, a JSON array, or an object on each line.
 *
 * @returns The code of an error if the hub refuses them.
 */
export async function readUpdates(request: Request): Promise<{ readonly list: readonly WireUpdate[]; readonly isBatch: boolean } | string> {
  const type = request.headers.get("content-type") ?? "";
  const text = await request.text();
  let parsed: unknown;
  try {
    if (/ndjson|jsonl/.test(type)) {
      const lines = text.split("\n").filter((line) => line.trim() !== "");
      parsed = lines.map((line) => JSON.parse(line) as unknown);
    } else parsed = type.includes("json") ? JSON.parse(text) : ofForm(new URLSearchParams(text));
  } catch {
    return "invalid_body";
  }
  const isBatch = Array.isArray(parsed);
  const list = (isBatch ? parsed : [parsed]) as readonly WireUpdate[];
  for (const update of list) {
    if (typeof update !== "object" || update === null) return "invalid_body";
    const topics: readonly unknown[] = [update.topic ?? []].flat();
    if (topics.length === 0) return "missing_topic";
    if (topics.some((topic) => typeof topic !== "string" || topic === "")) return "invalid_topic";
    if (/^hub:|^mercure$/.test(update.type ?? "")) return "invalid_type";
    if (/^#|^earliest$/.test(update.id ?? "")) return "invalid_id";
  }
  return { list, isBatch };
}

function ofForm(form: URLSearchParams): WireUpdate {
  const text = (name: string): string | undefined => form.get(name) ?? undefined;
  const number = (name: string): number | undefined => (form.has(name) ? Number(form.get(name)) : undefined);
  return {
    topic: form.getAll("topic"),
    data: text("data"),
    id: text("id"),
    type: text("type"),
    private: form.has("private"),
    retry: number("retry"),
    delay: number("delay"),
    deliver_at: text("deliver_at"),
    ttl: number("ttl"),
  };
}
