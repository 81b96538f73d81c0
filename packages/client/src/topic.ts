import { ClientError } from "./error.ts";
import type { ClientEvent } from "./event-parser.ts";
import { throwLater } from "./listeners.ts";
import { checkTypes } from "./names.ts";
import { type Schema, validate, type Validated } from "./schema.ts";

/** Most events that wait for a loop. */
const MAX_WAITING = 10_000;

/** An update, as its listeners get it. */
export interface TopicEvent<Data = string, Type extends string = string> {
  readonly type: Type;
  readonly id: string | undefined;
  /** The topics of the update. The first is canonical. */
  readonly topics: readonly string[];
  readonly data: Data;
}

/** Data by event type. */
export type Events = Readonly<Record<string, unknown>>;

/** A schema for each event type. */
export type SchemaMap<Data extends Events> = { readonly [Type in keyof Data]: Schema<Data[Type]> };

/** A schema for all event types, or one for each. */
export type Schemas = Schema | SchemaMap<Events>;

/** Any update of a topic. Its type tells the type of its data. */
export type AnyEvent<Data extends Events> = { [Type in keyof Data & string]: TopicEvent<Data[Type], Type> }[keyof Data & string];

/** The updates of a topic or of a pattern. */
export interface Topic<Data extends Events> extends AsyncIterable<AnyEvent<Data>> {
  /**
   * Calls a listener for each update of an event type, in order. `*` is every type.
   *
   * @returns Removes the listener.
   * @throws TypeError if the type is no text, or the listener no function.
   */
  on<Type extends keyof Data & string>(type: Type, listener: (event: TopicEvent<Data[Type], Type>) => void): () => void;
  on(type: "*", listener: (event: AnyEvent<Data>) => void): () => void;
}

/** Adds a listener to the connection. Returns its removal. */
export type Listen = (listener: (event: ClientEvent) => void) => () => void;

/** Called with an update that its schema refuses. The stream goes on. */
export type OnInvalid = (event: TopicEvent, issues: readonly { readonly message: string }[]) => void;

/** Calls back when the connection is closed, or soon. Returns the removal. */
export type OnClosed = (end: () => void) => () => void;

/** @param onClosed - Ends loops, after the events that wait for them. */
export function createTopic<Data extends Events>(
  listen: Listen,
  schemas: Schemas | undefined,
  onInvalid: OnInvalid | undefined,
  onClosed?: OnClosed,
): Topic<Data> {
  // Throws for a value that is no schema, now and not at the first update.
  const isOne = schemas !== undefined && "~standard" in schemas;
  const schemaOf = (type: string): Schema | undefined =>
    isOne ? (schemas as Schema) : schemas !== undefined && Object.hasOwn(schemas, type) ? schemas[type] : undefined;

  function on(type: string, listener: (event: TopicEvent<never>) => void): () => void {
    checkTypes({ type, listener });
    /** The last event that waits for a slow schema. */
    let before: Promise<undefined | void> | undefined;
    let isRemoved = false;
    const remove = listen(({ topics = [], ...rest }) => {
      if (type !== "*" && type !== rest.type) return;
      const event = { ...rest, topics };
      const pass = (checked: Validated<unknown>): undefined => {
        if (checked.issues !== undefined) onInvalid?.(event, checked.issues);
        else if (!isRemoved) listener({ ...event, data: checked.value as never });
      };
      const check = (): undefined | Promise<undefined> => {
        const schema = schemaOf(rest.type);
        const checked = schema === undefined ? { value: rest.data } : validate(schema, rest.data);
        return "then" in checked ? checked.then(pass) : pass(checked);
      };
      const done = before === undefined ? check() : before.then(check);
      if (done === undefined) return;
      const mine = done.catch(throwLater).finally(() => {
        if (before === mine) before = undefined;
      });
      before = mine;
    });
    return () => {
      isRemoved = true;
      remove();
    };
  }

  return {
    on,
    [Symbol.asyncIterator]() {
      const waiting: AnyEvent<Data>[] = [];
      let wake = (): void => undefined;
      let isOver = false;
      let isLate = false;
      const remove = on("*", (event) => {
        isLate ||= waiting.push(event) > MAX_WAITING;
        if (isLate) remove();
        wake();
      });
      const end = (): void => {
        isOver = true;
        remove();
        wake();
        forget?.();
      };
      const forget = onClosed?.(end);
      async function* take(): AsyncGenerator<AnyEvent<Data>, undefined> {
        for (;;) {
          if (isLate) throw new ClientError(`More than ${MAX_WAITING} events wait for this loop.`, { code: "too_slow" });
          const event = waiting.shift();
          if (event !== undefined) yield event;
          else if (isOver) return undefined;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      }
      const events = take();
      return {
        next: () => events.next(),
        return() {
          // The generator's own would wait for the next event.
          end();
          return events.return(undefined);
        },
      };
    },
  };
}
