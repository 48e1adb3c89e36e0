package cli

import (
	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/zbs"
)

// clientsDoc is the JSON and YAML of zbsctl clients. It is a contract: see
// docs/json-output.md.
type clientsDoc struct {
	Volumes []volumeDoc `json:"volumes"`
}

type volumeDoc struct {
	Path     string       `json:"path"`
	Clients  []clientDoc  `json:"clients"` // null when no MDS answered
	MDS      string       `json:"mds,omitempty"`
	Seconds  float64      `json:"seconds"`
	Attempts []attemptDoc `json:"attempts"`
	Lists    []listDoc    `json:"lists,omitempty"` // when the first list was empty
	Error    string       `json:"error,omitempty"`
}

// listDoc is the list of one MDS.
type listDoc struct {
	MDS          string       `json:"mds"`
	Clients      []clientDoc  `json:"clients"` // null when it did not answer
	State        health.State `json:"state"`   // as in zbsctl mds status
	AgentVersion string       `json:"agentVersion,omitempty"`
	Seconds      float64      `json:"seconds"`
	Error        string       `json:"error,omitempty"`
}

type clientDoc struct {
	IP   string `json:"ip"`
	Port int64  `json:"port"`
}

func clientDocs(clients []zbs.Client) []clientDoc {
	docs := make([]clientDoc, len(clients))
	for i, c := range clients {
		docs[i] = clientDoc{c.IP, int64(c.Port)}
	}
	return docs
}

func clientsDocOf(answers []volumeClients) clientsDoc {
	doc := clientsDoc{Volumes: make([]volumeDoc, len(answers))}
	for i, answer := range answers {
		doc.Volumes[i] = answer.doc()
	}
	return doc
}

func (v volumeClients) doc() volumeDoc {
	doc := volumeDoc{Path: v.list.Path.String(), Seconds: v.took.Seconds(), Attempts: attemptDocs(v.list.Trace)}
	for _, l := range v.lists {
		list := listDoc{MDS: l.mds.String(), State: health.Of(l.health), AgentVersion: l.health.Agent.AgentVersion, Seconds: l.took.Seconds()}
		if l.err != nil {
			list.Error = l.err.Error()
		} else {
			list.Clients = clientDocs(l.clients)
		}
		doc.Lists = append(doc.Lists, list)
	}
	if v.err != nil {
		doc.Error = v.err.Error()
		return doc
	}
	doc.MDS = v.list.MDS.String()
	doc.Clients = clientDocs(v.all())
	return doc
}
