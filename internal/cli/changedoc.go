package cli

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// outcomes names the result of a change by its exit code.
var outcomes = map[int]string{
	exitDone: "done", exitFailed: "failed", exitInUse: "in-use", exitCannotTell: "cannot-tell",
}

// changesDoc is the JSON and YAML of every command that changes something. It is a
// contract: see docs/json-output.md.
type changesDoc struct {
	Changes []changeDoc `json:"changes"`
}

type changeDoc struct {
	Path          string      `json:"path,omitempty"`
	Host          string      `json:"host,omitempty"`
	Bdev          string      `json:"bdev,omitempty"`
	Outcome       string      `json:"outcome"`
	Existed       *bool       `json:"existed,omitempty"`
	Confirmed     *bool       `json:"confirmed,omitempty"`
	RequestedSize int64       `json:"requestedSize,omitempty"`
	Size          *int64      `json:"size,omitempty"`
	ActualSize    *int64      `json:"actualSize,omitempty"`
	Parent        string      `json:"parent,omitempty"`
	MDS           string      `json:"mds,omitempty"`
	Port          int         `json:"port,omitempty"`
	URL           string      `json:"url,omitempty"`
	SocketPath    string      `json:"socketPath,omitempty"`
	Request       *requestDoc `json:"request,omitempty"`
	Error         string      `json:"error,omitempty"`
}

type requestDoc struct {
	MDS    string          `json:"mds"`
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body"`
}

// volume fills in the volume after the change. It does nothing after an error.
func (d *changeDoc) volume(info volume.Info, err error) {
	if err != nil {
		return
	}
	d.Size, d.ActualSize, d.Parent = &info.Size, &info.ActualSize, info.Parent
}

// dryRun fills in the request that was not sent, and returns its text.
func (d *changeDoc) dryRun(r mds.Request) (string, error) {
	d.Outcome = "dry-run"
	d.Request = &requestDoc{MDS: r.MDS.String(), Method: r.Method, URL: r.URL, Body: r.Body}
	var body bytes.Buffer
	err := json.Indent(&body, r.Body, "", "  ")
	return fmt.Sprintf("%s %s\n%s", r.Method, r.URL, &body), err
}
