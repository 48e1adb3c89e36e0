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

// envNumber makes a process an agent of that number.
const envNumber = "ZBSCLIENT_BENCH_AGENT"

// order is a line on the agent's standard input.
type order struct {
	Mode    *Mode `json:",omitempty"` // be this
	Reset   bool  `json:",omitempty"` // count anew
	Volumes bool  `json:",omitempty"` // tell the executions by volume
}

// report answers an order with a line on standard output. The first one answers
// nothing: it says that the agent listens.
type report struct {
	Err     string         `json:",omitempty"`
	Port    int            `json:",omitempty"`
	Counts  Counts         // before Reset
	Volumes map[string]int `json:",omitempty"`
}

// Main makes this process an agent if Start started it for that, and then does
// not return. The agent ends with its standard input: it cannot outlive the
// process that commands it.
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
	debug.SetGCPercent(400) // its pauses are not the client's
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
