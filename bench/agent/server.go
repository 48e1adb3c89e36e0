package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// server is the agent: its mode, and its listener if it has one.
type server struct {
	port    int
	answer  []byte // to volume/clients
	mode    atomic.Pointer[Mode]
	counter counter
	gate    gate

	// Only set uses these, one order at a time.
	http     *http.Server
	listener net.Listener
	hole     *hole
}

// newServer returns a healthy agent that listens. Its answers name one client, with
// number as its port, so an answer shows which agent gave it.
func newServer(number int) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{port: port}
	s.answer = fmt.Appendf(nil, `{"success":true,"error":"","clients":[{"ip":"10.0.0.5","port":%d}]}`, number)
	s.mode.Store(&Mode{})
	s.http = s.newHTTP(false)
	return s, s.set(Mode{})
}

func (s *server) newHTTP(limited bool) *http.Server {
	srv := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	if limited {
		srv.ConnState = newThreads().track
		srv.ReadHeaderTimeout, srv.IdleTimeout = SilentFor, SilentFor
	}
	return srv
}

// set makes the agent behave as m says, on the same port.
func (s *server) set(m Mode) error {
	was := *s.mode.Load()
	if limited := m.Kind == Limited; m.Kind == Refuse || limited != (was.Kind == Limited) {
		s.deafen()
		s.http.Close() // cuts open connections
		s.http = s.newHTTP(limited)
	}
	s.mode.Store(&m)
	if s.hole != nil {
		s.hole.close()
		s.hole = nil
	}
	switch m.Kind {
	case Refuse:
		s.gate.open()
		return nil
	case Blackhole:
		return s.vanish()
	}
	defer s.gate.open() // delayed requests continue in the new mode
	return s.serve()
}

// vanish turns the agent into a black hole.
func (s *server) vanish() (err error) {
	s.gate.shut()
	s.deafen()
	s.hole, err = dig(s.port)
	return err
}

// deafen stops listening.
func (s *server) deafen() {
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
}

func (s *server) serve() error {
	if s.listener != nil {
		return nil
	}
	backlog := roomy
	if s.mode.Load().Kind == Limited {
		backlog = Backlog
	}
	l, err := listen(s.port, backlog)
	if err != nil {
		return err
	}
	s.listener = l
	go s.http.Serve(counting{l, &s.counter, &s.gate})
	return nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // net/http notices a client that leaves only after the body is read
	if err != nil {
		return
	}
	s.counter.add(func(n *Counts) { n.Requests++ })
	mode := *s.mode.Load()
	switch mode.Kind {
	case Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	time.Sleep(mode.Service)
	if strings.HasSuffix(r.URL.Path, zbs.EndpointVolumeClients.Name) && mode.Kind != RunAndReset && mode.Kind != RunAnd503 {
		w.Header().Set("Content-Type", "text/html")
		w.Write(s.answer)
		return
	}
	s.run(w, r, body, mode)
}

// run executes a volume/clone.
func (s *server) run(w http.ResponseWriter, r *http.Request, body []byte, mode Mode) {
	var command struct{ DstVolume string }
	json.Unmarshal(body, &command)
	task := r.Header.Get(zbs.HeaderTaskID)
	fresh := command.DstVolume != "" && s.counter.execute(task, command.DstVolume)
	switch mode.Kind {
	case RunAndReset:
		resetConnection(w)
	case RunAnd503:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		if fresh {
			go callBack(r.Header.Get(zbs.HeaderCallbackURL), task, command.DstVolume)
		}
	}
}

func resetConnection(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c.(*conn).SetLinger(0)
	c.Close()
}

// caller posts callbacks, each over a connection of its own as agents do.
var caller = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

func callBack(url, task, volume string) error {
	result := fmt.Appendf(nil, `{"success":true,"error":"","installPath":"cbd:pp/lp/%s","size":1073741824}`, volume)
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(result))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(zbs.HeaderTaskID, task)
	resp, err := caller.Do(req)
	if err != nil {
		return errors.Unwrap(err)
	}
	return resp.Body.Close()
}
