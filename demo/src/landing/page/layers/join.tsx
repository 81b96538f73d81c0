import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ServerInfo } from "./server-info.ts";
import { layerTexts } from "./texts.ts";

/** Names that lead every machine to itself. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/;

/** The address at which others reach this server. Undefined if there is none. */
function addressForOthers(info: ServerInfo | undefined): string | undefined {
  return [info?.publicUrl, location.origin].find((url) => url !== undefined && !LOOPBACK.test(new URL(url).hostname));
}

/** Squares of a QR code with the quiet zone that scanners need, as the path of a picture. */
interface Code {
  readonly size: number;
  readonly path: string;
}

async function draw(url: string): Promise<Code> {
  const { encode } = await import("uqr");
  const { size, data } = encode(url, { border: 4 });
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  return { size, path: path.join("") };
}

/** Leads a phone here by a QR code, if a phone can reach this server. Test ids: `join-show`, `join-code`, `join-loopback`. */
export function Join({ info }: { info: ServerInfo | undefined }): ComponentChildren {
  const [code, setCode] = useState<Code | "missing">();
  const texts = layerTexts().join;
  const url = addressForOthers(info);
  return (
    <div class="join">
      <h3>{texts.title}</h3>
      {url === undefined ? (
        <p data-testid="join-loopback">{texts.loopback(location.origin)}</p>
      ) : (
        <>
          <p>{texts.about}</p>
          {typeof code === "object" ? (
            <svg
              class="join-code"
              role="img"
              aria-label={texts.code(url)}
              data-testid="join-code"
              viewBox={`0 0 ${code.size} ${code.size}`}
            >
              <path d={code.path} />
            </svg>
          ) : (
            <button
              type="button"
              class="button quiet"
              data-testid="join-show"
              onClick={() => void draw(url).then(setCode, () => setCode("missing"))}
            >
              {texts.show}
            </button>
          )}
          <p role="alert">{code === "missing" && layerTexts().notLoaded}</p>
        </>
      )}
    </div>
  );
}
