package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

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
}

// simple is a change of what, of which nothing is to be told but that it is made.
func simple[T any](title, line string, doc changeDoc, what T, send func(cluster, context.Context, T, ...mds.CallOption) error) change {
	return change{title: title, doc: doc, make: func(ctx context.Context, c cluster, _ *changeDoc, opts []mds.CallOption) (string, error) {
		return line, send(c, ctx, what, opts...)
	}}
}

// run makes the changes, one after the other. One that fails does not keep the
// others from being made; the largest code is the command's.
func (c *changing) run(ctx context.Context, changes []change, opts ...volume.Option) error {
	c.progress = c.newProgress()
	return c.withCluster(func(cl cluster) error {
		doc := changesDoc{Changes: []changeDoc{}}
		for _, ch := range changes {
			line, err := c.one(ctx, cl, &ch)
			if exitCode(err) == exitUsage {
				return err // it says the same of all
			}
			doc.Changes = append(doc.Changes, ch.doc)
			if line != "" && !c.out.machine() {
				fmt.Fprintln(c.stdout, line)
			}
			if err != nil {
				c.printError(err)
			}
		}
		if c.out.machine() {
			return encode(c.stdout, *c.out, doc)
		}
		return nil
	}, opts...)
}

// one makes a change, and fills in what came of it.
func (c *changing) one(ctx context.Context, cl cluster, ch *change) (string, error) {
	var opts []mds.CallOption
	if c.timeout > 0 { // one of a context is meant for questions
		opts = append(opts, mds.Timeout(c.timeout))
	}
	var request mds.Request
	if c.dryRun {
		opts = append(opts, mds.DryRun(&request))
	}
	stop := c.progress.during(ch.title)
	line, err := ch.make(ctx, cl, &ch.doc, opts)
	stop()
	switch {
	case errors.Is(err, mds.ErrDryRun):
		return ch.doc.dryRun(request)
	case err != nil:
		code := changeCode(err)
		ch.doc.Outcome, ch.doc.Error = outcomes[code], err.Error()
		c.code = max(c.code, code)
		return "", err
	}
	ch.doc.Outcome = outcomes[exitDone]
	return line, nil
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
