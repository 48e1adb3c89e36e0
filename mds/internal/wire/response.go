package wire

import "net/http"

// Response is what came back. Without a response Status is 0, and Err and Phase say
// how far the request came. With one, Err is that of reading the body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // at most one byte longer than MaxBody
	Sent   bool   // a byte of the request may have reached the MDS
	Dead   bool   // the reused connection was dead, and the request was not repeated
	Phase  Phase
	Err    error
}

// Phase says how far a request came before it failed.
type Phase string

// The phases, in their order.
const (
	Withheld Phase = "withheld" // not sent: Allowed returned an error
	Dial     Phase = "dial"     // no connection
	TLS      Phase = "tls"      // no secure connection
	Write    Phase = "write"    // the request was not written to its end
	Wait     Phase = "wait"     // written, and no response
	Body     Phase = "body"     // the response broke off
)
