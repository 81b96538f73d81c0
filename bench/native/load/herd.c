/*
 * The herd: everyone is connected and receives an update, everyone is cut off, updates are published, and everyone comes back
 * with the id of the last event that it saw. Its time is over when it has received all that it missed.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t came_back_at;
static uint32_t caught_up;
static struct histogram catching_up;

static void note_progress(struct subscriber *subscriber, uint64_t at) {
  if (subscriber->received != options.missed) return;
  caught_up++;
  record(&catching_up, at - came_back_at);
}

/* The last `id:` line, or the last element of the last event of Socket.IO. */
static char *last_id(const char *notes) {
  if (options.socket_io) {
    const char *end = strrchr(notes, ']'), *start = end;
    if (!end || end - notes < 2 || end[-1] != '"') return NULL;
    for (start = end - 2; start > notes && *start != '"'; start--) continue;
    return strndup(start + 1, (size_t)(end - 2 - start));
  }
  const char *found = strncmp(notes, "id:", 3) ? NULL : notes + 3;
  for (const char *next = notes; (next = strstr(next, "\nid:")); next += 4) found = next + 4;
  if (!found) return NULL;
  while (*found == ' ') found++;
  return strndup(found, strcspn(found, "\r\n"));
}

static void remember_ids(void) {
  for (uint32_t i = 0; i < options.subscribers; i++) {
    struct subscriber *subscriber = &subscribers[i];
    char *notes = subscriber->notes;
    subscriber->resume = notes ? last_id(notes) : NULL;
    if (!subscriber->resume) fail("subscriber %u saw no event id:\n%s", i, notes ? notes : "");
    free(notes);
    subscriber->notes = NULL;
  }
}

void herd(void) {
  open_subscribers(connection_count);
  stay_quiet(QUIET_MS);
  publish_number(1);
  stay_quiet(QUIET_MS);
  check_totals();
  remember_ids();
  close_subscribers();
  nobody_listens = true;
  stay_quiet(QUIET_MS * 3); /* a server may need a moment to see that 10,000 have gone */
  first_measured = update_count;
  memset(digests, 0, options.topics * sizeof *digests);
  publish_number(options.missed);

  on_update = note_progress;
  struct readings before = read_meters();
  came_back_at = before.at;
  open_subscribers(connection_count);
  while (caught_up < options.subscribers) {
    step(1000);
    check_stall("catching up");
  }
  struct readings after = read_meters();
  stay_quiet(QUIET_MS);
  after.server = server_cpu_ns();
  for (uint32_t i = 0; i < options.subscribers; i++) {
    if (subscribers[i].received != options.missed) fail("subscriber %u received %u updates of %u that it missed", i, subscribers[i].received, options.missed);
    if (subscribers[i].digest != digests[0]) fail("subscriber %u received other updates than those that it missed", i);
  }
  printf("{\"kind\":\"herd\",\"missed\":%u,\"caught_up_seconds\":{\"p50\":%.4f,\"p99\":%.4f,\"all\":%.4f},", options.missed,
         quantile_ms(&catching_up, 0.5) / 1000, quantile_ms(&catching_up, 0.99) / 1000, maximum_ms(&catching_up) / 1000);
  print_load(&before, &after);
  puts("}");
}
