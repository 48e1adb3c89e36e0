package fakemds

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// AdminHandler returns an HTTP API that looks at the cluster and breaks it
// while it runs, in JSON:
//
//	GET    /nodes               state, faults and counters of every node
//	POST   /nodes/{i}/faults    {"fault":"hang","times":1,"on":["volume/clients"],"delay":"2s"}
//	DELETE /nodes/{i}/faults    no faults any more, and start the node
//	POST   /nodes/{i}/{verb}    restart, stop, start, sync, unsync
//	GET    /ledger              every request, and how often it was executed
//	GET    /volume?path=P       state of a volume
//	POST   /volume              {"path":P,"clients":["10.0.0.5:9001"]}
//	POST   /clients             {"path":P,"client":"10.0.0.5"} opens the volume
//	DELETE /clients             the same body closes it
//
// A fault's name is ParseFault's. A mistake is answered with 400 or 404 and
// {"error":"…"}. The API has no authentication: serve it on loopback.
func (c *Cluster) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			reply, err := f(r)
			status := http.StatusOK
			if err != nil {
				status, reply = http.StatusBadRequest, map[string]string{"error": err.Error()}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(reply)
		})
	}
	handle("GET /nodes", func(*http.Request) (any, error) { return c.nodeDocs(), nil })
	handle("GET /ledger", func(*http.Request) (any, error) { return c.ledgerDocs(), nil })
	handle("POST /nodes/{i}/faults", c.adminInject)
	handle("DELETE /nodes/{i}/faults", c.withNode(func(n *Node) { n.Clear() }))
	for verb, do := range map[string]func(*Node){
		"restart": (*Node).Restart,
		"stop":    (*Node).Stop,
		"start":   (*Node).Start,
		"sync":    func(n *Node) { n.Sync(agentVersion) },
		"unsync":  (*Node).Unsync,
	} {
		handle("POST /nodes/{i}/"+verb, c.withNode(do))
	}
	handle("GET /volume", c.adminVolume)
	handle("POST /volume", c.adminAddVolume)
	handle("POST /clients", c.adminClient((*VolumeState).openLocked))
	handle("DELETE /clients", c.adminClient((*VolumeState).closeLocked))
	return mux
}

type nodeDoc struct {
	Addr         string   `json:"addr"`
	Running      bool     `json:"running"`
	AgentVersion any      `json:"agentVersion"` // null when unsynced
	Faults       []string `json:"faults"`
	Requests     int      `json:"requests"`
	Executed     int      `json:"executed"`
	Connections  int      `json:"connections"` // since the start
}

func (c *Cluster) nodeDocs() []nodeDoc {
	docs := make([]nodeDoc, len(c.nodes))
	for i, n := range c.nodes {
		doc := nodeDoc{Addr: n.addr, AgentVersion: n.version(), Faults: []string{}, Connections: len(n.Conns())}
		for _, f := range n.Faults() {
			doc.Faults = append(doc.Faults, f.String())
		}
		for _, r := range n.Requests() {
			doc.Requests++
			doc.Executed += r.Executed
		}
		n.mu.Lock()
		doc.Running = n.server != nil
		n.mu.Unlock()
		docs[i] = doc
	}
	return docs
}

type requestDoc struct {
	Node     int       `json:"node"`
	Endpoint string    `json:"endpoint"`
	Body     string    `json:"body"`
	Time     time.Time `json:"time"`
	Executed int       `json:"executed"`
	Status   int       `json:"status"`
}

func (c *Cluster) ledgerDocs() []requestDoc {
	docs := []requestDoc{}
	for i, n := range c.nodes {
		for _, r := range n.Requests() {
			docs = append(docs, requestDoc{i, r.Endpoint, string(r.Body), r.Time, r.Executed, r.Status})
		}
	}
	return docs
}

var done = map[string]bool{"ok": true}

func (c *Cluster) nodeOf(r *http.Request) (*Node, error) {
	i, err := strconv.Atoi(r.PathValue("i"))
	if err != nil || i < 0 || i >= len(c.nodes) {
		return nil, fmt.Errorf("there is no node %q, want 0 to %d", r.PathValue("i"), len(c.nodes)-1)
	}
	return c.nodes[i], nil
}

func (c *Cluster) withNode(do func(*Node)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		n, err := c.nodeOf(r)
		if err != nil {
			return nil, err
		}
		do(n)
		return done, nil
	}
}

// readBody decodes the request's JSON and refuses fields it does not know.
func readBody(r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

func (c *Cluster) adminInject(r *http.Request) (any, error) {
	n, err := c.nodeOf(r)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Fault string   `json:"fault"`
		Times int      `json:"times"`
		On    []string `json:"on"`
		Delay string   `json:"delay"`
	}
	if err := readBody(r, &doc); err != nil {
		return nil, err
	}
	var delay time.Duration
	if doc.Delay != "" {
		if delay, err = time.ParseDuration(doc.Delay); err != nil {
			return nil, fmt.Errorf("delay: %w", err)
		}
	}
	f, err := ParseFault(doc.Fault, delay)
	if err != nil {
		return nil, err
	}
	n.Inject(f.Times(max(doc.Times, 0)).On(doc.On...))
	return done, nil
}

func (c *Cluster) adminVolume(r *http.Request) (any, error) {
	var state VolumeState
	err := c.storage.withVolume(r.FormValue("path"), func(v *VolumeState) { state = v.clone() })
	return state, err
}

func (c *Cluster) adminAddVolume(r *http.Request) (any, error) {
	var doc struct {
		Path    string   `json:"path"`
		Clients []string `json:"clients"`
	}
	if err := readBody(r, &doc); err != nil {
		return nil, err
	}
	return done, c.storage.addVolume(doc.Path, doc.Clients)
}

func (c *Cluster) adminClient(change func(*VolumeState, string)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		var doc struct {
			Path   string `json:"path"`
			Client string `json:"client"`
		}
		if err := readBody(r, &doc); err != nil {
			return nil, err
		}
		return done, c.storage.withVolume(doc.Path, func(v *VolumeState) { change(v, doc.Client) })
	}
}
