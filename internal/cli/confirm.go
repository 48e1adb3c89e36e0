package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/term"
)

// confirm makes sure that the user means what he typed, before anything is sent:
// it shows what is destroyed and wants the whole word yes. Where nobody can be
// asked, --yes must have been given. The consequence is told behind "this".
func (c *changing) confirm(ctx context.Context, consequence string, what ...string) error {
	if c.yes || c.dryRun {
		return nil
	}
	if _, ok := c.interactive(); !ok {
		return usagef("this %s: %s; give --yes where nobody can be asked", consequence, strings.Join(what, ", "))
	}
	fmt.Fprintln(c.stderr, c.errStyle(yellow, "This "+consequence+":"))
	for _, w := range what {
		fmt.Fprintf(c.stderr, "  %s\n", c.errStyle(bold, w))
	}
	fmt.Fprint(c.stderr, "Type yes to go on: ")
	answer, err := untilDone(ctx, func() (string, error) { return bufio.NewReader(c.stdin).ReadString('\n') })
	if err != nil {
		fmt.Fprintln(c.stderr)
	}
	if strings.TrimSpace(answer) != "yes" {
		return errNotConfirmed
	}
	return nil
}

// interactive returns the terminal's file descriptor when the user can be asked:
// he types there, and sees on stderr what for.
func (a *app) interactive() (fd int, ok bool) {
	if _, ok := terminal(a.stderr); !ok {
		return 0, false
	}
	return terminal(a.stdin)
}

var errNotConfirmed = errors.New("not confirmed, nothing was sent")

// untilDone reads from the terminal until the context ends, for example because
// the user gave up: a read cannot be interrupted, and ends with the process.
func untilDone[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		answer T
		err    error
	}
	results := make(chan result, 1)
	go func() {
		answer, err := read()
		results <- result{answer, err}
	}()
	select {
	case r := <-results:
		return r.answer, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// askSecret asks on the terminal without showing what is typed.
func (a *app) askSecret(ctx context.Context, fd int, prompt string) (string, error) {
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, state) // an interrupted read leaves the echo off
	fmt.Fprint(a.stderr, prompt)
	defer fmt.Fprintln(a.stderr)
	secret, err := untilDone(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return string(secret), err
}
