package wire

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// repeats is the CheckRetry of go-retryablehttp, which repeats a request at the same
// MDS: once when the reused connection was dead, and as often as Config.Retries says
// after another transport fault, as long as there are retry tokens. When no connection
// is left, the process behind the address may have been replaced: then only a request
// that any server may get is repeated.
func repeats(ctx context.Context, _ *http.Response, err error) (bool, error) {
	t := roundTripOf(ctx)
	if err == nil || t == nil || ctx.Err() != nil || !t.request.Repeatable {
		return false, nil
	}
	if _, no := t.refusal(); no != nil {
		return false, nil
	}
	if !t.request.AnyServer && t.open.Load() == 0 && t.cfg.Transport == nil {
		t.abandoned = t.reusedDead()
		return false, nil
	}
	t.askAgain()
	if t.reusedDead() && !t.revived {
		t.revived = true
		return true, nil
	}
	if t.retries > 0 && t.cfg.Token() {
		t.retries--
		return true, nil
	}
	return false, nil
}

// backoff waits nothing before the first repetition, then doubles.
func backoff(least, most time.Duration, repetition int, resp *http.Response) time.Duration {
	if repetition == 0 {
		return 0
	}
	return retryablehttp.DefaultBackoff(least, most, repetition-1, resp)
}

// rewind gives a request that is repeated its body again. go-retryablehttp is not
// given the body: it would copy it for each repetition.
func rewind(req *http.Request) (err error) {
	req.Body, err = req.GetBody()
	return err
}
