package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

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

One MDS after the other is asked until one answers. An empty list is no proof
that nobody has the volume open: an agent that was restarted answers one too.`,
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

// volumeClients is the answer for one volume.
type volumeClients struct {
	list volume.ClientList
	took time.Duration
	err  error
}

func (a *app) clients(ctx context.Context, args []string, out format, opts []mds.CallOption) error {
	answers, err := askPaths(a, args, func(service *volume.Service, path zbs.Path) volumeClients {
		start := time.Now()
		list, err := service.Clients(ctx, path, opts...)
		return volumeClients{list: list, took: time.Since(start), err: err}
	})
	if err != nil {
		return err
	}
	if err := a.printClients(answers, out); err != nil {
		return err
	}
	for _, answer := range answers {
		if answer.err != nil {
			a.failed(answer.err)
		} else if len(answer.list.Clients) == 0 {
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

// rows adds a row for each client, or one that says why there is none.
func (v volumeClients) rows(t *table, out format) {
	said := cell{"-", dim}
	if v.err == nil {
		said = cell{text: v.list.MDS.String()}
	}
	rest := []cell{said, {text: took(v.took)}}
	if out == formatWide {
		rest = append(rest, cell{text: attemptsLine(v.list.Trace)})
	}
	clients := []cell{}
	switch {
	case v.err != nil:
		clients = append(clients, cell{"cannot tell", red})
	case len(v.list.Clients) == 0:
		clients = append(clients, cell{"none listed", yellow})
	}
	for _, client := range v.list.Clients {
		clients = append(clients, cell{client.String(), cyan})
	}
	for _, client := range clients {
		t.add(append([]cell{{text: v.list.Path.String()}, client}, rest...)...)
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
	Error    string       `json:"error,omitempty"`
}

type clientDoc struct {
	IP   string `json:"ip"`
	Port int64  `json:"port"`
}

func (v volumeClients) doc() volumeDoc {
	doc := volumeDoc{Path: v.list.Path.String(), Seconds: v.took.Seconds(), Attempts: attemptDocs(v.list.Trace)}
	if v.err != nil {
		doc.Error = v.err.Error()
		return doc
	}
	doc.MDS = v.list.MDS.String()
	doc.Clients = make([]clientDoc, len(v.list.Clients))
	for i, c := range v.list.Clients {
		doc.Clients[i] = clientDoc{c.IP, int64(c.Port)}
	}
	return doc
}
