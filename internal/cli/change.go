package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// changing is a command that changes something: the flags that all of these
// have, and how their changes are made and told.
type changing struct {
	*app
	out    *format
	dryRun bool
	yes    bool
}

// changing gives the command the flags of one that changes something.
func (a *app) changing(cmd *cobra.Command) *changing {
	c := &changing{app: a, out: outputFlag(cmd)}
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "show the request instead of sending it; reads that come before it are sent")
	return c
}

// destroying gives the command the flags of one that destroys something.
func (a *app) destroying(cmd *cobra.Command) *changing {
	c := a.changing(cmd)
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	return c
}

// change is one thing to change.
type change struct {
	title string    // such as "delete zbs://pool/volume"
	doc   changeDoc // what is known beforehand
	// make makes the change, adds to the document what is known afterwards, and
	// returns the line that tells people.
	make func(ctx context.Context, c cluster, doc *changeDoc, opts []mds.CallOption) (string, error)
	// instead returns another way to make the change after it failed with err, nil
	// when there is none. Without instead there never is.
	instead func(ctx context.Context, err error) (*change, error)
}

// simple is a change of what, of which nothing is to be told but that it is made.
func simple[T any](title, line string, doc changeDoc, what T, send func(cluster, context.Context, T, ...mds.CallOption) error) change {
	return change{title: title, doc: doc, make: func(ctx context.Context, c cluster, _ *changeDoc, opts []mds.CallOption) (string, error) {
		return line, send(c, ctx, what, opts...)
	}}
}

// run makes the changes, some at a time, and tells them in their order. One that
// fails does not keep the others from being made; the largest code is the command's.
func (c *changing) run(ctx context.Context, changes []change, opts ...volume.Option) error {
	c.progress = c.newProgress()
	return c.withGuard(ctx, func(cl cluster) error {
		results, wait := c.start(ctx, cl, changes)
		defer wait()
		doc := changesDoc{Changes: []changeDoc{}}
		for i := range changes {
			stop := c.progress.during(changes[i].title)
			r := <-results[i]
			stop()
			r = c.otherwise(ctx, cl, changes[i], r)
			if exitCode(r.err) == exitUsage {
				return r.err // it says the same of all
			}
			doc.Changes = append(doc.Changes, r.doc)
			c.tell(r)
		}
		if c.out.machine() {
			return encode(c.stdout, *c.out, doc)
		}
		return nil
	}, opts...)
}

// otherwise makes a change that failed in another way, if there is one, and returns
// what came of it.
func (c *changing) otherwise(ctx context.Context, cl cluster, ch change, r changed) changed {
	if r.err == nil || ch.instead == nil {
		return r
	}
	next, err := ch.instead(ctx, r.err)
	if err != nil {
		r.err = err
	}
	if next == nil {
		return r
	}
	defer c.progress.during(next.title)()
	return c.one(ctx, cl, *next)
}

// changed is what came of a change.
type changed struct {
	doc  changeDoc
	line string // for people
	err  error
}

// start makes the changes in their order, askedAtOnce at a time. One of the same
// title as another before it waits for that.
func (c *changing) start(ctx context.Context, cl cluster, changes []change) (results []chan changed, wait func()) {
	for range changes {
		results = append(results, make(chan changed, 1))
	}
	var all sync.WaitGroup
	all.Go(func() {
		var group errgroup.Group
		group.SetLimit(askedAtOnce)
		ended := make(map[string]chan struct{}, len(changes)) // the last one of a title
		for i, ch := range changes {
			same, end := ended[ch.title], make(chan struct{})
			ended[ch.title] = end
			group.Go(func() error {
				defer close(end)
				if same != nil {
					<-same
				}
				results[i] <- c.one(ctx, cl, ch)
				return nil
			})
		}
		group.Wait()
	})
	return results, all.Wait
}

// tell prints what came of a change, and counts its code.
func (c *changing) tell(r changed) {
	if r.line != "" && !c.out.machine() {
		fmt.Fprintln(c.stdout, r.line)
	}
	if r.err != nil {
		c.code = max(c.code, changeCode(r.err))
		c.printError(r.err)
	}
}

// one makes a change, and returns what came of it.
func (c *changing) one(ctx context.Context, cl cluster, ch change) changed {
	var opts []mds.CallOption
	if c.timeout > 0 { // one of a context is meant for questions
		opts = append(opts, mds.Timeout(c.timeout))
	}
	var request mds.Request
	if c.dryRun {
		opts = append(opts, mds.DryRun(&request))
	}
	r := changed{doc: ch.doc}
	r.line, r.err = ch.make(ctx, cl, &r.doc, opts)
	switch {
	case errors.Is(r.err, mds.ErrDryRun):
		r.line, r.err = r.doc.dryRun(request)
	case r.err != nil:
		r.line, r.doc.Outcome, r.doc.Error = "", outcomes[changeCode(r.err)], r.err.Error()
	default:
		r.doc.Outcome = outcomes[exitDone]
	}
	return r
}

// outcomes name what came of a change as its exit code does.
var outcomes = map[int]string{
	exitDone: "done", exitFailed: "failed", exitInUse: "in-use", exitCannotTell: "cannot-tell",
}

// changesDoc is the JSON and YAML of every command that changes something, a
// contract: see docs/json-output.md.
type changesDoc struct {
	Changes []changeDoc `json:"changes"`
}

type changeDoc struct {
	Path          string      `json:"path,omitempty"`
	Host          string      `json:"host,omitempty"`
	Bdev          string      `json:"bdev,omitempty"`
	Outcome       string      `json:"outcome"`
	Existed       *bool       `json:"existed,omitempty"`
	Confirmed     *bool       `json:"confirmed,omitempty"`
	RequestedSize int64       `json:"requestedSize,omitempty"`
	Size          *int64      `json:"size,omitempty"`
	ActualSize    *int64      `json:"actualSize,omitempty"`
	Parent        string      `json:"parent,omitempty"`
	MDS           string      `json:"mds,omitempty"`
	Port          int         `json:"port,omitempty"`
	URL           string      `json:"url,omitempty"`
	SocketPath    string      `json:"socketPath,omitempty"`
	Request       *requestDoc `json:"request,omitempty"`
	Error         string      `json:"error,omitempty"`
}

type requestDoc struct {
	MDS    string          `json:"mds"`
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body"`
}

// volume fills in the volume as the change left it.
func (d *changeDoc) volume(info volume.Info, err error) {
	if err != nil {
		return
	}
	d.Size, d.ActualSize, d.Parent = &info.Size, &info.ActualSize, info.Parent
}

// dryRun fills in the request that was not sent, and returns it for people.
func (d *changeDoc) dryRun(r mds.Request) (string, error) {
	d.Outcome = "dry-run"
	d.Request = &requestDoc{MDS: r.MDS.String(), Method: r.Method, URL: r.URL, Body: r.Body}
	var body bytes.Buffer
	err := json.Indent(&body, r.Body, "", "  ")
	return fmt.Sprintf("%s %s\n%s", r.Method, r.URL, &body), err
}
