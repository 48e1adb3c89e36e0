package fakemds

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
)

// faultRequest is the body of POST /nodes/{i}/faults.
type faultRequest struct {
	Fault string   `json:"fault"`
	Delay string   `json:"delay"`
	Code  int      `json:"code"`
	Text  string   `json:"text"`
	Times int      `json:"times"`
	On    []string `json:"on"`
}

func (r faultRequest) fault() (Fault, error) {
	param := r.Delay + r.Text
	if r.Code != 0 {
		param += strconv.Itoa(r.Code)
	}
	f, err := ParseFault(r.Fault, param)
	if err != nil {
		return Fault{}, err
	}
	if r.Times < 0 {
		return Fault{}, fmt.Errorf("times %d: want 0 (until cleared) or more", r.Times)
	}
	for _, name := range r.On {
		if !agent.IsEndpoint(name) {
			return Fault{}, fmt.Errorf("unknown endpoint %q, want one like \"volume/clients\"", name)
		}
	}
	return f.Times(r.Times).On(r.On...), nil
}

// nodeReport is one node in GET /nodes.
type nodeReport struct {
	Index        int      `json:"index"`
	Addr         string   `json:"addr"`
	Generation   string   `json:"generation"`
	Stopped      bool     `json:"stopped"`
	AgentVersion any      `json:"agentVersion"`
	ListsClients bool     `json:"listsClients"`
	Faults       []string `json:"faults"`
	Requests     int      `json:"requests"`
	Executed     int      `json:"executed"`
	Probes       int      `json:"probes"`
	OpenConns    int      `json:"openConns"`
	MostConns    int      `json:"mostConns"`
}

func (n *Node) report() nodeReport {
	r := nodeReport{
		Index: n.server.index, Addr: n.Addr(), Generation: n.Generation().String(), Stopped: n.server.is(stopped),
		AgentVersion: n.agent.Version(), ListsClients: n.agent.ListsClients(), Faults: []string{},
		Requests: n.Asked(""), Executed: n.Executed(""), Probes: n.Probes(),
	}
	r.OpenConns, r.MostConns = n.OpenConns()
	for _, f := range n.Faults() {
		r.Faults = append(r.Faults, f.String())
	}
	return r
}

// volumeRequest is the body of POST and DELETE /volumes and /clients.
type volumeRequest struct {
	Path    string   `json:"path"`
	Clients []string `json:"clients"`
}

// AdminHandler serves the admin API described in the package comment.
func (c *Cluster) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /nodes", func(w http.ResponseWriter, _ *http.Request) {
		all := []nodeReport{}
		for _, n := range c.nodes {
			all = append(all, n.report())
		}
		send(w, http.StatusOK, all)
	})
	mux.HandleFunc("GET /ledger", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, c.ledger()) })
	mux.HandleFunc("GET /harm", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, append([]Harm{}, c.Harm()...))
	})
	mux.HandleFunc("GET /volumes", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, c.Volumes()) })
	mux.HandleFunc("GET /clients", func(w http.ResponseWriter, _ *http.Request) {
		open := map[string][]string{}
		for _, v := range c.Volumes() {
			for _, cl := range v.Clients {
				open[v.Path] = append(open[v.Path], cl.String())
			}
		}
		send(w, http.StatusOK, open)
	})
	mux.HandleFunc("POST /nodes/{i}/faults", c.adminNode(func(n *Node, r *http.Request) error {
		var req faultRequest
		if err := receive(r, &req); err != nil {
			return err
		}
		f, err := req.fault()
		if err == nil {
			n.Inject(f)
		}
		return err
	}))
	mux.HandleFunc("DELETE /nodes/{i}/faults", c.adminNode(func(n *Node, _ *http.Request) error { n.Clear(); return nil }))
	mux.HandleFunc("POST /nodes/{i}/upgrade", c.adminNode(adminUpgrade))
	mux.HandleFunc("POST /nodes/{i}/{action}", c.adminNode(adminAction))
	c.adminVolumes(mux)
	return mux
}

// upgradeRequest is the body of POST /nodes/{i}/upgrade.
type upgradeRequest struct {
	Generation string `json:"generation"`
}

func adminUpgrade(n *Node, r *http.Request) error {
	var req upgradeRequest
	if err := receive(r, &req); err != nil {
		return err
	}
	g, err := ParseGeneration(req.Generation)
	if err != nil {
		return err
	}
	return n.Upgrade(g)
}

func adminAction(n *Node, r *http.Request) error {
	switch action := r.PathValue("action"); action {
	case "restart":
		return n.Restart()
	case "stop":
		n.Stop()
	case "start":
		return n.Start()
	case "sync":
		n.Sync(syncedVersion)
	case "unsync":
		n.Unsync()
	default:
		return fmt.Errorf("unknown action %q, want restart, stop, start, sync, unsync, upgrade or faults", action)
	}
	return nil
}

// adminVolumes adds what changes volumes and clients.
func (c *Cluster) adminVolumes(mux *http.ServeMux) {
	change := func(f func(volumeRequest) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var req volumeRequest
			err := receive(r, &req)
			if err == nil {
				_, err = parsePath(req.Path)
			}
			if err == nil {
				err = f(req)
			}
			finish(w, err, c.Volumes())
		}
	}
	mux.HandleFunc("POST /volumes", change(func(r volumeRequest) error { return c.addVolume(r.Path, r.Clients...) }))
	mux.HandleFunc("DELETE /volumes", change(func(r volumeRequest) error { c.RemoveVolume(r.Path); return nil }))
	mux.HandleFunc("POST /clients", change(func(r volumeRequest) error {
		for _, cl := range r.Clients {
			if err := c.open(r.Path, cl); err != nil {
				return err
			}
		}
		return nil
	}))
	mux.HandleFunc("DELETE /clients", change(func(r volumeRequest) error {
		for _, cl := range r.Clients {
			c.CloseClient(r.Path, cl)
		}
		return nil
	}))
}

// adminNode runs f on the node of the path and answers the node.
func (c *Cluster) adminNode(f func(*Node, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(r.PathValue("i"))
		if err != nil || i < 0 || i >= len(c.nodes) {
			send(w, http.StatusNotFound, map[string]string{
				"error": fmt.Sprintf("no node %q, want 0..%d", r.PathValue("i"), len(c.nodes)-1)})
			return
		}
		err = f(c.nodes[i], r)
		finish(w, err, c.nodes[i].report())
	}
}

// ledgerEntry is a Request in GET /ledger, with the body as text.
type ledgerEntry struct {
	Request
	Body string
}

// ledger is what all nodes were asked, in order. The bodies that carry passwords
// are left out.
func (c *Cluster) ledger() []ledgerEntry {
	all := []ledgerEntry{}
	for _, r := range c.Requests() {
		e := ledgerEntry{Request: r, Body: string(r.Body)}
		if holdsPassword(r.Body) {
			e.Body = "(not shown, holds a password)"
			e.Failure = strings.ReplaceAll(e.Failure, string(r.Body), e.Body) // of a body that is no JSON
		}
		all = append(all, e)
	}
	return all
}

const maxAdminBody = 1 << 20

func receive(r *http.Request, v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAdminBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("the body is not the JSON expected: %w", err)
	}
	return nil
}

func finish(w http.ResponseWriter, err error, v any) {
	if err != nil {
		send(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	send(w, http.StatusOK, v)
}

func send(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v) // an error means that the client left
}
