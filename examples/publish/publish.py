# python3 publish.py /orders/42 '{"state":"paid"}'
import json, os, sys, time, urllib.error, urllib.request, uuid

HUB = os.environ.get("HUB", "http://127.0.0.1:3000/events/stream")


def publish(update, attempts=5):
    # The same key for each attempt: the hub publishes once.
    headers = {
        "Authorization": "Bearer " + os.environ["TOKEN"],
        "Idempotency-Key": f'"{uuid.uuid4()}"',
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(HUB, json.dumps(update).encode(), headers)
    for attempt in range(1, attempts + 1):
        try:
            return urllib.request.urlopen(request, timeout=10).read().decode()
        except urllib.error.HTTPError as error:
            if (error.code < 500 and error.code != 429) or attempt == attempts:
                raise SystemExit(error.read().decode())
        except OSError:
            if attempt == attempts:
                raise
        time.sleep(0.5 * 2**attempt)


print(publish({"topic": sys.argv[1], "data": sys.argv[2], "private": True}))
