import type { ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import type { ChatReply } from "../../server/wire.ts";
import { BotContext } from "./bot-actions.ts";
import { botTexts } from "./texts.ts";

/** Ends an answer that is being written, for the visitor who asked. */
export function StopAnswer({ reply }: { reply: ChatReply }): ComponentChildren {
  const texts = botTexts();
  const { you, request } = useContext(BotContext);
  const [stopping, setStopping] = useState(false);
  if (you === undefined || reply.asker !== you) return undefined;

  async function stop(): Promise<void> {
    setStopping(true);
    if (!(await request({ id: reply.id, action: "stop" }))) setStopping(false);
  }

  return (
    <button
      type="button"
      class="button quiet small stop-answer"
      data-testid="stop-answer"
      aria-label={texts.stopOf(reply.nickname)}
      disabled={stopping}
      onClick={() => void stop()}
    >
      {texts.stop}
    </button>
  );
}
