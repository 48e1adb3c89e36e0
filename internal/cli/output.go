package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// format is the value of -o.
type format string

const (
	formatTable format = "table"
	formatWide  format = "wide"
	formatJSON  format = "json"
	formatYAML  format = "yaml"
)

var formats = []string{string(formatTable), string(formatWide), string(formatJSON), string(formatYAML)}

// String, Set and Type make format a flag.
func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "format" }
func (f *format) Set(s string) error {
	if !slices.Contains(formats, s) {
		return usagef("want one of %s", strings.Join(formats, ", "))
	}
	*f = format(s)
	return nil
}

// machine reports whether programs read the format.
func (f format) machine() bool { return f == formatJSON || f == formatYAML }

// outputFlag adds -o to the command.
func outputFlag(cmd *cobra.Command) *format {
	f := formatTable
	cmd.Flags().VarP(&f, "output", "o", "output format: "+strings.Join(formats, ", "))
	cmd.Flags().BoolFunc("json", "the same as -o json", func(string) error { return f.Set(string(formatJSON)) })
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// encode writes v as JSON, or as YAML with the same keys in the same order.
func encode(w io.Writer, f format, v any) error {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	if f == formatJSON {
		_, err := w.Write(buf.Bytes())
		return err
	}
	// JSON is YAML; in block style it is YAML for people.
	var node yaml.Node
	if err := yaml.Unmarshal(buf.Bytes(), &node); err != nil {
		return err
	}
	blockStyle(&node)
	y := yaml.NewEncoder(w)
	y.SetIndent(2)
	if err := y.Encode(&node); err != nil {
		return err
	}
	return y.Close()
}

func blockStyle(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!str" {
		n.Style = 0
	}
	for _, child := range n.Content {
		blockStyle(child)
	}
}
