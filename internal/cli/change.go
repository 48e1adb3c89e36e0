package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// changer is a command that changes something: the flags that all of these share,
// and how it makes and reports its changes.
type changer struct {
	env    *environment
	to     *target
	out    *format
	guard  *guardFlags // nil: the changes need no Guard
	dryRun bool
	yes    bool
}

// newChanger adds the flags of a command that changes something.
func newChanger(env *environment, to *target, cmd *cobra.Command) *changer {
	c := &changer{env: env, to: to, out: outputFlag(cmd)}
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "show the request instead of sending it; reads that come before it are sent")
	return c
}

// newDestroyer adds the flags of a command that destroys something.
func newDestroyer(env *environment, to *target, cmd *cobra.Command) *changer {
	c := newChanger(env, to, cmd)
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	return c
}

// confirm asks the user before something is destroyed, unless --yes or --dry-run is
// given.
func (c *changer) confirm(ctx context.Context, consequence string, what ...string) error {
	if c.yes || c.dryRun {
		return nil
	}
	return c.env.confirm(ctx, consequence, what)
}

// change is one change of a command.
type change struct {
	title string    // such as "delete zbs://pool/volume"
	doc   changeDoc // what is known before the change
	// make makes the change, completes the document, and returns a line for people.
	make func(ctx context.Context, c cluster, doc *changeDoc, opts []mds.CallOption) (string, error)
	// instead returns another way to make the change after it failed with err, or nil.
	// It may be nil itself.
	instead func(ctx context.Context, err error) (*change, error)
}

// simpleChange is a change whose result is done or an error. The line is for people.
func simpleChange[T any](title, line string, doc changeDoc, command T, send func(cluster, context.Context, T, ...mds.CallOption) error) change {
	return change{title: title, doc: doc, make: func(ctx context.Context, c cluster, _ *changeDoc, opts []mds.CallOption) (string, error) {
		return line, send(c, ctx, command, opts...)
	}}
}

// run makes the changes, several at the same time, and reports them in their order.
// It goes on after a failure. The largest exit code is that of the command.
func (c *changer) run(ctx context.Context, changes []change, opts ...volume.Option) error {
	return c.to.withGuard(ctx, c.guard, func(cl cluster) error {
		results, wait := c.start(ctx, cl, changes)
		defer wait()
		doc := changesDoc{Changes: []changeDoc{}}
		for i := range changes {
			stop := cl.progress.during(changes[i].title)
			r := <-results[i]
			stop()
			r = c.retry(ctx, cl, changes[i], r)
			if exitCode(r.err) == exitUsage {
				return r.err // the same for all changes
			}
			doc.Changes = append(doc.Changes, r.doc)
			c.report(r)
		}
		if c.out.machine() {
			return encode(c.env.stdout, *c.out, doc)
		}
		return nil
	}, opts...)
}

// retry makes a failed change in another way, if there is one, and returns the last
// result.
func (c *changer) retry(ctx context.Context, cl cluster, ch change, r changeResult) changeResult {
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
	defer cl.progress.during(next.title)()
	return c.one(ctx, cl, *next)
}

// changeResult is the result of a change.
type changeResult struct {
	doc  changeDoc
	line string // for people
	err  error
}

// start starts the changes in their order, and runs parallelism of them at the same
// time. A change waits for an earlier one with the same title. wait returns when all
// have ended.
func (c *changer) start(ctx context.Context, cl cluster, changes []change) (results []chan changeResult, wait func()) {
	for range changes {
		results = append(results, make(chan changeResult, 1))
	}
	var all sync.WaitGroup
	all.Go(func() {
		var group errgroup.Group
		group.SetLimit(parallelism)
		ended := make(map[string]chan struct{}, len(changes)) // of the last change with a title
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

// report prints the result of a change, and counts its exit code.
func (c *changer) report(r changeResult) {
	if r.line != "" && !c.out.machine() {
		fmt.Fprintln(c.env.stdout, r.line)
	}
	if r.err != nil {
		c.env.exitWith(changeCode(r.err))
		c.env.printError(r.err)
	}
}

// one makes a single change.
func (c *changer) one(ctx context.Context, cl cluster, ch change) changeResult {
	var opts []mds.CallOption
	if c.to.timeout > 0 { // that of a context is meant for queries
		opts = append(opts, mds.Timeout(c.to.timeout))
	}
	var request mds.Request
	if c.dryRun {
		opts = append(opts, mds.DryRun(&request))
	}
	r := changeResult{doc: ch.doc}
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
