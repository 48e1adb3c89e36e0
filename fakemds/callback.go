package fakemds

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// How the agent delivers a callback, as observed.
const (
	callbackWait  = 120 * time.Second // for an answer; then it is given up
	callbackPause = time.Second       // before it is delivered again
	callbackTries = 60
	redirectsMost = 10
)

// callBack posts the answer of a task to the callback URL.
func (x *exchange) callBack(to string, body []byte, after time.Duration) {
	if f, ok := x.faults.find(kindCallbackLate); ok {
		after += f.delay
	}
	if f, ok := x.faults.find(kindSlowBody); ok {
		after += f.delay
	}
	ctx := x.node.cluster.ctx
	if !pause(ctx, after) {
		return
	}
	body = x.spoilt(body)
	if x.faults.has(kindTruncate) {
		body = body[:len(body)/2]
	}
	times := 1
	if x.faults.has(kindCallbackTwice) {
		times = 2
	}
	client := &http.Client{
		Timeout:       callbackWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: x.node.cluster.DialContext, DisableKeepAlives: true, DisableCompression: true},
	}
	for range times {
		deliver(ctx, client, x.r.Header.Get("taskuuid"), to, body)
	}
}

// deliver posts until somebody answers, whatever the status. A connection that
// is refused or closed unanswered is tried again; no answer for two minutes
// ends it.
func deliver(ctx context.Context, client *http.Client, id, to string, body []byte) {
	for range callbackTries {
		err := postOnce(ctx, client, id, to, body)
		var failed *url.Error
		if err == nil || errors.As(err, &failed) && failed.Timeout() || !pause(ctx, callbackPause) {
			return
		}
	}
}

// postOnce posts and follows redirects; 303 turns the request into a GET.
func postOnce(ctx context.Context, client *http.Client, id, to string, body []byte) error {
	method := http.MethodPost
	for range redirectsMost {
		req, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
		if err != nil {
			return nil // the URL is none: the agent logs it and gives up
		}
		if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
			return nil
		}
		req.Header = http.Header{
			"taskuuid":     {id}, // in lower case on the wire
			"Content-Type": {"application/json"},
			"User-Agent":   {"python-urllib3/1.26.12"},
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		next, err := resp.Location()
		if err != nil || resp.StatusCode < 300 || resp.StatusCode > 399 {
			return nil
		}
		if resp.StatusCode == http.StatusSeeOther {
			method, body = http.MethodGet, nil
		}
		to = next.String()
	}
	return nil
}

// pause waits, unless the cluster is closed meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
