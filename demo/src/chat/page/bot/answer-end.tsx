import type { ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import type { ChatMessage } from "../../server/wire.ts";
import { BotContext } from "./bot-actions.ts";
import { botTexts } from "./texts.ts";

/** Says that an answer is cut, and lets the visitor who asked try again. */
export function AnswerEnd({ message }: { message: ChatMessage }): ComponentChildren {
  const texts = botTexts();
  const { you, request } = useContext(BotContext);
  const [state, setState] = useState<"idle" | "asking" | "refused">("idle");
  const { cut, question, asker, id } = message;
  if (cut === undefined) return undefined;

  async function again(): Promise<void> {
    setState("asking");
    setState((await request({ id, action: "again" })) ? "idle" : "refused");
  }

  return (
    <p class="answer-end" data-testid="answer-end" data-cut={cut}>
      <span>{cut === "stopped" ? texts.stopped : texts.failed}</span>
      {question !== undefined && you !== undefined && asker === you && (
        <button type="button" class="button quiet small" data-testid="ask-again" disabled={state === "asking"} onClick={() => void again()}>
          {state === "asking" ? texts.asking : texts.again}
        </button>
      )}
      {state === "refused" && <span role="alert">{texts.notAsked}</span>}
    </p>
  );
}
