package http1_test

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/filter/http1"
)

// A request arrives in pieces, and is answered.
func ExampleParse() {
	var head, answer []byte
	now := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	for _, piece := range []string{"GET /hello HT", "TP/1.1\r\nHost: chat.example\r\n", "\r\n"} {
		head = append(head, piece...)
		req, _, err := http1.Parse(head)
		var refused *http1.Error
		switch {
		case errors.Is(err, http1.ErrIncomplete):
			continue
		case errors.As(err, &refused):
			answer = refused.Response().Append(nil, now)
		default:
			r := http1.Response{Status: 200, Fields: []string{"Content-Type: text/plain"}, Body: []byte(req.URL.Path), Head: req.Method == "HEAD"}
			answer = r.Append(nil, now)
		}
	}
	fmt.Printf("%s\n", bytes.ReplaceAll(answer, []byte("\r\n"), []byte("\n")))
	// Output:
	// HTTP/1.1 200 OK
	// Date: Sun, 29 Nov 2026 08:00:00 GMT
	// Content-Type: text/plain
	// Content-Length: 6
	//
	// /hello
}
