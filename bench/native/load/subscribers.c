/* Subscribers: streams that are opened, read, and counted on. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct subscriber *subscribers;
uint32_t connection_count, open_count;
uint64_t bytes_read, bytes_sent, deliveries;
struct histogram delivery_latency;
void (*on_update)(struct subscriber *subscriber, uint64_t at);

enum { NOTES_MAX = 4096 };

void prepare_subscribers(void) {
  connection_count = options.subscribers + options.bystanders;
  subscribers = allocate(connection_count, sizeof *subscribers);
  read_tokens(connection_count);
}

uint32_t group_of(const struct subscriber *subscriber) { return (uint32_t)(subscriber - subscribers) % options.topics; }

static bool is_bystander(const struct subscriber *subscriber) { return subscriber >= subscribers + options.subscribers; }

/* `subscribe` with its {topics}: one for a subscriber; for a bystander its share of the others, joined by `and`. */
static void append_path(struct text *text, const struct subscriber *subscriber) {
  const char *place = strstr(options.subscribe, "{topics}");
  if (!place) fail("the path to subscribe at has no {topics}");
  append(text, "%.*s", (int)(place - options.subscribe), options.subscribe);
  if (is_bystander(subscriber)) {
    uint32_t own = (uint32_t)(subscriber - subscribers) - options.subscribers, first = own % options.bystander_topics;
    for (uint32_t topic = first; topic < options.bystander_topics; topic += options.bystanders) {
      if (topic != first) append(text, "%s", options.and);
      expand(text, "{other}", topic, NULL);
    }
  } else {
    expand(text, "{subscribed}", group_of(subscriber), NULL);
  }
  append(text, "%s", place + strlen("{topics}"));
}

static void open_subscriber(uint32_t index) {
  static struct text request;
  struct subscriber *subscriber = &subscribers[index];
  request.length = 0;
  append(&request, "GET ");
  append_path(&request, subscriber);
  append(&request, " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", options.port);
  if (options.socket_io) write_handshake(&request);
  else append(&request, "Accept: text/event-stream\r\n");
  if (options.gzip) append(&request, "Accept-Encoding: gzip\r\n");
  if (token_of(index)) append(&request, "Authorization: Bearer %s\r\n", token_of(index));
  if (subscriber->resume && !options.socket_io) append(&request, "Last-Event-ID: %s\r\n", subscriber->resume);
  append(&request, "%s\r\n", options.subscribe_fields);
  subscriber->head = allocate(HEAD_MAX + 1, 1);
  subscriber->fd = open_connection(options.port, index);
  bytes_sent += send_request(subscriber->fd, request.bytes, request.length);
}

/* Opens the first `count` connections, and waits for them. */
void open_subscribers(uint32_t count) {
  uint32_t started = 0;
  last_progress = now_ns();
  while (open_count < count) {
    while (started < count && started - open_count < options.opening_at_once) open_subscriber(started++);
    step(1000);
    check_stall("opening the subscribers");
  }
}

void close_subscribers(void) {
  for (uint32_t i = 0; i < connection_count; i++) {
    struct subscriber *subscriber = &subscribers[i];
    close(subscriber->fd);
    forget_frames(subscriber);
    subscriber->open = subscriber->upgraded = false;
    subscriber->carried = 0;
    subscriber->received = 0;
    subscriber->digest = 0;
    subscriber->head_length = 0;
  }
  open_count = 0;
}

static void receive_update(struct subscriber *subscriber, uint32_t number, uint64_t at) {
  if (number >= update_count) fail("a subscriber received update %u, which was never published", number);
  struct update *update = &updates[number];
  if (is_bystander(subscriber) || number % options.topics != group_of(subscriber)) {
    fail("subscriber %u received update %u of a topic that it has not subscribed to", (unsigned)(subscriber - subscribers), number);
  }
  last_progress = at;
  update->received++;
  subscriber->received++;
  subscriber->digest += digest_of(number);
  if (update->received > size_of_group(number % options.topics) || subscriber->received > update_count) {
    fail("update %u was delivered more than once to a subscriber", number);
  }
  if (number >= first_measured) {
    deliveries++;
    if (update->expected) record(&delivery_latency, at - update->sent_at);
  }
  if (on_update) on_update(subscriber, at);
  if (update->expected) complete_if_done(update);
}

/* The bytes before `bytes` must be writable for TOKEN_LENGTH: what the last read left over is put there. */
void count_updates(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  if (options.mode == HERD && !nobody_listens && subscriber->notes_length + length < NOTES_MAX) {
    if (!subscriber->notes) subscriber->notes = allocate(NOTES_MAX, 1);
    memcpy(subscriber->notes + subscriber->notes_length, bytes, length);
    subscriber->notes_length += length;
  }
  char *from = bytes - subscriber->carried, *end = bytes + length;
  memcpy(from, subscriber->carry, subscriber->carried);
  for (;;) {
    char *found = memmem(from, (size_t)(end - from), MARKER, MARKER_LENGTH);
    if (!found || end - found < TOKEN_LENGTH) break;
    receive_update(subscriber, parse_number(found + MARKER_LENGTH), at);
    from = found + TOKEN_LENGTH;
  }
  size_t left = (size_t)(end - from);
  subscriber->carried = (uint8_t)(left < TOKEN_LENGTH - 1 ? left : TOKEN_LENGTH - 1);
  memcpy(subscriber->carry, end - subscriber->carried, subscriber->carried);
}

static void read_body(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  if (options.socket_io) read_frames(subscriber, bytes, length, at);
  else if (options.gzip) read_gzip(subscriber, bytes, length, at);
  else count_updates(subscriber, bytes, length, at);
}

void become_open(struct subscriber *subscriber, uint64_t at) {
  free(subscriber->head);
  subscriber->head = NULL;
  subscriber->open = true;
  open_count++;
  last_progress = at;
}

static void read_head(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  size_t room = HEAD_MAX - subscriber->head_length, taken = length < room ? length : room;
  memcpy(subscriber->head + subscriber->head_length, bytes, taken);
  size_t before = subscriber->head_length;
  subscriber->head_length += taken;
  subscriber->head[subscriber->head_length] = '\0';
  char *end = strstr(subscriber->head, "\r\n\r\n");
  if (!end) {
    if (subscriber->head_length == HEAD_MAX) fail("the head of a response is longer than %d bytes", HEAD_MAX);
    return;
  }
  const char *wanted = options.socket_io ? "HTTP/1.1 101" : "HTTP/1.1 200";
  if (strncmp(subscriber->head, wanted, strlen(wanted)) != 0) fail("subscribing was refused:\n%s", subscriber->head);
  if (options.gzip) check_gzip(subscriber);
  size_t used = (size_t)(end + 4 - subscriber->head) - before;
  subscriber->upgraded = true;
  subscriber->head_length = 0;
  if (!options.socket_io) become_open(subscriber, at);
  if (length > used) read_body(subscriber, bytes + used, length - used, at);
}

void read_subscriber(struct subscriber *subscriber) {
  static char buffer[TOKEN_LENGTH + READ_SIZE];
  char *bytes = buffer + TOKEN_LENGTH;
  ssize_t got = recv(subscriber->fd, bytes, READ_SIZE, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    fail("the server closed subscriber %u after %u of %u updates", (unsigned)(subscriber - subscribers), subscriber->received,
         update_count);
  }
  uint64_t at = now_ns();
  bytes_read += (uint64_t)got;
  if (subscriber->upgraded) read_body(subscriber, bytes, (size_t)got, at);
  else read_head(subscriber, bytes, (size_t)got, at);
}
