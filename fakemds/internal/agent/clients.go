package agent

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// runClients answers the clients of the volume. An empty list has many reasons. G7e
// does not look whether the volume exists, and so passes on that it does not.
func runClients(_ context.Context, c *call) (python.Object, error) {
	fields, err := python.Decode(c.Body)
	if err != nil {
		return nil, err
	}
	none := clientList(nil)
	if !c.agent.ListsClients() {
		return none, nil // before any look at the path
	}
	path, err := python.Attr(fields, "path")
	if err != nil {
		return nil, err
	}
	t, err := parseTarget(path)
	if err != nil {
		return nil, err
	}
	if strings.Contains(t.volume, "?r=") {
		return none, nil
	}
	if c.traits.existsCheck && (t.physical == "" || t.logical == "" || t.volume == "") {
		return none, nil
	}
	c.shell(t.logical, t.volume)
	t.volume = strings.TrimSpace(t.volume) // the shell drops it
	c.target = t
	return c.lock((*call).listClients)
}

func (c *call) listClients(s *storage.State) (python.Object, error) {
	command := "GetFileInfo"
	if !c.traits.existsCheck {
		command = "ListClient" // a guess
	}
	var clients []storage.Address
	v, err := c.find(s, command)
	switch {
	case err == nil:
		clients = s.Listed(v, time.Now())
	case !c.traits.existsCheck:
		return nil, wrap(err, "failed to get volume[%s] clients", c.target.file())
	case statusCode(err) != storage.NotExists:
		return nil, wrap(err, "failed to query volume[%s] info", c.target.file())
	}
	if c.Frozen != nil {
		clients = c.Frozen[c.target.file()]
	}
	return clientList(clients), nil
}

// clientList spells ports as the storage's command line does: some as text, some
// as numbers.
func clientList(clients []storage.Address) python.Object {
	list := []python.Object{}
	for i, a := range clients {
		var port any = a.Port
		if i%2 == 0 {
			port = strconv.Itoa(a.Port)
		}
		list = append(list, python.Object{}.With("ip", a.IP).With("port", port))
	}
	return python.Object{}.With("clients", list)
}

// statusCode is the first code in an error of the storage.
func statusCode(err error) string {
	_, code, _ := strings.Cut(err.Error(), "status code: ")
	if i := strings.IndexFunc(code, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
		code = code[:i]
	}
	return code
}
