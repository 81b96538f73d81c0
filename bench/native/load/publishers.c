/* Publishers: keep-alive connections, each with one POST in flight at most. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct publisher *publishers;
struct update *updates;
uint32_t update_count, completed_count, idle_count, first_measured = UINT32_MAX;
uint64_t *digests;
bool nobody_listens;
struct histogram answer_latency;

static uint32_t *idle; /* indexes of publishers with nothing in flight */
static uint32_t update_capacity;
static struct text request;
static struct patches patches;

void prepare_publishers(void) {
  publishers = allocate(options.window, sizeof *publishers);
  idle = allocate(options.window, sizeof *idle);
  digests = allocate(options.topics, sizeof *digests);
  for (uint32_t i = 0; i < options.window; i++) {
    publishers[i].fd = -1;
    idle[idle_count++] = i;
  }
  struct text body = {0};
  expand(&body, options.body, 0, NULL); /* for its length, which never changes */
  append(&request, "POST ");
  expand(&request, options.publish, 0, &patches);
  append(&request, " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", options.publish_port,
         options.content_type, body.length, options.publish_fields);
  expand(&request, options.body, 0, &patches);
  free(body.bytes);
}

uint32_t size_of_group(uint32_t group) {
  return options.subscribers / options.topics + (group < options.subscribers % options.topics);
}

/* Spread over 64 bits, so that a sum of these tells which updates were received, and not only how many. */
uint64_t digest_of(uint32_t number) {
  uint64_t bits = (number + 1) * 0x9e3779b97f4a7c15ull;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ull;
  return bits ^ (bits >> 31);
}

uint32_t parse_number(const char *digits) {
  uint64_t number = 0;
  for (int i = 0; i < DIGITS; i++) {
    if (digits[i] < '0' || digits[i] > '9') fail("a marker came back changed: %.*s", DIGITS, digits);
    number = number * 10 + (uint64_t)(digits[i] - '0');
  }
  return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static void write_numbers(uint32_t number) {
  for (size_t i = 0; i < patches.count; i++) {
    const struct patch *patch = &patches.list[i];
    char digits[DIGITS + 2];
    snprintf(digits, sizeof digits, "%0*u", patch->digits, patch->is_update ? number : number % options.topics);
    memcpy(request.bytes + patch->at, digits, (size_t)patch->digits);
  }
}

/* Publishes the next update by an idle publisher; its latency counts from `due`. */
void publish(uint64_t due) {
  if (update_count == update_capacity) {
    update_capacity = update_capacity ? update_capacity * 2 : 4096;
    updates = realloc(updates, update_capacity * sizeof *updates);
    if (!updates) fail("out of memory");
  }
  uint32_t number = update_count++, index = idle[--idle_count], group = number % options.topics;
  struct publisher *publisher = &publishers[index];
  write_numbers(number);
  digests[group] += digest_of(number);
  publisher->update = number;
  publisher->waiting = true;
  publisher->length = 0;
  if (publisher->fd < 0) publisher->fd = open_connection(options.publish_port, PUBLISHER_BIT | index);
  updates[number] = (struct update){.sent_at = due, .publisher = index, .expected = nobody_listens ? 0 : size_of_group(group)};
  last_progress = now_ns();
  send_request(publisher->fd, request.bytes, request.length);
}

void complete_if_done(struct update *update) {
  if (update->received < update->expected || !update->answered) return;
  completed_count++;
  idle[idle_count++] = update->publisher;
}

/* Whether the answer is there in full. It is thrown away but for its status. */
static bool answer_is_complete(const struct publisher *publisher) {
  const char *answer = publisher->answer, *body = strstr(answer, "\r\n\r\n");
  if (!body) return false;
  body += 4;
  if (strncmp(answer, "HTTP/1.1 2", 10) != 0) fail("publishing was refused:\n%s", answer);
  if (strncmp(answer, "HTTP/1.1 204", 12) == 0) return true;
  size_t body_length = publisher->length - (size_t)(body - answer);
  const char *field = strcasestr(answer, "\r\nContent-Length:");
  if (field && field < body) return body_length >= strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
  field = strcasestr(answer, "\r\nTransfer-Encoding: chunked");
  if (!field || field >= body) fail("the answer to a POST has no length:\n%s", answer);
  return body_length >= 5 && memcmp(answer + publisher->length - 5, "0\r\n\r\n", 5) == 0;
}

static void hang_up(struct publisher *publisher) {
  close(publisher->fd);
  publisher->fd = -1;
}

void read_publisher(struct publisher *publisher) {
  ssize_t got = recv(publisher->fd, publisher->answer + publisher->length, HEAD_MAX - publisher->length, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0 && !publisher->waiting) {
    hang_up(publisher);
    return;
  }
  if (got <= 0) fail("the server closed a publisher's connection, or its answer is longer than %d bytes", HEAD_MAX);
  if (!publisher->waiting) fail("the server answered a POST that was not sent");
  publisher->length += (size_t)got;
  publisher->answer[publisher->length] = '\0';
  uint64_t at = last_progress = now_ns();
  if (!answer_is_complete(publisher)) return;
  struct update *update = &updates[publisher->update];
  if (publisher->update >= first_measured) record(&answer_latency, at - update->sent_at);
  publisher->waiting = false;
  if (strcasestr(publisher->answer, "\r\nConnection: close\r\n")) hang_up(publisher);
  update->answered = true;
  complete_if_done(update);
}
