/* Requests, made from patterns: every server has its own idea of how a topic and data are sent. */
#include "load.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void append(struct text *text, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int needed = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (needed < 0) fail("a text could not be made");
  size_t length = (size_t)needed;
  if (text->length + length + 1 > text->capacity) {
    text->capacity = (text->length + length + 1) * 2;
    text->bytes = realloc(text->bytes, text->capacity);
    if (!text->bytes) fail("out of memory");
  }
  vsnprintf(text->bytes + text->length, length + 1, format, again);
  va_end(again);
  text->length += length;
}

static void append_number(struct text *text, uint32_t number, int digits, bool is_update, struct patches *patches) {
  if (patches) {
    if (patches->count == sizeof patches->list / sizeof *patches->list) fail("a pattern has too many numbers");
    patches->list[patches->count++] = (struct patch){.at = text->length, .digits = digits, .is_update = is_update};
  }
  append(text, "%0*u", digits, number);
}

static void append_marker(struct text *text, struct patches *patches) {
  append(text, "%s", MARKER);
  append_number(text, 0, DIGITS, true, patches);
  append(text, ".");
}

/* The name of a placeholder, or 0 where a brace is only a brace. */
static size_t placeholder_length(const char *pattern) {
  size_t length = 0;
  while (islower((unsigned char)pattern[length])) length++;
  return length && pattern[length] == '}' ? length : 0;
}

/*
 * Appends a pattern, with these placeholders: {topic} the update's topic, {subscribed} what is subscribed to for it,
 * {other} a bystander's topic, {group} the topic's number, {update} the update's number, {data} the payload, {marker} the
 * marker with the update's number, {pad} what fills the payload up. Numbers have a fixed width, so that those of a
 * request can be changed in place: where they are goes to `patches`.
 */
void expand(struct text *text, const char *pattern, uint32_t group, struct patches *patches) {
  for (const char *rest = pattern; *rest;) {
    size_t length = *rest == '{' ? placeholder_length(rest + 1) : 0;
    if (!length) {
      append(text, "%c", *rest++);
      continue;
    }
    const char *name = rest + 1;
    rest += length + 2;
    if (!strncmp(name, "topic}", 6)) expand(text, options.topic, group, patches);
    else if (!strncmp(name, "subscribed}", 11)) expand(text, options.subscribed, group, patches);
    else if (!strncmp(name, "other}", 6)) expand(text, options.other, group, patches);
    else if (!strncmp(name, "group}", 6)) append_number(text, group, 7, false, patches);
    else if (!strncmp(name, "update}", 7)) append_number(text, 0, DIGITS, true, patches);
    else if (!strncmp(name, "data}", 5)) expand(text, options.data, group, patches);
    else if (!strncmp(name, "marker}", 7)) append_marker(text, patches);
    else if (!strncmp(name, "pad}", 4)) for (uint32_t i = TOKEN_LENGTH; i < options.payload; i++) append(text, "x");
    else fail("there is no placeholder {%.*s}", (int)length, name);
  }
}

static char *token_bytes;
static char **token_lines;
static uint32_t token_count;

void read_tokens(uint32_t needed) {
  if (!options.tokens) return;
  FILE *file = fopen(options.tokens, "r");
  if (!file) fail_errno(options.tokens);
  size_t size = 0;
  if (getdelim(&token_bytes, &size, '\0', file) < 0) fail("%s is empty", options.tokens);
  fclose(file);
  token_lines = allocate(needed, sizeof *token_lines);
  for (char *line = strtok(token_bytes, "\n"); line && token_count < needed; line = strtok(NULL, "\n")) token_lines[token_count++] = line;
  if (token_count < needed) fail("%s has %u tokens and %u are needed", options.tokens, token_count, needed);
}

/* The bearer token of a connection, or NULL where none is used. */
const char *token_of(uint32_t connection) { return token_count ? token_lines[connection] : NULL; }
