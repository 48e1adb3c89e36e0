package cli

import (
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decodeYAML reads one document and refuses unknown fields. An error has the line.
func decodeYAML(r io.Reader, path string, into any) error {
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	err := d.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	message := err.Error()
	if typeErr, ok := errors.AsType[*yaml.TypeError](err); ok {
		message = typeErr.Errors[0]
	}
	return errors.New(locate(path, message))
}

var (
	yamlLine  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)`)
	yamlValue = regexp.MustCompile("`.*` ?")
	yamlKind  = regexp.MustCompile(`cannot unmarshal \S+`)
	yamlType  = regexp.MustCompile(` (?:in|into) (?:type )?\S+$`)
)

// locate turns "line 3: field x not found in type cli.y" into FILE:3: field x
// not found. It leaves out quoted values, which may be part of a password.
func locate(path, message string) string {
	message = yamlValue.ReplaceAllString(message, "")
	m := yamlLine.FindStringSubmatch(message)
	if m == nil {
		return path + ": " + strings.TrimPrefix(message, "yaml: ")
	}
	what := yamlKind.ReplaceAllString(yamlType.ReplaceAllString(m[2], ""), "the value here is of the wrong kind")
	return path + ":" + m[1] + ": " + what
}
