import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { NatsConnection } from "@nats-io/transport-node";
import type { PeerBus } from "../../core/journal/peers.ts";

/**
 * Bytes above which texts are deflated. A server accepts a MiB, which a text of as many characters
 * may exceed.
 */
const LONG_BYTES = 256 * 1024;
const DEFLATED = 122;

/**
 * Carries the questions between processes, on subjects beside the stream. Nothing is stored.
 *
 * @param isConnected - Without a connection, texts are lost instead of kept.
 */
export function natsBus(connection: NatsConnection, name: string, isConnected: () => boolean): PeerBus {
  const id = crypto.randomUUID();
  return {
    id,
    post: (text) => {
      const plain = Buffer.from(text);
      const bytes = plain.length <= LONG_BYTES ? plain : Buffer.concat([Uint8Array.of(DEFLATED), deflateRawSync(plain, { level: 1 })]);
      if (!isConnected() || connection.isClosed() || bytes.length > (connection.info?.max_payload ?? 0)) return;
      connection.publish(`${name}.peers.${id}`, bytes);
    },
    listen: ({ heard }) => {
      const subscription = connection.subscribe(`${name}.peers.*`, {
        callback: (error, message) => {
          if (error !== null) return;
          const text = textOf(message.data);
          if (text !== undefined) heard(text, message.subject.slice(`${name}.peers.`.length));
        },
      });
      return () => subscription.unsubscribe();
    },
  };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return Buffer.from(bytes[0] === DEFLATED ? inflateRawSync(bytes.subarray(1), { maxOutputLength: 8 * 1024 * 1024 }) : bytes).toString();
  } catch {
    return undefined; // Anybody may publish there.
  }
}
