// node publish.mjs /orders/42 '{"state":"paid"}'
const [, , topic, data] = process.argv;
const hub = process.env.HUB ?? "http://127.0.0.1:3000/events/stream";

async function publish(update, attempts = 5) {
  // The same key for each attempt: the hub publishes once.
  const headers = {
    Authorization: `Bearer ${process.env.TOKEN}`,
    "Idempotency-Key": `"${crypto.randomUUID()}"`,
    "Content-Type": "application/json",
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(hub, { method: "POST", headers, body: JSON.stringify(update), signal: AbortSignal.timeout(10_000) });
      if (answer.ok) return await answer.text();
      if (answer.status < 500 && answer.status !== 429) throw Object.assign(new Error(await answer.text()), { isFinal: true });
    } catch (error) {
      if (error.isFinal || attempt === attempts) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
  }
}

console.log(await publish({ topic, data, private: true }));
