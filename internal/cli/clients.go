package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) clientsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clients PATH...",
		Short: "Show who has volumes open",
		Long: `Show who has each volume open, which MDS said so, and after what.

One MDS after the other is asked until one answers. When that one lists nobody,
the others are asked as well, whether the volume exists, and how each MDS is: an
agent that was restarted lists nobody until it is synced. Even so an empty list
is no proof that nobody has the volume open; zbsctl guard gives one.`,
		Example: `  zbsctl clients zbs://pool/volume
  zbsctl clients zbs://pool/a zbs://pool/b -o wide --timeout 5s
  zbsctl clients cbd:physical/pool/volume -o json | jq '.volumes[].clients'`,
		Args: cobra.MinimumNArgs(1),
	}
	out := outputFlag(cmd)
	tryNext := cmd.Flags().Bool("try-next", true, "go on to the next MDS also after a time-out or an agent's refusal")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var opts []mds.CallOption
		if !*tryNext {
			opts = append(opts, mds.NoTryNext())
		}
		return a.clients(cmd.Context(), args, *out, opts)
	}
	return cmd
}

func (a *app) clients(ctx context.Context, args []string, out format, opts []mds.CallOption) error {
	paths, err := parseVolumes(args)
	if err != nil {
		return err
	}
	var answers []volumeClients
	err = a.withCluster(func(c cluster) error {
		answers = askEach(paths, func(path zbs.Path) volumeClients { return c.askClients(ctx, path, opts) })
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.printClients(answers, out); err != nil {
		return err
	}
	for _, answer := range answers {
		switch {
		case answer.err != nil:
			a.failed(answer.err)
		case len(answer.all()) == 0:
			fmt.Fprintf(a.stderr, "%s %s: an empty list is no proof that nobody has it open; zbsctl guard gives one\n", a.errStyle(yellow, "note:"), answer.list.Path)
		}
	}
	return nil
}

func (a *app) printClients(answers []volumeClients, out format) error {
	if out.machine() {
		doc := clientsDoc{Volumes: make([]volumeDoc, len(answers))}
		for i, answer := range answers {
			doc.Volumes[i] = answer.doc()
		}
		return encode(a.stdout, out, doc)
	}
	t := table{header: []string{"VOLUME", "CLIENT", "MDS", "AFTER"}}
	if out == formatWide {
		t.header = append(t.header, "ATTEMPTS")
	}
	for _, answer := range answers {
		answer.rows(&t, out)
	}
	t.print(a.stdout, a.coloured(a.stdout))
	return nil
}

// rows adds a row for each client, or one that says why there is none: of the MDS
// that answered first, and of the others if they were asked.
func (v volumeClients) rows(t *table, out format) {
	add := func(client, said cell, after string, attempts string) {
		row := []cell{{text: v.list.Path.String()}, client, said, {text: after}}
		if out == formatWide {
			row = append(row, cell{text: attempts})
		}
		t.add(row...)
	}
	attempts := attemptsLine(v.list.Trace)
	if v.err != nil {
		what := "cannot tell"
		if errors.Is(v.err, volume.ErrNotFound) {
			what = "not found"
		}
		add(cell{what, red}, cell{"-", dim}, took(v.took), attempts)
		return
	}
	if len(v.lists) == 0 {
		for _, client := range v.list.Clients {
			add(cell{client.String(), cyan}, cell{text: v.list.MDS.String()}, took(v.took), attempts)
		}
		return
	}
	for _, l := range v.lists {
		for _, client := range l.clients {
			add(cell{client.String(), cyan}, cell{text: l.mds.String()}, took(l.took), l.attempt)
		}
		if len(l.clients) == 0 {
			add(l.emptiness(), cell{text: l.mds.String()}, took(l.took), l.attempt)
		}
	}
}

func attemptsLine(trace mds.Trace) string {
	parts := make([]string, len(trace.Attempts))
	for i, attempt := range trace.Attempts {
		parts[i] = fmt.Sprintf("%s (%s)", attempt, took(attempt.Duration))
	}
	return strings.Join(parts, "; ")
}

// clientsDoc is the JSON and YAML of zbsctl clients, a contract: see
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

// listDoc is what one MDS says.
type listDoc struct {
	MDS          string      `json:"mds"`
	Clients      []clientDoc `json:"clients"` // null when it did not answer
	State        string      `json:"state"`   // as in zbsctl mds status
	AgentVersion string      `json:"agentVersion,omitempty"`
	Seconds      float64     `json:"seconds"`
	Error        string      `json:"error,omitempty"`
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

func (v volumeClients) doc() volumeDoc {
	doc := volumeDoc{Path: v.list.Path.String(), Seconds: v.took.Seconds(), Attempts: attemptDocs(v.list.Trace)}
	for _, l := range v.lists {
		list := listDoc{MDS: l.mds.String(), State: stateOf(l.health).text, AgentVersion: l.health.Agent.AgentVersion, Seconds: l.took.Seconds()}
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
