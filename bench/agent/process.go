package agent

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
)

// envNumber is the environment variable that makes a process the agent of that number.
const envNumber = "ZBSCLIENT_BENCH_AGENT"

// order is a line on the agent's standard input.
type order struct {
	Mode    *Mode `json:",omitempty"` // the mode to change to
	Reset   bool  `json:",omitempty"` // set the counts to zero
	Volumes bool  `json:",omitempty"` // report the executions by volume
}

// report answers an order with a line on standard output. The first report answers no
// order; it says that the agent listens.
type report struct {
	Err     string         `json:",omitempty"`
	Port    int            `json:",omitempty"`
	Counts  Counts         // before Reset
	Volumes map[string]int `json:",omitempty"`
}

// Main makes this process an agent if Start started it for that, and then does not
// return. The agent ends when its standard input does, so it cannot outlive the
// process that controls it.
func Main() {
	number, err := strconv.Atoi(os.Getenv(envNumber))
	if err != nil {
		return
	}
	if err := obey(number, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "agent %d: %v\n", number, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func obey(number int, orders io.Reader, reports io.Writer) error {
	debug.SetGCPercent(400) // so fewer pauses of the agent count against the client
	s, err := newServer(number)
	if err != nil {
		return err
	}
	out := json.NewEncoder(reports)
	if err := out.Encode(report{Port: s.port}); err != nil {
		return err
	}
	lines := bufio.NewScanner(orders)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		if err := out.Encode(s.carryOut(o)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (s *server) carryOut(o order) (r report) {
	r.Counts = s.counter.report()
	if o.Volumes {
		r.Volumes = s.counter.executed()
	}
	if o.Reset {
		s.counter.reset()
	}
	if o.Mode != nil {
		if err := s.set(*o.Mode); err != nil {
			r.Err = err.Error()
		}
	}
	return r
}
