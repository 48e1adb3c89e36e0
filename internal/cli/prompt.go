package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	xterm "golang.org/x/term"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

var errNotConfirmed = errors.New("not confirmed, nothing was sent")

// interactive returns the terminal's file descriptor when the user can be asked:
// stdin is a terminal, and so is stderr, which shows the question.
func (e *environment) interactive() (fd int, ok bool) {
	if _, ok := term.FD(e.stderr); !ok {
		return 0, false
	}
	return term.FD(e.stdin)
}

// confirm shows what is going to be destroyed, and accepts the whole word yes only.
// The consequence continues a sentence that begins with "this". A user that cannot
// be asked has to give --yes.
func (e *environment) confirm(ctx context.Context, consequence string, what []string) error {
	if _, ok := e.interactive(); !ok {
		return usagef("this %s: %s; give --yes where nobody can be asked", consequence, strings.Join(what, ", "))
	}
	fmt.Fprintln(e.stderr, e.errStyle(term.Yellow, "This "+consequence+":"))
	for _, w := range what {
		fmt.Fprintf(e.stderr, "  %s\n", e.errStyle(term.Bold, w))
	}
	fmt.Fprint(e.stderr, "Type yes to go on: ")
	answer, err := untilDone(ctx, func() (string, error) { return bufio.NewReader(e.stdin).ReadString('\n') })
	if err != nil {
		fmt.Fprintln(e.stderr)
	}
	if strings.TrimSpace(answer) != "yes" {
		return errNotConfirmed
	}
	return nil
}

// askSecret reads a line from the terminal without showing what is typed.
func (e *environment) askSecret(ctx context.Context, fd int, prompt string) (string, error) {
	state, err := xterm.GetState(fd)
	if err != nil {
		return "", err
	}
	defer xterm.Restore(fd, state) // an interrupted read leaves the echo off
	fmt.Fprint(e.stderr, prompt)
	defer fmt.Fprintln(e.stderr)
	secret, err := untilDone(ctx, func() ([]byte, error) { return xterm.ReadPassword(fd) })
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return string(secret), err
}

// untilDone reads from the terminal until ctx ends, for example at an interrupt.
// The read itself cannot be interrupted: its goroutine ends with the process.
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
