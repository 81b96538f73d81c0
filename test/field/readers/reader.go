// Prints each event as it is heard: "MS DATA", in milliseconds since the request. Usage: reader URL
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	fmt.Println("asks")
	began := time.Now()
	response, err := http.Get(os.Args[1])
	if err != nil {
		panic(err)
	}
	scanner := bufio.NewScanner(response.Body)
	for scanner.Scan() {
		if line := scanner.Text(); strings.HasPrefix(line, "data: ") {
			fmt.Println(time.Since(began).Milliseconds(), strings.TrimPrefix(line, "data: "))
		}
	}
}
