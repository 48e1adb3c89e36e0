package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) volumeCommand() *cobra.Command {
	return group("volume", "Look at volumes and change them", a.volumeQueryCommand(), a.volumeCreateCommand(), a.volumeExpandCommand(),
		a.volumeDeleteCommand(), a.volumeCloneCommand(), a.volumeCopyCommand(), a.volumeFlattenCommand(),
		a.volumeExportCommand(), a.volumeUnexportCommand())
}

func (a *app) volumeQueryCommand() *cobra.Command {
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
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return a.volumeQuery(cmd.Context(), args, *out) }
	return cmd
}

// queried is what came of one path.
type queried struct {
	path zbs.Path
	info volume.Info
	err  error
}

func (a *app) volumeQuery(ctx context.Context, args []string, out format) error {
	answers, err := askPaths(a, args, func(service *volume.Service, path zbs.Path) queried {
		info, err := service.Query(ctx, path)
		return queried{path, info, err}
	})
	if err != nil {
		return err
	}
	if err := a.printQueried(answers, out); err != nil {
		return err
	}
	for _, answer := range answers {
		if answer.err != nil {
			a.failed(answer.err)
		}
	}
	return nil
}

// queryDoc is the JSON and YAML of zbsctl volume query, a contract: see
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

func (q queried) doc() infoDoc {
	if q.err != nil {
		return infoDoc{Path: q.path.String(), Error: q.err.Error()}
	}
	return infoDoc{Path: q.path.String(), Size: &q.info.Size, ActualSize: &q.info.ActualSize, Parent: q.info.Parent}
}

func (a *app) printQueried(answers []queried, out format) error {
	if out.machine() {
		doc := queryDoc{Volumes: make([]infoDoc, len(answers))}
		for i, q := range answers {
			doc.Volumes[i] = q.doc()
		}
		return encode(a.stdout, out, doc)
	}
	t := table{header: []string{"VOLUME", "SIZE", "ALLOCATED", "PARENT"}}
	for _, q := range answers {
		switch {
		case exitCode(q.err) == exitFailed:
			t.add(cell{text: q.path.String()}, cell{"not found", red}, orDash(""), orDash(""))
		case q.err != nil:
			t.add(cell{text: q.path.String()}, cell{"cannot tell", red}, orDash(""), orDash(""))
		default:
			t.add(cell{text: q.path.String()}, cell{text: sizeText(q.info.Size)}, cell{text: sizeText(q.info.ActualSize)}, orDash(q.info.Parent))
		}
	}
	t.print(a.stdout, a.coloured(a.stdout))
	return nil
}
