// go run publish.go /orders/42 '{"state":"paid"}'
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func publish(update map[string]any, attempts int) (string, error) {
	hub := os.Getenv("HUB")
	if hub == "" {
		hub = "http://127.0.0.1:3000/events/stream"
	}
	body, _ := json.Marshal(update)
	key := make([]byte, 16)
	rand.Read(key)
	client := http.Client{Timeout: 10 * time.Second}
	for attempt := 1; ; attempt++ {
		request, err := http.NewRequest("POST", hub, bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
		request.Header.Set("Idempotency-Key", fmt.Sprintf("%q", fmt.Sprintf("%x", key))) // Each attempt has the same: the hub publishes once.
		request.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(request)
		if err == nil {
			text, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.StatusCode == 200 {
				return string(text), nil
			}
			err = fmt.Errorf("%d: %s", answer.StatusCode, text)
			if answer.StatusCode < 500 && answer.StatusCode != 429 {
				return "", err
			}
		}
		if attempt == attempts {
			return "", err
		}
		time.Sleep(500 * time.Millisecond << attempt)
	}
}

func main() {
	id, err := publish(map[string]any{"topic": os.Args[1], "data": os.Args[2], "private": true}, 5)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(id)
}
