package http1

import (
	"net/http"
	"strconv"
	"time"
)

// A Response is an answer to a request.
type Response struct {
	Status int // 200 to 599
	// Fields are further header fields, such as "Content-Type: text/html". They are
	// sent as they are: nothing in them may come from a client unchecked.
	Fields []string
	Body   []byte
	// Head is set for the answer to a HEAD request: Body is not sent, only its length.
	Head bool
	// Close announces that the connection is closed after the response.
	Close bool
}

// Append appends the response to dst, with a Date, which is now, and a
// Content-Length.
func (r *Response) Append(dst []byte, now time.Time) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(r.Status), 10)
	dst = append(append(dst, ' '), http.StatusText(r.Status)...)
	dst = now.UTC().AppendFormat(append(dst, "\r\nDate: "...), http.TimeFormat)
	if r.Close {
		dst = append(dst, "\r\nConnection: close"...)
	}
	for _, field := range r.Fields {
		dst = append(append(dst, "\r\n"...), field...)
	}
	if r.Status != http.StatusNoContent && r.Status != http.StatusNotModified {
		dst = append(dst, "\r\nContent-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(r.Body)), 10)
	}
	dst = append(dst, "\r\n\r\n"...)
	if r.Head {
		return dst
	}
	return append(dst, r.Body...)
}

// Response returns the answer: the text, as a line of plain text.
func (e *Error) Response() *Response {
	return &Response{
		Status: e.Status,
		Fields: append([]string{"Content-Type: text/plain; charset=utf-8"}, e.Fields...),
		Body:   []byte(e.Text + "\n"),
		Head:   e.Head,
		Close:  true,
	}
}
