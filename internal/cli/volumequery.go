package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// volumeQueryCommand returns zbsctl volume query.
func volumeQueryCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "query PATH...",
		Short: "Show size and parent of volumes",
		Long: `Show how large each volume is, how much of it is allocated, and the snapshot it
is a clone of. Volumes that do not exist are reported as errors (exit code 1).`,
		Example: `  zbsctl volume query zbs://pool/volume
  zbsctl volume query zbs://pool/a zbs://pool/b -o json`,
		Args: cobra.MinimumNArgs(1),
	}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return queryVolumes(cmd.Context(), env, to, args, *out) }
	return cmd
}

// queried is the answer for one volume.
type queried struct {
	path zbs.Path
	info volume.Info
	err  error
}

func queryVolumes(ctx context.Context, env *environment, to *target, args []string, out format) error {
	paths, err := parseVolumes(args)
	if err != nil {
		return err
	}
	var answers []queried
	err = to.withCluster(func(c cluster) error {
		answers = askEach(paths, func(path zbs.Path) queried {
			info, err := c.Query(ctx, path)
			return queried{path, info, err}
		})
		return nil
	})
	if err != nil {
		return err
	}
	if err := env.show(out, queryDocOf(answers), queryTable(answers)); err != nil {
		return err
	}
	for _, answer := range answers {
		if answer.err != nil {
			env.failed(answer.err)
		}
	}
	return nil
}

// queryDoc is the JSON and YAML of zbsctl volume query. It is a contract: see
// docs/json-output.md.
type queryDoc struct {
	Volumes []infoDoc `json:"volumes"`
}

type infoDoc struct {
	Path       string `json:"path"`
	Size       *int64 `json:"size"` // null when nothing is known, as ActualSize
	ActualSize *int64 `json:"actualSize"`
	Parent     string `json:"parent,omitempty"`
	Error      string `json:"error,omitempty"`
}

func queryDocOf(answers []queried) queryDoc {
	doc := queryDoc{Volumes: make([]infoDoc, len(answers))}
	for i, q := range answers {
		doc.Volumes[i] = q.doc()
	}
	return doc
}

func (q queried) doc() infoDoc {
	if q.err != nil {
		return infoDoc{Path: q.path.String(), Error: q.err.Error()}
	}
	return infoDoc{Path: q.path.String(), Size: &q.info.Size, ActualSize: &q.info.ActualSize, Parent: q.info.Parent}
}

func queryTable(answers []queried) *term.Table {
	t := &term.Table{Header: []string{"VOLUME", "SIZE", "ALLOCATED", "PARENT"}}
	for _, q := range answers {
		switch {
		case exitCode(q.err) == exitFailed:
			t.Add(term.Text(q.path.String()), term.Red.Cell("not found"), term.OrDash(""), term.OrDash(""))
		case q.err != nil:
			t.Add(term.Text(q.path.String()), term.Red.Cell("cannot tell"), term.OrDash(""), term.OrDash(""))
		default:
			t.Add(term.Text(q.path.String()), term.Text(sizeText(q.info.Size)), term.Text(sizeText(q.info.ActualSize)), term.OrDash(q.info.Parent))
		}
	}
	return t
}
